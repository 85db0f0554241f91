"""The phases that a rule names with `@`, against the phases of a network that uses it."""

from __future__ import annotations

from dync.compiler.expression import field_of, symbols
from dync.compiler.mistakes.rule_names import UnknownMoment
from dync.compiler.mistakes.rules import CancellingMoments
from dync.compiler.model import RuleDefinition
from dync.grammar.diagnostic import Diagnostic, nearest
from dync.grammar.source import Span


def check_moments(rule: RuleDefinition, train: tuple[str, ...] | None, use: Span) -> tuple[Diagnostic, ...]:
    """What is wrong with the moments of a rule that is used at `use` in a network with these phases of `train`."""
    phases = train or ()
    unknown = tuple(
        _unknown(rule, moment, place, phases, use) for moment, place in rule.moments.items() if moment not in phases
    )
    cancelling = None if unknown else _cancelling(rule, phases, use)
    return unknown if cancelling is None else (cancelling,)


def _unknown(rule: RuleDefinition, moment: str, place: Span, phases: tuple[str, ...], use: Span) -> Diagnostic:
    """The mistake stands in the user's file: at the `@`, or at the use where the rule is of another file."""
    here = place.source == use.source
    near = nearest(moment, phases)
    return UnknownMoment(place if here else use, moment, rule.name, phases, near, use if here else place, here)


def _cancelling(rule: RuleDefinition, train: tuple[str, ...], use: Span) -> Diagnostic | None:
    """A warning where a value is read at several moments which are one: the end of the last phase has two names."""
    written: dict[str, set[str | None]] = {}
    for symbol in symbols(rule.update):
        if symbol.name in {"pre", "post"} or field_of(symbol.name) is not None:
            written.setdefault(symbol.name, set()).add(symbol.moment)
    meant = {moment or train[-1] for moments in written.values() for moment in moments} if train else set()
    if len(meant) != 1 or all(len(moments) == 1 for moments in written.values()):
        return None
    (moment,) = meant
    return CancellingMoments(rule.moments[moment], rule.name, moment, use)
