"""What a training run is given, and what it would do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dync.compiler.pipeline_plan import TrainingPlan
from dync.runtime.network import Network
from dync.runtime.orchestrator import WaveOrchestrator
from dync.runtime.reporter import Reporter
from dync.runtime.run_folder import RunFolder


@dataclass(frozen=True)
class TrainingJob:
    """All that a training run is given. `start` are the weights that it starts from; None: drawn from the seed."""

    plan: TrainingPlan
    network: Network
    folder: RunFolder
    reporter: Reporter = field(default_factory=Reporter)
    start: WaveOrchestrator | None = None
    resume: bool = False


@dataclass(frozen=True)
class Rehearsal:
    """What a training run would do: the examples of each part by name, the updates of an epoch and of the whole run."""

    examples: Mapping[str, int]
    updates_per_epoch: int
    updates: int
