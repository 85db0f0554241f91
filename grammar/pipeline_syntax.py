"""The syntax tree of pipelines: what was written in their settings, and where.

Every node ends with its `span`. Sequences are tuples, in the order of the text. All of it is seen from `syntax.py` too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dync.grammar.source import Span
from dync.grammar.terms import Application, Choices, Expression, Name, Range, Reference, Text

# --- parts of settings ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Key:
    """Names joined by points: `optimizer.learning_rate`, `validation.accuracy`."""

    parts: tuple[Name, ...]
    span: Span

    @property
    def text(self) -> str:
        """The key as it is written, without white space."""
        return ".".join(part.text for part in self.parts)


@dataclass(frozen=True)
class Binding:
    """`LAYER = "array"` in a data source."""

    layer: Name
    array: Text
    span: Span


@dataclass(frozen=True)
class Data:
    """`SOURCE [{ LAYER = "array" }] then T(args) then …`."""

    source: Application
    bindings: tuple[Binding, ...]
    transforms: tuple[Application, ...]
    span: Span


@dataclass(frozen=True)
class Change:
    """`KEY = VALUE` in `with { … }`."""

    key: Key
    value: Expression | Data
    span: Span


@dataclass(frozen=True)
class Made:
    """What a pipeline of the file makes: `fit`, `tune.best`."""

    pipeline: Name
    part: Name | None
    span: Span


@dataclass(frozen=True)
class Saved:
    """`checkpoint "PATH"` or `artefact "PATH"`."""

    kind: Literal["checkpoint", "artefact"]
    path: Text
    span: Span


@dataclass(frozen=True)
class Baseline:
    """`baseline MODEL(args)`."""

    model: Application
    span: Span


@dataclass(frozen=True)
class Interval:
    """`a..b [step s]` or `SCALE(a..b [step s])`; `scale` is as written."""

    range: Range
    step: Expression | None
    scale: Name | None
    span: Span


@dataclass(frozen=True)
class Condition:
    """`when KEY == VALUE`."""

    key: Key
    value: Expression
    span: Span


# --- settings of every kind of pipeline -------------------------------------------------------------------------------


@dataclass(frozen=True)
class NumberSetting:
    """`epochs N`, `batch N`, `seeds N`, `retries N` and so on; `keyword` says which."""

    keyword: Name
    value: Expression
    span: Span


@dataclass(frozen=True)
class LimitSetting:
    """`limit WHAT N`; `what` is as written."""

    what: Name
    value: Expression
    span: Span


@dataclass(frozen=True)
class ContinueOnFailure:
    """`continue_on_failure`."""

    span: Span


# --- settings of trainings --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NetworkSetting:
    """`network NAME(args)`."""

    network: Application
    span: Span


@dataclass(frozen=True)
class DataSetting:
    """`data DATA`."""

    data: Data
    span: Span


@dataclass(frozen=True)
class OptimizerSetting:
    """`optimizer NAME(args)`."""

    optimizer: Application
    span: Span


@dataclass(frozen=True)
class EvaluateEvery:
    """`evaluate every N` (epochs)."""

    every: Expression
    span: Span


@dataclass(frozen=True)
class EvaluateOn:
    """`evaluate NAME DATA`."""

    name: Name
    data: Data
    span: Span


@dataclass(frozen=True)
class CheckpointSetting:
    """`checkpoint every N [keep K]`."""

    every: Expression
    keep: Expression | None
    span: Span


@dataclass(frozen=True)
class CheckpointBest:
    """`checkpoint best PART.MEASURE`."""

    metric: Key
    span: Span


@dataclass(frozen=True)
class BaseSetting:
    """`base PIPELINE`."""

    base: Name
    span: Span


@dataclass(frozen=True)
class WithSetting:
    """`with { KEY = VALUE, … }`."""

    changes: tuple[Change, ...]
    span: Span


@dataclass(frozen=True)
class FromSetting:
    """`from fit`, `from tune.best`, `from checkpoint "PATH"`."""

    origin: Made | Saved
    span: Span


@dataclass(frozen=True)
class StopSetting:
    """`stop after N without better PART.MEASURE`."""

    after: Expression
    metric: Key
    span: Span


@dataclass(frozen=True)
class RecordSetting:
    """`record LAYERS every N`."""

    layers: tuple[Reference, ...]
    every: Expression
    span: Span


# --- settings of sweeps -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SearchSetting:
    """`search KEY in SPACE [when KEY == VALUE]`."""

    key: Key
    space: Choices | Interval
    condition: Condition | None
    span: Span


@dataclass(frozen=True)
class StrategySetting:
    """`strategy NAME(args)`."""

    strategy: Application
    span: Span


@dataclass(frozen=True)
class ObjectiveSetting:
    """`objective maximize|minimize PART.MEASURE`; `direction` is as written."""

    direction: Name
    metric: Key
    span: Span


@dataclass(frozen=True)
class PruneSetting:
    """`prune NAME(args)`."""

    pruner: Application
    span: Span


@dataclass(frozen=True)
class CompareSetting:
    """`compare best N`."""

    count: Expression
    span: Span


@dataclass(frozen=True)
class FusedSetting:
    """`fused auto|fast|exact|off`; `mode` is as written."""

    mode: Name
    span: Span


# --- settings of comparisons and benchmarks ---------------------------------------------------------------------------


@dataclass(frozen=True)
class EntrySetting:
    """`entry NAME ORIGIN [with { KEY = VALUE, … }]`."""

    name: Name
    origin: Made | Saved | Baseline
    changes: tuple[Change, ...]
    span: Span


@dataclass(frozen=True)
class TaskSetting:
    """`task NAME DATA`."""

    name: Name
    data: Data
    span: Span


@dataclass(frozen=True)
class MeasureSetting:
    """`measure PART.MEASURE`."""

    metric: Key
    span: Span


@dataclass(frozen=True)
class ClaimSetting:
    """`claim A > B [by D] on PART.MEASURE`."""

    better: Name
    worse: Name
    margin: Expression | None
    metric: Key
    span: Span


@dataclass(frozen=True)
class AgainstSetting:
    """`against baselines`; `what` is as written."""

    what: Name
    span: Span


@dataclass(frozen=True)
class PackageSetting:
    """`package best`."""

    span: Span


TrainingItem = (
    NetworkSetting | DataSetting | OptimizerSetting | EvaluateEvery | EvaluateOn | CheckpointSetting | CheckpointBest
    | BaseSetting | WithSetting | FromSetting | StopSetting | RecordSetting
)  # fmt: skip

SweepItem = SearchSetting | StrategySetting | ObjectiveSetting | PruneSetting | CompareSetting | FusedSetting

ComparisonItem = EntrySetting | TaskSetting | MeasureSetting | ClaimSetting | AgainstSetting | PackageSetting

PipelineItem = NumberSetting | LimitSetting | ContinueOnFailure | TrainingItem | SweepItem | ComparisonItem


@dataclass(frozen=True)
class Pipeline:
    """`pipeline NAME KIND { items }`; `kind` is as written."""

    name: Name
    kind: Name
    items: tuple[PipelineItem, ...]
    span: Span
