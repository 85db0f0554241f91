"""Time in a network: layers over time, phases per sample, what is skipped and what happens between sequences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.budget import SIZE
from dync.compiler.elaboration.constant import integer
from dync.compiler.elaboration.context import Context
from dync.compiler.elaboration.elaborate_protocols import named_protocols, parts_of
from dync.compiler.elaboration.scope import Scope
from dync.compiler.model import TimeModel
from dync.grammar import syntax

Statement = TypeVar("Statement", syntax.Skip, syntax.Between)
End = syntax.Input | syntax.Output


def time_model(network: syntax.Network, scope: Scope, context: Context) -> TimeModel | None:
    """How a network meets series; None where no layer is over time."""
    ends = [item for item in network.items if isinstance(item, syntax.Input | syntax.Output)]
    layers = [item for item in ends if item.over_time is not None]
    phases = {item.name.text: item for item in network.items if isinstance(item, syntax.Phase)}
    sampled = [name for name, phase in phases.items() if _word_of(phase) is not None]
    skips = [item for item in network.items if isinstance(item, syntax.Skip)]
    betweens = [item for item in network.items if isinstance(item, syntax.Between)]
    skip, carry = _skip(_only(skips, "a `skip`", context), scope, context), _carry(betweens, context)
    if not layers:
        _check_timeless([phases[name] for name in sampled], skips, betweens, context)
        return None
    for part in _parts(network):
        _check_part(part, phases, sampled, layers, context)
    if carry:
        _check_carry(betweens[0], [item for item in ends if item.over_time is None], context)
    return TimeModel(tuple(item.name.text for item in layers), tuple(sampled), skip, carry)


def _parts(network: syntax.Network) -> Iterator[syntax.Protocol]:
    """Each `train` and `infer`, those of the protocols with a name too."""
    yield from parts_of(network, None)
    for node in named_protocols(network):
        yield from node.items


def _word_of(phase: syntax.Phase) -> syntax.Name | None:
    """The `per sample` of a phase."""
    lengths = [item for item in phase.items if isinstance(item, syntax.Steps | syntax.Settle)]
    return next((item.per_sample for item in lengths if item.per_sample is not None), None)


def _skip(item: syntax.Skip | None, scope: Scope, context: Context) -> int:
    count = 0 if item is None else integer(item.count, scope, context.mistakes, "a number of samples")
    if item is not None and count is not None and not 0 <= count <= SIZE:
        context.mistakes.add(wrong.series.BadSkip(item.count.span, count))
        return 0
    return count or 0


def _carry(items: list[syntax.Between], context: Context) -> bool:
    item = _only(items, "a `between sequences`", context)
    if item is not None and item.kind.text not in wrong.series.UnknownBetween.WORDS:
        context.mistakes.add(wrong.series.UnknownBetween(item.kind.span, item.kind.text))
    return item is not None and item.kind.text == "carry"


def _only(statements: Sequence[Statement], what: str, context: Context) -> Statement | None:
    """The one statement of its sort, where there is any."""
    for statement in statements[1:]:
        first = statements[0].span
        context.mistakes.add(wrong.dynamics.RepeatedStatement(statement.span, what, "the network", first))
    return statements[0] if statements else None


def _check_timeless(
    sampled: list[syntax.Phase], skips: list[syntax.Skip], betweens: list[syntax.Between], context: Context
) -> None:
    """What makes no sense where no layer is over time."""
    for phase in sampled:
        word = _word_of(phase)
        assert word is not None
        context.mistakes.add(wrong.series.SamplesWithoutTime(word.span, phase.name.text))
    for skip in skips[:1]:
        context.mistakes.add(wrong.series.NothingInTime(skip.span, "skip"))
    for between in betweens[:1]:
        context.mistakes.add(wrong.series.NothingInTime(between.span, "between sequences"))


def _check_part(
    part: syntax.Protocol,
    phases: dict[str, syntax.Phase],
    sampled: Sequence[str],
    layers: Sequence[End],
    context: Context,
) -> None:
    """Phases that run once stand first, some phase runs per sample, and none of these starts from one of those."""
    before: str | None = None
    for name in part.phases:
        if name.text in sampled:
            before = name.text
        elif before is not None and name.text in phases:
            declared = phases[name.text].name.span
            context.mistakes.add(wrong.series.PhaseAfterSamples(name.span, name.text, part.kind, before, declared))
    known = [name.text for name in part.phases if name.text in phases]
    if known and len(known) == len(part.phases) and before is None:
        names, word = tuple(item.name.text for item in layers), layers[0].over_time
        assert word is not None
        context.mistakes.add(wrong.series.NeverPerSample(part.span, part.kind, names, word.span))
    for text in dict.fromkeys(name for name in known if name in sampled):
        _check_origin(phases[text], phases, sampled, context)


def _check_origin(
    phase: syntax.Phase, phases: dict[str, syntax.Phase], sampled: Sequence[str], context: Context
) -> None:
    for item in phase.items:
        if isinstance(item, syntax.Beginning) and item.phase.text in phases and item.phase.text not in sampled:
            context.mistakes.add(wrong.series.FromBeforeSamples(item.span, phase.name.text, item.phase.text))


def _check_carry(statement: syntax.Between, still: Sequence[End], context: Context) -> None:
    if still:
        names = tuple(item.name.text for item in still)
        context.mistakes.add(wrong.series.CarryPastStill(statement.span, names, still[0].name.span))
