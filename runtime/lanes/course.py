"""One lane on its way: what it learns from next, what it has shown so far, and when it is at its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np
from jax import Array
from numpy.typing import NDArray

from dync.runtime.lanes.lane import Lane, Measures
from dync.runtime.learner import Learner, start_learner
from dync.runtime.network import Network
from dync.runtime.optimizers import make_optimizer
from dync.runtime.orchestrator import WaveOrchestrator
from dync.runtime.pipelines.training.decisions import evaluates, has_stopped, is_best
from dync.runtime.pipelines.training.measuring import measures
from dync.runtime.pipelines.training.preparation import Preparation
from dync.runtime.pipelines.training.records import epoch_record
from dync.runtime.pipelines.training.start import starting_orchestrator
from dync.runtime.saved_weights import saved_arrays
from dync.runtime.training_state import Position


@dataclass(frozen=True, eq=False)
class Call:
    """The batches of the next call: rows `[batches, batch]`, of which so many count."""

    rows: NDArray[np.int32]
    count: int


@dataclass(frozen=True, eq=False)
class Shown:
    """Weights and numbers at the end of an epoch, and what they measure."""

    epoch: int
    measures: Measures
    arrays: Mapping[str, NDArray[Any]]


class Course:
    """A lane in training: batches, keys, evaluations and decisions are those of a single run."""

    def __init__(self, lane: Lane, prepared: Preparation) -> None:
        self.lane = lane
        self.prepared = prepared
        self.position = Position()
        self.updates = 0
        self.seconds = 0.0
        self.key: Array = jax.random.fold_in(prepared.key, 1)
        self.best: Shown | None = None
        self._measured: tuple[int, Measures] | None = None
        self._epoch_seconds = 0.0

    def learner(self) -> Learner:
        """The learner before its first update; raises RunError where weights to start from do not fit."""
        orchestrator = starting_orchestrator(Network(self.lane.plan), self.lane.start, self.prepared.key)
        return start_learner(orchestrator, self.prepared.optimizer)

    @property
    def is_done(self) -> bool:
        """Whether all epochs are over, or it has stopped for want of anything better."""
        done = self.position.epoch >= self.prepared.batches.epochs
        return done or has_stopped(self.position.history, self.lane.pipeline.stop)

    def call(self, most: int | None = None) -> Call:
        """What it learns next, no more batches than `most`."""
        rows, count = next(self.prepared.batches.calls(self.position.epoch, self.position.batch))
        return Call(rows, count if most is None else min(count, most))

    def learned(self, count: int, steps: Sequence[int], seconds: float) -> None:
        """So many batches were learned, and took it so long."""
        self.position = self.position.at_batch(self.position.batch + count, steps)
        self.updates += count
        self.seconds += seconds
        self._epoch_seconds += seconds

    @property
    def at_end_of_epoch(self) -> bool:
        """Whether all batches of the present epoch were learned."""
        return self.position.batch >= self.prepared.batches.in_epoch(self.position.epoch)

    @property
    def is_due(self) -> bool:
        """Whether the end of the present epoch is evaluated."""
        return evaluates(self.lane.pipeline, self.position.epoch + 1, self.prepared.batches.epochs)

    @property
    def is_measured(self) -> bool:
        """Whether the end of the present epoch is measured: on the way, or as the last there is."""
        return self.is_due or self.position.epoch + 1 >= self.prepared.batches.epochs

    def measure(self, orchestrator: WaveOrchestrator) -> None:
        """Measure the end of the present epoch; may be called on any thread."""
        self._measured = self.position.epoch + 1, self._measures(orchestrator)

    def end_epoch(self) -> None:
        """Write the epoch down, which is not evaluated."""
        self._end(None)

    def end_evaluated_epoch(self, orchestrator: WaveOrchestrator) -> Measures:
        """Write the epoch down with its measures, and keep the weights where they are the best so far."""
        found = self._known(self.position.epoch + 1, orchestrator)
        self._end(found)
        metric = self.lane.pipeline.checkpoint_best
        if metric is not None and is_best(self.position.history, metric):
            self.best = Shown(self.position.epoch, found, _owned(orchestrator))
        return found

    def _end(self, found: Measures | None) -> None:
        structure = self.lane.plan.structure
        record = epoch_record(structure, self.prepared.batches, self.position, self.updates, self._epoch_seconds)
        if found is not None:
            record |= found
        self.position = self.position.after_epoch(record)
        self._epoch_seconds = 0.0

    def shown(self, orchestrator: WaveOrchestrator) -> Shown:
        """What it is judged by at its end: the best epoch where that was to be kept, else the last."""
        if self.best is not None:
            return self.best
        epoch = self.position.epoch
        return Shown(epoch, self._known(epoch, orchestrator), _owned(orchestrator))

    def _known(self, epoch: int, orchestrator: WaveOrchestrator) -> Measures:
        """The measures at the end of an epoch, taken now where they were not."""
        if self._measured is None or self._measured[0] != epoch:
            self._measured = epoch, self._measures(orchestrator)
        return self._measured[1]

    def _measures(self, orchestrator: WaveOrchestrator) -> Measures:
        return measures(self.lane.pipeline, self.prepared, orchestrator)


def prepared_for(lane: Lane, of_group: Preparation) -> Preparation:
    """The preparation of a lane from that of another of its group: the same data, its own seed and optimizer."""
    seed = lane.pipeline.seed
    return replace(
        of_group,
        key=jax.random.key(seed),
        optimizer=make_optimizer(lane.pipeline.optimizer),
        batches=replace(of_group.batches, seed=seed),
    )


def _owned(orchestrator: WaveOrchestrator) -> dict[str, NDArray[Any]]:
    """Copies of its arrays, which stay as they are when the learner goes on."""
    return {name: np.array(array) for name, array in saved_arrays(orchestrator).items()}
