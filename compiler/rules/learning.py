"""How a rule fits the edge that learns by it."""

from __future__ import annotations

from dync.compiler import mistakes as wrong
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
    found = [*_check_during(use, trains), *check_moments(rule, trains, use.span, use.during)]
    if rule.terms is None:
        found.append(NotSeparable(use.span, rule.name, synapses, rule.obstacle or rule.span))
    activation = receiver.activation
    reads_slope = any(symbol.name == "slope" for expression in rule.expressions for symbol in symbols(expression))
    if reads_slope and activation is not None and _slope(activation.definition, into) == Number(0.0):
        found.append(FlatSlope(use.span, rule.name, activation.definition.name, receiver.name, activation.span))
    return tuple(found)


def _check_during(use: RuleUse, trains: Trains) -> tuple[Diagnostic, ...]:
    """The phase during which it is applied has to stand in every `train`."""
    if use.during is None:
        return ()
    lacking = tuple((name, phases) for name, phases in trains.items() if use.during not in phases)
    if trains and not lacking:
        return ()
    return (wrong.local_learning.DuringNoPhase(use.during_span or use.span, use.during, use.definition.name, lacking),)


def _slope(activation: ActivationDefinition, into: str) -> Expression:
    """The derivative by the field into which an edge sends."""
    return activation.slopes.get(into, Number(0.0)) if into else activation.slope
