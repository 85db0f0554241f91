"""What a training run is given, and what it would do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from dync.compiler.pipeline_plan import TrainingPlan
from dync.runtime.network import Network
from dync.runtime.pipelines.training.start import Start
from dync.runtime.reporter import Reporter
from dync.runtime.run_folder import RunFolder


@dataclass(frozen=True)
class TrainingJob:
    """All that a training run is given.

    `start` is where its weights come from, see `start.py`; None: drawn from the seed. The plan's own `start` names the
    same by another pipeline or path, which whoever makes the job has looked up. Hooks that hear the events are the
    folder's. `devices` share every batch, those of all processes counted together. `ready` raises RunError where what
    later pipelines of the same command need is not there, which is better known before this one has trained.
    """

    plan: TrainingPlan
    network: Network
    folder: RunFolder
    reporter: Reporter = field(default_factory=Reporter)
    start: Start | None = None
    resume: bool = False
    devices: int = 1
    ready: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Rehearsal:
    """What a training run would do: the examples of each part by name, the updates of an epoch and of the whole run."""

    examples: Mapping[str, int]
    updates_per_epoch: int
    updates: int
