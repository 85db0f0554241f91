"""The phases that a rule names with `@`, against the phases of a network that uses it."""

from __future__ import annotations

from collections.abc import Mapping

from dync.compiler import mistakes as wrong
from dync.compiler.expression import field_of, symbols
from dync.compiler.mistakes.rule_names import UnknownMoment
from dync.compiler.mistakes.rules import CancellingMoments
from dync.compiler.model import RuleDefinition
from dync.grammar.diagnostic import Diagnostic, nearest
from dync.grammar.source import Span

Trains = Mapping[str, tuple[str, ...]]
"""The phases of each `train` of a network, by the name of its protocol."""


def check_moments(rule: RuleDefinition, trains: Trains, use: Span, during: str | None = None) -> tuple[Diagnostic, ...]:
    """What is wrong with the moments of a rule that is used at `use`, or `during` a phase, where training goes so."""
    found: list[Diagnostic] = []
    for moment, place in rule.moments.items():
        lacking = {name: phases for name, phases in trains.items() if moment not in phases}
        if lacking or not trains:
            found.append(_unknown(rule, moment, place, trains, lacking, use))
    if found or during is not None:
        return tuple(found) or not_over(rule, trains, use, during or "")
    cancelling = (_cancelling(rule, name, train, use) for name, train in trains.items())
    return tuple(warning for warning in cancelling if warning is not None)[:1]


def not_over(rule: RuleDefinition, trains: Trains, use: Span, during: str) -> tuple[Diagnostic, ...]:
    """A moment that some training reaches only while or after it applies the rule."""
    for protocol, train in trains.items():
        before = train[: train.index(during)] if during in train else train
        for moment, place in rule.moments.items():
            if moment not in before:
                return (wrong.local_learning.MomentNotOver(use, rule.name, moment, during, protocol, place),)
    return ()


def _unknown(rule: RuleDefinition, moment: str, place: Span, trains: Trains, lacking: Trains, use: Span) -> Diagnostic:
    """The mistake stands in the user's file: at the `@`, or at the use where the rule is of another file."""
    here = place.source == use.source
    near = nearest(moment, [phase for phases in trains.values() for phase in phases]) if lacking == trains else None
    return UnknownMoment(
        place if here else use, moment, rule.name, tuple(lacking.items()), near, use if here else place, here
    )


def _cancelling(rule: RuleDefinition, protocol: str, train: tuple[str, ...], use: Span) -> Diagnostic | None:
    """A warning where a value is read at several moments which are one: the end of the last phase has two names."""
    written: dict[str, set[str | None]] = {}
    for symbol in symbols(rule.update):
        kept = {"pre", "post", "pre.state", "post.state", "predicted", "slope"}
        if symbol.name in kept or field_of(symbol.name) is not None:
            written.setdefault(symbol.name, set()).add(symbol.moment)
    meant = {moment or train[-1] for moments in written.values() for moment in moments} if train else set()
    if len(meant) != 1 or all(len(moments) == 1 for moments in written.values()):
        return None
    (moment,) = meant
    return CancellingMoments(rule.moments[moment], rule.name, moment, use, protocol)
