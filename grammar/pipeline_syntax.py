"""The syntax tree of pipelines: what was written in their settings, and where.

Every node ends with its `span`. Sequences are tuples, in the order of the text. All of it is seen from `syntax.py` too.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from dync.grammar.source import Span
from dync.grammar.terms import Application, Choices, Expression, Name, Range, Reference, Text

# --- parts of settings ------------------------------------------------------------------------------------------------


class Key(Struct, frozen=True):
    """Names joined by points: `optimizer.learning_rate`, `validation.accuracy`."""

    parts: tuple[Name, ...]
    span: Span

    @property
    def text(self) -> str:
        """The key as it is written, without white space."""
        return ".".join(part.text for part in self.parts)


class Binding(Struct, frozen=True):
    """`LAYER = "array"` in a data source."""

    layer: Name
    array: Text
    span: Span


class Data(Struct, frozen=True):
    """`SOURCE [{ LAYER = "array" }] then T(args) then …`."""

    source: Application
    bindings: tuple[Binding, ...]
    transforms: tuple[Application, ...]
    span: Span


class Change(Struct, frozen=True):
    """`KEY = VALUE` in `with { … }`."""

    key: Key
    value: Expression | Data
    span: Span


class Made(Struct, frozen=True):
    """What a pipeline of the file makes: `fit`, `tune.best`."""

    pipeline: Name
    part: Name | None
    span: Span


class Saved(Struct, frozen=True):
    """`checkpoint "PATH"` or `artefact "PATH"`."""

    kind: Literal["checkpoint", "artefact"]
    path: Text
    span: Span


class Baseline(Struct, frozen=True):
    """`baseline MODEL(args)`."""

    model: Application
    span: Span


class Interval(Struct, frozen=True):
    """`a..b [step s]` or `SCALE(a..b [step s])`; `scale` is as written."""

    range: Range
    step: Expression | None
    scale: Name | None
    span: Span


class Condition(Struct, frozen=True):
    """`when KEY == VALUE`."""

    key: Key
    value: Expression
    span: Span


# --- settings of every kind of pipeline -------------------------------------------------------------------------------


class NumberSetting(Struct, frozen=True):
    """`epochs N`, `batch N`, `seeds N`, `retries N` and so on; `keyword` says which."""

    keyword: Name
    value: Expression
    span: Span


class LimitSetting(Struct, frozen=True):
    """`limit WHAT N`; `what` is as written."""

    what: Name
    value: Expression
    span: Span


class ContinueOnFailure(Struct, frozen=True):
    """`continue_on_failure`."""

    span: Span


# --- settings of trainings --------------------------------------------------------------------------------------------


class NetworkSetting(Struct, frozen=True):
    """`network NAME(args)`."""

    network: Application
    span: Span


class DataSetting(Struct, frozen=True):
    """`data DATA`."""

    data: Data
    span: Span


class OptimizerSetting(Struct, frozen=True):
    """`optimizer NAME(args)`."""

    optimizer: Application
    span: Span


class EvaluateEvery(Struct, frozen=True):
    """`evaluate every N` (epochs)."""

    every: Expression
    span: Span


class EvaluateOn(Struct, frozen=True):
    """`evaluate NAME DATA`."""

    name: Name
    data: Data
    span: Span


class CheckpointSetting(Struct, frozen=True):
    """`checkpoint every N [keep K]`."""

    every: Expression
    keep: Expression | None
    span: Span


class CheckpointBest(Struct, frozen=True):
    """`checkpoint best PART.MEASURE`."""

    metric: Key
    span: Span


class BaseSetting(Struct, frozen=True):
    """`base PIPELINE`."""

    base: Name
    span: Span


class WithSetting(Struct, frozen=True):
    """`with { KEY = VALUE, … }`."""

    changes: tuple[Change, ...]
    span: Span


class FromSetting(Struct, frozen=True):
    """`from fit`, `from tune.best`, `from checkpoint "PATH"`."""

    origin: Made | Saved
    span: Span


class StopSetting(Struct, frozen=True):
    """`stop after N without better PART.MEASURE`."""

    after: Expression
    metric: Key
    span: Span


class RecordSetting(Struct, frozen=True):
    """`record LAYERS every N`."""

    layers: tuple[Reference, ...]
    every: Expression
    span: Span


# --- settings of sweeps -----------------------------------------------------------------------------------------------


class SearchSetting(Struct, frozen=True):
    """`search KEY in SPACE [when KEY == VALUE]`."""

    key: Key
    space: Choices | Interval
    condition: Condition | None
    span: Span


class StrategySetting(Struct, frozen=True):
    """`strategy NAME(args)`."""

    strategy: Application
    span: Span


class ObjectiveSetting(Struct, frozen=True):
    """`objective maximize|minimize PART.MEASURE`; `direction` is as written."""

    direction: Name
    metric: Key
    span: Span


class PruneSetting(Struct, frozen=True):
    """`prune NAME(args)`."""

    pruner: Application
    span: Span


class CompareSetting(Struct, frozen=True):
    """`compare best N`."""

    count: Expression
    span: Span


class FusedSetting(Struct, frozen=True):
    """`fused auto|fast|exact|off`; `mode` is as written."""

    mode: Name
    span: Span


# --- settings of comparisons and benchmarks ---------------------------------------------------------------------------


class EntrySetting(Struct, frozen=True):
    """`entry NAME ORIGIN [with { KEY = VALUE, … }]`."""

    name: Name
    origin: Made | Saved | Baseline
    changes: tuple[Change, ...]
    span: Span


class TaskSetting(Struct, frozen=True):
    """`task NAME DATA`."""

    name: Name
    data: Data
    span: Span


class MeasureSetting(Struct, frozen=True):
    """`measure PART.MEASURE`."""

    metric: Key
    span: Span


class ClaimSetting(Struct, frozen=True):
    """`claim A > B [by D] on PART.MEASURE`."""

    better: Name
    worse: Name
    margin: Expression | None
    metric: Key
    span: Span


class AgainstSetting(Struct, frozen=True):
    """`against baselines`; `what` is as written."""

    what: Name
    span: Span


class PackageSetting(Struct, frozen=True):
    """`package best`."""

    span: Span


TrainingItem = (
    NetworkSetting | DataSetting | OptimizerSetting | EvaluateEvery | EvaluateOn | CheckpointSetting | CheckpointBest
    | BaseSetting | WithSetting | FromSetting | StopSetting | RecordSetting
)  # fmt: skip

SweepItem = SearchSetting | StrategySetting | ObjectiveSetting | PruneSetting | CompareSetting | FusedSetting

ComparisonItem = EntrySetting | TaskSetting | MeasureSetting | ClaimSetting | AgainstSetting | PackageSetting

PipelineItem = NumberSetting | LimitSetting | ContinueOnFailure | TrainingItem | SweepItem | ComparisonItem


class Pipeline(Struct, frozen=True):
    """`pipeline NAME KIND { items }`; `kind` is as written."""

    name: Name
    kind: Name
    items: tuple[PipelineItem, ...]
    span: Span
