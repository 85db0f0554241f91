"""The kinds of pipelines, and which settings belong to which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.collector import Collector
from dync.grammar import syntax

TRAINING: Final = ("training",)
SWEEP: Final = ("sweep",)
COMPARISON: Final = ("comparison", "benchmark")

KINDS: Final = ("training", "sweep", "comparison", "benchmark")

NUMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    "epochs": TRAINING,
    "updates": TRAINING,
    "batch": TRAINING,
    "repeat": TRAINING,
    "trials": SWEEP,
    "together": SWEEP,
    "seeds": (*SWEEP, *COMPARISON),
    "rope": COMPARISON,
    "folds": COMPARISON,
    "seed": KINDS,
    "retries": KINDS,
}
"""The kinds that each setting of a number belongs to."""


def check_kinds(pipeline: syntax.Pipeline, mistakes: Collector) -> bool:
    """Whether the kind exists; settings that belong to other kinds are reported."""
    kind = pipeline.kind
    if kind.text not in KINDS:
        mistakes.add(wrong.pipelines.UnknownPipelineKind(kind.span, kind.text, KINDS))
        return False
    for item in pipeline.items:
        belongs = kinds_of(item)
        if kind.text not in belongs:
            word = words_of(item).partition(" ")[0]
            mistakes.add(wrong.studies.SettingOfOtherKind(item.span, word, kind.text, belongs, kind.span))
    return True


def kinds_of(item: syntax.PipelineItem) -> tuple[str, ...]:
    """The kinds of pipelines that a setting belongs to."""
    match item:
        case syntax.NumberSetting(keyword=keyword):
            return NUMBERS[keyword.text]
        case syntax.LimitSetting() | syntax.ContinueOnFailure():
            return KINDS
        case syntax.BaseSetting() | syntax.WithSetting() | syntax.FromSetting():
            return (*TRAINING, *SWEEP)
        case (
            syntax.SearchSetting() | syntax.StrategySetting() | syntax.ObjectiveSetting() | syntax.PruneSetting()
            | syntax.CompareSetting() | syntax.FusedSetting()
        ):  # fmt: skip
            return SWEEP
        case syntax.EntrySetting() | syntax.TaskSetting() | syntax.MeasureSetting() | syntax.ClaimSetting():
            return COMPARISON
        case syntax.AgainstSetting() | syntax.PackageSetting():
            return ("benchmark",)
        case _:
            return TRAINING


WORDS: Final[Mapping[type[syntax.PipelineItem], str]] = {
    syntax.NetworkSetting: "network",
    syntax.DataSetting: "data",
    syntax.OptimizerSetting: "optimizer",
    syntax.EvaluateEvery: "evaluate every",
    syntax.CheckpointSetting: "checkpoint every",
    syntax.CheckpointBest: "checkpoint best",
    syntax.BaseSetting: "base",
    syntax.WithSetting: "with",
    syntax.FromSetting: "from",
    syntax.StopSetting: "stop",
    syntax.RecordSetting: "record",
    syntax.SearchSetting: "search",
    syntax.StrategySetting: "strategy",
    syntax.ObjectiveSetting: "objective",
    syntax.PruneSetting: "prune",
    syntax.CompareSetting: "compare best",
    syntax.FusedSetting: "fused",
    syntax.EntrySetting: "entry",
    syntax.TaskSetting: "task",
    syntax.MeasureSetting: "measure",
    syntax.ClaimSetting: "claim",
    syntax.AgainstSetting: "against",
    syntax.PackageSetting: "package",
    syntax.ContinueOnFailure: "continue_on_failure",
}
"""The words that a setting begins with, and that tell it from others."""


def words_of(item: syntax.PipelineItem) -> str:
    """The words that a setting begins with, and that tell it from others of one pipeline."""
    match item:
        case syntax.NumberSetting(keyword=keyword):
            return keyword.text
        case syntax.LimitSetting(what=what):
            return f"limit {what.text}"
        case syntax.EvaluateOn(name=name):
            return f"evaluate {name.text}"
        case _:
            return WORDS[type(item)]


def replaces(words: str) -> frozenset[str]:
    """The settings that a new one with these words takes the place of."""
    return LENGTHS if words in LENGTHS else frozenset({words})


LENGTHS: Final = frozenset({"epochs", "updates"})
