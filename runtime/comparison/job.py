"""What a comparison is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from dync.compiler.pipeline_plan import ComparisonPlan, DataPlan, Origin, TrainingPlan
from dync.compiler.plan import Plan
from dync.runtime.error import RunError
from dync.runtime.lanes.executor import Executor, InProcess
from dync.runtime.pipelines.clock import StageClock
from dync.runtime.reporter import Reporter
from dync.runtime.run_folder import RunFolder

Arrays = Mapping[str, NDArray[Any]]

Bind = Callable[[str, Mapping[str, str], DataPlan | None], tuple[TrainingPlan, Plan]]
"""A training of the file by name (of a sweep: the training that it is based on) with changed settings, and the plan of
its network. With the data of a task in place of its own, from which `(*)` shapes are taken. Raises RunError."""

Best = Callable[[str], Mapping[str, str]]
"""The best settings that a sweep of the file found, by key, as the language writes them. Raises RunError."""

Start = Callable[[Origin], Arrays]
"""The arrays that a training starts from, as `saved_arrays` names them. Raises RunError."""


def _no_best(sweep: str) -> Mapping[str, str]:
    raise RunError(f"the sweep {sweep} has not run: run all pipelines of the file, or that one first")


def _no_start(origin: Origin) -> Arrays:
    raise RunError(f"the weights to start from are not there ({origin}): run the pipeline that makes them first")


@dataclass(frozen=True)
class ComparisonJob:
    """All that a comparison is given. See `Bind`, `Best` and `Start` for what the front door answers.

    With `keep_models` the weights of every trained network stay in `models/`. `clock` counts the seconds of the
    stages, which the executor then may end too.
    """

    plan: ComparisonPlan
    folder: RunFolder
    bind: Bind
    executor: Executor = field(default_factory=InProcess)
    best: Best = _no_best
    start: Start = _no_start
    reporter: Reporter = field(default_factory=Reporter)
    resume: bool = False
    keep_models: bool = False
    clock: StageClock | None = None
