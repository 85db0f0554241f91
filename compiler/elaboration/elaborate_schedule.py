"""The schedule of a network: which layers move together, and in which order."""

from __future__ import annotations

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.collector import Collector
from dync.compiler.elaboration.elaborate_groups import Groups
from dync.compiler.elaboration.layer_table import LayerTable
from dync.compiler.model import ScheduleModel
from dync.compiler.plan import ScheduleKind
from dync.grammar import syntax

KINDS: tuple[ScheduleKind, ...] = ("sequential", "synchronous", "grouped")


def schedule_model(
    schedule: syntax.Schedule | None, groups: Groups, table: LayerTable, mistakes: Collector
) -> ScheduleModel:
    """The schedule, `sequential` where there is none."""
    if schedule is None:
        return ScheduleModel("sequential", (), None)
    word = schedule.kind
    kind = next((k for k in KINDS if k == word.text), None)
    if kind is None:
        mistakes.add(wrong.names.UnknownSchedule(word.span, word.text, KINDS))
        return ScheduleModel("sequential", (), schedule.span)
    if kind != "grouped":
        if schedule.groups:
            mistakes.add(wrong.dynamics.SuperfluousGroups(schedule.span, kind))
        return ScheduleModel(kind, (), schedule.span)
    if not schedule.groups:
        mistakes.add(wrong.dynamics.GroupsMissing(schedule.span))
    names = _known(schedule, groups, mistakes)
    if len(names) == len(schedule.groups) and names:
        _check_cover(schedule, names, groups, table, mistakes)
    return ScheduleModel(kind, names, schedule.span)


def _known(schedule: syntax.Schedule, groups: Groups, mistakes: Collector) -> tuple[str, ...]:
    names: list[str] = []
    for name in schedule.groups:
        if name.text not in groups.names:
            mistakes.add(wrong.names.UnknownGroup(name.span, name.text, tuple(groups.names)))
        elif name.text in names:
            mistakes.add(wrong.dynamics.RepeatedGroup(name.span, name.text))
        else:
            names.append(name.text)
    return tuple(names)


def _check_cover(
    schedule: syntax.Schedule, names: tuple[str, ...], groups: Groups, table: LayerTable, mistakes: Collector
) -> None:
    """Every hidden layer stands in exactly one group, and no other layer in two."""
    place: dict[str, str] = {}
    for group in names:
        for layer, span in groups.places(group).items():
            first = place.setdefault(layer, group)
            if first != group:
                first_span = groups.places(first)[layer]
                mistakes.add(wrong.dynamics.InTwoGroups(span, layer, first, group, first_span))
    missing = [layer for layer in table.layers if layer.role == "layer" and layer.name not in place]
    if missing:
        spans = tuple(table.entry(layer).name.span for layer in missing)
        mistakes.add(wrong.dynamics.InNoGroup(schedule.span, tuple(layer.name for layer in missing), spans))
