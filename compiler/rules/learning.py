"""How a rule fits the edge that learns by it."""

from __future__ import annotations

from dync.compiler.expression import Expression, Number, symbols
from dync.compiler.mistakes.rules import FlatSlope, NotSeparable
from dync.compiler.model import ActivationDefinition, LayerModel, RuleUse
from dync.compiler.rules.moments import Trains, check_moments
from dync.grammar.diagnostic import Diagnostic


def check_learning(
    use: RuleUse, receiver: LayerModel, synapses: int, trains: Trains, into: str = ""
) -> tuple[Diagnostic, ...]:
    """What is wrong, or smells, where an edge of so many synapses into a field of the receiver learns by a rule."""
    rule = use.definition
    found = list(check_moments(rule, trains, use.span))
    if rule.terms is None:
        found.append(NotSeparable(use.span, rule.name, synapses, rule.obstacle or rule.span))
    activation = receiver.activation
    reads_slope = any(symbol.name == "slope" for symbol in symbols(rule.update))
    if reads_slope and activation is not None and _slope(activation.definition, into) == Number(0.0):
        found.append(FlatSlope(use.span, rule.name, activation.definition.name, receiver.name, activation.span))
    return tuple(found)


def _slope(activation: ActivationDefinition, into: str) -> Expression:
    """The derivative by the field into which an edge sends."""
    return activation.slopes.get(into, Number(0.0)) if into else activation.slope
