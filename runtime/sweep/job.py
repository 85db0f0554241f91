"""What a sweep is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from dync.compiler.pipeline_plan import Origin, SweepPlan, TrainingPlan
from dync.compiler.plan import Plan
from dync.runtime.error import RunError
from dync.runtime.lanes.executor import Executor
from dync.runtime.lanes.remembered import Forgetful, Memory
from dync.runtime.pipelines.clock import StageClock
from dync.runtime.reporter import Reporter
from dync.runtime.run_folder import RunFolder

Bind = Callable[[Mapping[str, str]], tuple[TrainingPlan, Plan]]
"""The training that the sweep is about with changed settings, by dotted key as the language writes them, and the plan
of its network. Raises RunError for settings that are impossible together."""

Start = Callable[[Origin], Mapping[str, NDArray[Any]]]
"""The arrays that a training starts from, as `saved_arrays` names them. Raises RunError."""


def _no_start(origin: Origin) -> Mapping[str, NDArray[Any]]:
    raise RunError(f"the weights to start from are not there ({origin}): run the pipeline that makes them first")


@dataclass(frozen=True)
class SweepJob:
    """All that a sweep is given.

    `executor` trains the lanes (None: this process does); the modes that `fused auto` chose are logged, and those of a
    run that is resumed are put back; `memory` keeps them from run to run. `clock` counts the seconds of the stages,
    which the executor then may end too.
    """

    plan: SweepPlan
    bind: Bind
    folder: RunFolder
    reporter: Reporter = field(default_factory=Reporter)
    resume: bool = False
    executor: Executor | None = None
    clock: StageClock | None = None
    start: Start = _no_start
    memory: Memory = field(default_factory=Forgetful)
