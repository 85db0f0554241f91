"""Pipelines as the runtime reads them: plain data with everything resolved, beside the plans of their networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias, Union

from msgspec import Struct, field

from dync.compiler.plan_field import Added


class CallPlan(Struct, frozen=True):
    """A thing by name with arguments: a data source, a transform, an optimizer, a strategy, a baseline."""

    name: str
    positional: tuple[Value, ...]
    named: dict[str, Value]


Value: TypeAlias = Union[bool, int, float, str, CallPlan, None]  # noqa: UP007
"""An argument: a number, a text or bare word (`unit`, `none`, `true`), or a call."""


class DataPlan(Struct, frozen=True):
    """A source, the arrays that its layers take by name (`{"x": "images"}`, empty: chosen for you), and transforms."""

    source: CallPlan
    bindings: dict[str, str]
    transforms: tuple[CallPlan, ...]


class Metric(Struct, frozen=True):
    """A measure on a part of the data: `validation.accuracy` (part `validation`, measure `accuracy`).

    `minimize`: the network declares it as one of which less is better.
    """

    part: str
    measure: str
    minimize: Added[bool] = False

    @property
    def larger_is_better(self) -> bool:
        """Whether more of it is better: not of `mse` and `nrmse`, nor of what is declared so."""
        return not self.minimize and self.measure.rpartition(".")[2] not in ("mse", "nrmse")


class Limits(Struct, frozen=True):
    """What a run may use, and how it meets failure. None: no limit.

    `parallel_jobs` processes at once, `gpu_memory_fraction` and `threads` of each of them, `stage_seconds` of wall
    clock a stage. `retries` are further attempts at a stage or a unit of work that failed; with `continue_on_failure`
    what can be done without a failed part is done.
    """

    parallel_jobs: int | None = None
    gpu_memory_fraction: float | None = None
    threads: int | None = None
    stage_seconds: float | None = None
    retries: int = 0
    continue_on_failure: bool = False


class FinalOf(Struct, frozen=True):
    """What another pipeline of the file made: the final checkpoint of a training (`fit`), the best of a sweep
    (`tune.best`)."""

    pipeline: str
    kind: Literal["final", "best"]


class SavedIn(Struct, frozen=True):
    """A run's folder, a checkpoint or an artefact on disk: `checkpoint "runs/fit/final"`."""

    path: str
    kind: Literal["saved"] = "saved"


Origin = FinalOf | SavedIn
"""Where weights come from."""


class StopPlan(Struct, frozen=True):
    """`stop after N without better PART.MEASURE`: N evaluations in a row."""

    after: int
    metric: Metric


class RecordPlan(Struct, frozen=True):
    """`record LAYERS every N`: the states of these layers at the end of the training protocol, every N updates."""

    layers: tuple[str, ...]
    every: int


class TrainingPlan(Struct, frozen=True):
    """A `training` pipeline. Exactly one of `epochs` and `updates` is set; 0 only evaluates.

    `network` names the network; its parameters are bound in the plan that goes with this. `evaluate_every` counts
    epochs (0: only at the end), `checkpoint_every` epochs (0: only the final one), `keep` is how many checkpoints stay.
    `base` is the folder that relative paths in data sources start from. `start` is where the weights come from (None:
    they are drawn), `checkpoint_best` the metric whose best checkpoint is kept and evaluated in the end, `repeat` how
    often every evaluation is repeated with fresh draws, its measures then being means.
    """

    name: str
    network: str
    data: DataPlan
    epochs: int | None
    updates: int | None
    batch: int
    optimizer: CallPlan
    seed: int
    evaluate_every: int
    evaluate_on: dict[str, DataPlan]
    checkpoint_every: int
    keep: int
    base: str
    start: Origin | None = None
    stop: StopPlan | None = None
    checkpoint_best: Metric | None = None
    record: RecordPlan | None = None
    repeat: int = 1
    limits: Limits = field(default_factory=Limits)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics that decide something while it trains."""
        found = (self.checkpoint_best, None if self.stop is None else self.stop.metric)
        return tuple(metric for metric in found if metric is not None)


class Choices(Struct, frozen=True):
    """`in { a, b, c }`: any of these, as the language writes them (`100`, `unit`, `cosine_decay_schedule(0.1, 50)`)."""

    values: tuple[str, ...]
    kind: Literal["choices"] = "choices"


class Interval(Struct, frozen=True):
    """`in a..b`, `in log(a..b)`, `in a..b step s`: both ends included. `integer` where both ends and the step are."""

    low: float
    high: float
    log: bool
    step: float | None
    integer: bool
    kind: Literal["interval"] = "interval"


class Condition(Struct, frozen=True):
    """`when KEY == VALUE`: searched only where another searched key has this value, as the language writes it."""

    key: str
    value: str


class SearchPlan(Struct, frozen=True):
    """`search KEY in SPACE [when KEY == VALUE]`."""

    key: str
    space: Choices | Interval
    condition: Condition | None = None


class SweepPlan(Struct, frozen=True):
    """A `sweep` pipeline: trials of the training `base` with the settings `changes` and those that are searched.

    `strategy` proposes (`grid`, `random`, `tpe`, `cma`, …), `trials` at most (None: all of a grid), each trained with
    `seeds` seeds, its value the mean of the metric over them. `together` trials are proposed at once, from the results
    of those before them, so that what is proposed does not depend on how many run in parallel. Without an `objective`
    the sweep is a map. `prune` stops trials early, `compare_best` of the best are trained again with fresh seeds.
    `start` is where every trial's weights come from (None: they are drawn); it stands in `changes` as well, under
    `from`, so that the training with these changes has it. `fused`: trials alike run as one program (`fast`: vmap,
    `exact`: bit-equal to single runs), one after another (`off`), or as measured (`auto`).
    """

    name: str
    base: str
    changes: dict[str, str]
    search: tuple[SearchPlan, ...]
    strategy: CallPlan
    trials: int | None
    seeds: int
    seed: int
    together: int
    objective: Metric | None
    direction: Literal["maximize", "minimize"]
    prune: CallPlan | None
    compare_best: int
    fused: Literal["auto", "fast", "exact", "off"]
    start: Origin | None = None
    limits: Limits = field(default_factory=Limits)


class TrainedEntry(Struct, frozen=True):
    """`entry NAME PIPELINE [with { … }]`: a training of the file with changes, trained with every seed on every task.

    `start` is where the weights of that training come from.
    """

    pipeline: str
    changes: dict[str, str]
    start: Origin | None = None
    kind: Literal["trained"] = "trained"


class BestEntry(Struct, frozen=True):
    """`entry NAME SWEEP.best`: the training with the best settings that a sweep found, trained anew with every seed."""

    sweep: str
    changes: dict[str, str]
    kind: Literal["best"] = "best"


class SavedEntry(Struct, frozen=True):
    """`entry NAME checkpoint "PATH"` or `artefact "PATH"`: weights as they are, only evaluated."""

    path: str
    kind: Literal["saved"] = "saved"


class BaselineEntry(Struct, frozen=True):
    """`entry NAME baseline mlp(hidden = 300)`: a model of another kind, trained on the same data."""

    model: CallPlan
    kind: Literal["baseline"] = "baseline"


Entry = TrainedEntry | BestEntry | SavedEntry | BaselineEntry


class ClaimPlan(Struct, frozen=True):
    """`claim A > B [by D] on PART.MEASURE`: that A is better than B, by at least D, said before the run."""

    better: str
    worse: str
    metric: Metric
    margin: float = 0.0


class ComparisonPlan(Struct, frozen=True):
    """A `comparison` pipeline: entries on tasks, every seed shared, so that entries are paired.

    `tasks` by name; empty: each entry's own data. `metric` is what the statistics are about. `rope` is the difference
    that is practically none. `folds` above 1: each seed stands for a fold of a cross-validation in turn. `base` is the
    folder that relative paths start from.
    """

    name: str
    entries: dict[str, Entry]
    tasks: dict[str, DataPlan]
    seeds: int
    seed: int
    metric: Metric
    rope: float
    claims: tuple[ClaimPlan, ...]
    folds: int
    base: str
    limits: Limits = field(default_factory=Limits)


class BenchmarkPlan(Struct, frozen=True):
    """A `benchmark` pipeline: a comparison that also ranks, adds baselines (`against baselines`) and packages the best.

    `baselines` are the entries that `against` adds, by name.
    """

    comparison: ComparisonPlan
    baselines: dict[str, BaselineEntry]
    package_best: bool

    @property
    def name(self) -> str:
        """The pipeline's name."""
        return self.comparison.name


PipelinePlan = TrainingPlan | SweepPlan | ComparisonPlan | BenchmarkPlan


def built_on(plan: PipelinePlan, others: Mapping[str, PipelinePlan]) -> tuple[str, ...]:
    """The pipelines of the same file that must have run before this one, by name; `others` are all of the file."""
    match plan:
        case TrainingPlan() | SweepPlan():
            return _pipeline_of(plan.start)
        case ComparisonPlan():
            found = [_built_on_entry(entry) for entry in plan.entries.values()]
            return tuple(dict.fromkeys(name for names in found for name in names))
        case BenchmarkPlan():
            return built_on(plan.comparison, others)


def _built_on_entry(entry: Entry) -> tuple[str, ...]:
    match entry:
        case TrainedEntry():
            return _pipeline_of(entry.start)
        case BestEntry():
            return (entry.sweep,)
        case SavedEntry() | BaselineEntry():
            return ()


def _pipeline_of(start: Origin | None) -> tuple[str, ...]:
    return (start.pipeline,) if isinstance(start, FinalOf) else ()
