"""How each setting of a pipeline is written: as the parts that may begin a line, should it be too long for one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from dync.grammar import syntax as s
from dync.grammar.spelling import application, application_pieces, choices, expression, interval, references


def setting(node: s.PipelineItem) -> list[str]:
    """The parts of a setting: joined by spaces they make it."""
    match node:
        case s.DataSetting(source):
            return _after("data", data_pieces(source))
        case s.EvaluateOn(name, source):
            return _after(f"evaluate {name.text}", data_pieces(source))
        case s.TaskSetting(name, source):
            return _after(f"task {name.text}", data_pieces(source))
        case s.WithSetting(changes):
            return _changes(changes)
        case s.EntrySetting(name, made, changes):
            return [f"entry {name.text} {origin(made)}", *_changes(changes)]
        case s.SearchSetting(key, space, condition):
            when = [f"when {condition.key.text} == {expression(condition.value)}"] if condition else []
            return [f"search {key.text} in {_space(space)}", *when]
        case (
            s.NetworkSetting() | s.OptimizerSetting() | s.EvaluateEvery() | s.CheckpointSetting() | s.CheckpointBest()
            | s.BaseSetting() | s.FromSetting() | s.StopSetting() | s.RecordSetting() | s.NumberSetting()
        ):  # fmt: skip
            return [_of_training(node)]
        case _:
            return [_other(node)]


def value(node: s.Expression | s.Data) -> str:
    """What a key of `with` is set to."""
    return " ".join(data_pieces(node)) if isinstance(node, s.Data) else expression(node)


def data_pieces(node: s.Data) -> list[str]:
    """The parts of a data source with its bindings and transforms."""
    bindings = ", ".join(f"{binding.layer.text} = {binding.array.span.text}" for binding in node.bindings)
    transforms = [f"then {application(transform)}" for transform in node.transforms]
    return [*application_pieces(node.source), *([f"{{ {bindings} }}"] if bindings else []), *transforms]


Training = (
    s.NetworkSetting | s.OptimizerSetting | s.EvaluateEvery | s.CheckpointSetting | s.CheckpointBest | s.BaseSetting
    | s.FromSetting | s.StopSetting | s.RecordSetting | s.NumberSetting
)  # fmt: skip

Other = (
    s.LimitSetting | s.ContinueOnFailure | s.StrategySetting | s.ObjectiveSetting | s.PruneSetting
    | s.CompareSetting | s.FusedSetting | s.MeasureSetting | s.ClaimSetting | s.AgainstSetting | s.PackageSetting
)  # fmt: skip


def _of_training(node: Training) -> str:
    match node:
        case s.NumberSetting(keyword, number):
            return f"{keyword.text} {expression(number)}"
        case s.NetworkSetting(network):
            return f"network {application(network)}"
        case s.OptimizerSetting(optimizer):
            return f"optimizer {application(optimizer)}"
        case s.EvaluateEvery(every):
            return f"evaluate every {expression(every)}"
        case s.CheckpointSetting(every, keep):
            return f"checkpoint every {expression(every)}" + (f" keep {expression(keep)}" if keep is not None else "")
        case s.CheckpointBest(metric):
            return f"checkpoint best {metric.text}"
        case s.BaseSetting(base):
            return f"base {base.text}"
        case s.FromSetting(made):
            return f"from {origin(made)}"
        case s.StopSetting(after, metric):
            return f"stop after {expression(after)} without better {metric.text}"
        case s.RecordSetting(layers, every):
            return f"record {references(layers)} every {expression(every)}"
        case _:
            assert_never(node)


def _other(node: Other) -> str:
    match node:
        case s.LimitSetting(what, number):
            return f"limit {what.text} {expression(number)}"
        case s.ContinueOnFailure():
            return "continue_on_failure"
        case s.StrategySetting(strategy):
            return f"strategy {application(strategy)}"
        case s.ObjectiveSetting(direction, metric):
            return f"objective {direction.text} {metric.text}"
        case s.PruneSetting(pruner):
            return f"prune {application(pruner)}"
        case s.CompareSetting(count):
            return f"compare best {expression(count)}"
        case s.FusedSetting(mode):
            return f"fused {mode.text}"
        case s.MeasureSetting(metric):
            return f"measure {metric.text}"
        case s.ClaimSetting(better, worse, margin, metric):
            by = f" by {expression(margin)}" if margin is not None else ""
            return f"claim {better.text} > {worse.text}{by} on {metric.text}"
        case s.AgainstSetting(what):
            return f"against {what.text}"
        case s.PackageSetting():
            return "package best"
        case _:
            assert_never(node)


def origin(node: s.Made | s.Saved | s.Baseline) -> str:
    """Where an entry or the weights of a training come from."""
    match node:
        case s.Made(pipeline, part):
            return pipeline.text if part is None else f"{pipeline.text}.{part.text}"
        case s.Saved(kind, path):
            return f"{kind} {path.span.text}"
        case s.Baseline(model):
            return f"baseline {application(model)}"


def _space(node: s.Choices | s.Interval) -> str:
    if isinstance(node, s.Choices):
        return choices(node)
    step = f" step {expression(node.step)}" if node.step is not None else ""
    inside = f"{interval(node.range)}{step}"
    return f"{node.scale.text}({inside})" if node.scale else inside


def _changes(changes: Sequence[s.Change]) -> list[str]:
    """`with { a = 1, b = 2 }`, where a line may break before each key but the first."""
    if not changes:
        return []
    *others, last = (f"{change.key.text} = {value(change.value)}" for change in changes)
    words = [*(f"{change}," for change in others), f"{last} }}"]
    return [f"with {{ {words[0]}", *words[1:]]


def _after(words: str, parts: list[str]) -> list[str]:
    return [f"{words} {parts[0]}", *parts[1:]]
