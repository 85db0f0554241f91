"""What is said of a property that does not hold: its mistakes as data, like those of a file."""

from __future__ import annotations

from typing import assert_never

from dync.compiler.mistakes.properties import CannotAsk, DrawnNetworkBroken, RequirementFails, TooMuchWork
from dync.compiler.properties.draws import written
from dync.compiler.properties.outcome import Fails, NoAnswer, NoNetwork
from dync.grammar.diagnostic import Diagnostic
from dync.properties.search import Counterexample, Verdict


def diagnostics_of(verdict: Verdict) -> tuple[Diagnostic, ...]:
    """The failure at the smallest values, and what is wrong with the network there; nothing where it holds."""
    if verdict.counterexample is not None:
        return _failure(verdict, verdict.counterexample)
    if verdict.tried == 0 and verdict.given_up_at is not None:
        return (TooMuchWork(verdict.prop.span, written(verdict.given_up_at)),)
    return ()


def _failure(verdict: Verdict, found: Counterexample) -> tuple[Diagnostic, ...]:
    prop, failure = verdict.prop, found.failure
    match failure:
        case Fails(requirement, model, variables, shown, because):
            others = {name: value for name, value in model.parameters.items() if name not in found.values}
            defaults = (f"`{model.name}` has its defaults otherwise: {written(others, '')}",) if others else ()
            where = written({**found.values, **variables})
            return (RequirementFails(requirement.condition.span, where, shown, (*because, *defaults)),)
        case NoNetwork(mistakes):
            broken = DrawnNetworkBroken(prop.span, prop.network.name.text, written(found.values))
            return (broken, *mistakes)
        case NoAnswer(_, mistakes):
            return (CannotAsk(prop.span, written(found.values)), *mistakes)
        case _:
            assert_never(failure)
