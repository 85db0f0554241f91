"""Trying a property at given values of its parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from dync.compiler.elaboration.collector import Collector
from dync.compiler.elaboration.constant import integer
from dync.compiler.elaboration.elaborate import elaborate
from dync.compiler.elaboration.scope import Amount, Scope
from dync.compiler.library import Library
from dync.compiler.model import NetworkModel
from dync.compiler.properties.answer import Dynamics
from dync.compiler.properties.evaluate import Asked, RequirementEvaluator, asked
from dync.compiler.properties.model import PropertyModel
from dync.compiler.properties.outcome import Fails, Holds, NoAnswer, NoNetwork, Outcome
from dync.compiler.properties.shown import shown
from dync.compiler.properties.work import ITEM, OutOfWorkError, Work
from dync.grammar import syntax
from dync.grammar.diagnostic import Diagnostic, DiagnosticError, has_errors

LOOKED_AT: Final = 100_000
"""The work that a check does on one property at one network."""


class Means(Struct, frozen=True):
    """What trying needs: rules and activations, work that is left, and for some properties what runs networks."""

    library: Library
    work: Work
    dynamics: Dynamics | None = None


def try_property(prop: PropertyModel, values: Mapping[str, Amount], means: Means) -> Outcome:
    """What a property comes to at these values of its parameters; the others keep their defaults.

    Raises OutOfWorkError where the work is used up.
    """
    model, found = elaborate(prop.network, means.library, values)
    means.work.take(ITEM * (1 if model is None else 1 + len(model.layers) + len(model.edges)))
    if model is None:
        return NoNetwork(tuple(mistake for mistake in found if mistake.severity == "error"))
    mistakes = Collector()
    network = asked(model, mistakes, means.work, means.dynamics)
    try:
        for requirement, scope in _requirements(prop.items, _scope(model), mistakes, means.work):
            failure = _required(requirement, scope, network, mistakes)
            if failure is not None:
                return failure
    except DiagnosticError as error:
        return NoAnswer(model, error.diagnostics)
    return NoAnswer(model, mistakes.diagnostics) if mistakes.has_errors else Holds()


def names_of(prop: PropertyModel, model: NetworkModel) -> tuple[Diagnostic, ...]:
    """What is wrong with the indices and numbers of a property on a network; nothing is asked of its graph."""
    mistakes = Collector()
    network = asked(model, mistakes, None, None)
    try:
        for requirement, scope in _requirements(prop.items, _scope(model), mistakes, Work(LOOKED_AT)):
            RequirementEvaluator(scope, mistakes, network).value(requirement.condition)
    except OutOfWorkError:
        pass  # the rest is looked at when it is tried
    return mistakes.diagnostics


def _required(requirement: syntax.Require, scope: Scope, network: Asked, mistakes: Collector) -> Outcome | None:
    """What is wrong with a requirement, if anything is."""
    evaluator = RequirementEvaluator(scope, mistakes, network)
    holds = evaluator.value(requirement.condition)
    if has_errors(mistakes.diagnostics):
        return NoAnswer(network.model, mistakes.diagnostics)
    if holds:
        return None
    because = dict.fromkeys(answer.because for answer in evaluator.answers.values() if answer and answer.because)
    text = shown(requirement.condition, evaluator)
    return Fails(requirement, network.model, _variables(scope), text, tuple(because))


def _scope(model: NetworkModel) -> Scope:
    scope = Scope()
    for name, value in model.parameters.items():
        scope.declare(name, int(value) if value.is_integer() else value, model.span)
    return scope


def _variables(scope: Scope) -> dict[str, float]:
    """The variables of the `for`s, the outermost first."""
    if scope.outer is None:
        return {}
    return _variables(scope.outer) | {name: b.value for name, b in scope.own.items() if b.value is not None}


def _requirements(
    items: Sequence[syntax.PropertyItem], scope: Scope, mistakes: Collector, work: Work
) -> Iterator[tuple[syntax.Require, Scope]]:
    """Every requirement as often as the `for`s around it say, with the numbers that it reads."""
    for item in items:
        work.take(ITEM)
        match item:
            case syntax.Require():
                yield item, scope
            case syntax.ForEach(variable, numbers, body):
                low = integer(numbers.low, scope, mistakes, "an end of the range")
                high = integer(numbers.high, scope, mistakes, "an end of the range")
                if low is None or high is None:
                    continue
                for value in range(low, high + 1):
                    work.take(ITEM)
                    yield from _requirements(body, scope.within(variable.text, value, variable.span), mistakes, work)
