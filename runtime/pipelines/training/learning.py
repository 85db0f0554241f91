"""The stage that trains: epochs of calls, with what happens between them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from dync.runtime.devices import learning_program_on
from dync.runtime.error import RunError
from dync.runtime.learner import Feed, Learner
from dync.runtime.pipelines.clock import StageClock, StageTimeoutError
from dync.runtime.pipelines.training.decisions import evaluates, has_stopped, is_best, value_of
from dync.runtime.pipelines.training.divergence import diverged
from dync.runtime.pipelines.training.job import TrainingJob
from dync.runtime.pipelines.training.measuring import measures
from dync.runtime.pipelines.training.meter import Meter
from dync.runtime.pipelines.training.preparation import Preparation
from dync.runtime.pipelines.training.recording import Recording
from dync.runtime.pipelines.training.records import epoch_record
from dync.runtime.pipelines.training.saving import Saver, latest
from dync.runtime.pipelines.training.shown import headline
from dync.runtime.records import FOLDER, Recorder
from dync.runtime.samples import flat_arrays
from dync.runtime.training_state import Position


class Learning:
    """One training from where it stands to its end: `learner` and `position` are where it stands."""

    def __init__(
        self, job: TrainingJob, prepared: Preparation, clock: StageClock, learner: Learner, position: Position
    ) -> None:
        self.job, self.prepared, self.clock = job, prepared, clock
        self.learner, self.position = learner, position
        self.saver = Saver(job)
        self.meter = Meter(prepared.batches.total, int(learner.count), prepared.batches.per_epoch)
        self.recording = self._recording()
        self._program = learning_program_on(prepared.devices, prepared.optimizer)
        self._key = jax.random.fold_in(prepared.key, 1)
        train = flat_arrays(job.network.plan.structure, prepared.dataset.parts["train"].arrays)
        self._arrays = {name: jnp.asarray(array) for name, array in train.items()}
        self._safe: tuple[Learner, Position] | None = None

    @property
    def is_done(self) -> bool:
        """Whether all epochs are done, or the training has stopped for want of anything better."""
        done = self.position.epoch >= self.prepared.batches.epochs
        return done or has_stopped(self.position.history, self.job.plan.stop)

    def run(self) -> None:
        """All epochs that are left. An interruption or the limit of time leaves a checkpoint of the last call."""
        try:
            while not self.is_done:
                self._epoch()
        except (KeyboardInterrupt, StageTimeoutError):
            if self._safe is not None:
                self.learner, self.position = self._safe
                self._save()
            raise
        if self.position.epoch < self.prepared.batches.epochs:
            self.job.folder.event("stopped", epoch=self.position.epoch, updates=int(self.learner.count))
            self.job.reporter.message(f"stopped after epoch {self.position.epoch}: nothing better came")
        self._save()

    def _recording(self) -> Recording | None:
        plan = self.job.plan.record
        if plan is None:
            return None
        recorder = Recorder(self.job.folder.path / FOLDER)
        recorder.rewind(int(self.learner.count))
        return Recording(plan, self.prepared.optimizer, recorder)

    def _epoch(self) -> None:
        epoch, began, batches = self.position.epoch, time.monotonic(), self.prepared.batches
        for rows, count in batches.calls(epoch, self.position.batch):
            for some, n in self._pieces(rows, count):
                self._call(some, n)
            self.job.reporter.progress(self.meter.progress(epoch + 1, batches.epochs))
            self.clock.check({"history": list(self.position.history)})
            if self.saver.is_due(epoch=False):
                self._save()
        self._end_epoch(epoch, began)

    def _pieces(self, rows: NDArray[np.int32], count: int) -> Iterator[tuple[NDArray[np.int32], int]]:
        """The batches of a call, cut before each one that is recorded; every piece has the shape of the call."""
        first = 0
        while first < count:
            ahead = count - first
            if self.recording is not None:
                wait = self.recording.until_next(int(self.learner.count))
                if wait == 0:
                    self.recording.take(self.learner, self._arrays, rows[first], self._key)
                    wait = self.recording.every
                ahead = min(ahead, wait)
            yield (rows if first == 0 else np.roll(rows, -first, axis=0)), ahead
            first += ahead

    def _call(self, rows: NDArray[np.int32], count: int) -> None:
        """Learn the first `count` batches of `rows`."""
        feed = Feed(self._arrays, rows, np.int32(count), self._key)
        before = _copied(self.learner)  # the call takes it over
        self._safe = before, self.position
        began = time.monotonic()
        self.learner, outcome = self._program(feed, self.learner)
        if not bool(outcome.finite):
            self.learner = before
            raise self._diverged(feed, before)
        self.meter.add(count, time.monotonic() - began)
        self.position = self.position.at_batch(self.position.batch + count, outcome.steps.tolist())
        self._safe = self.learner, self.position

    def _diverged(self, feed: Feed, before: Learner) -> RunError:
        found = latest(self.job)
        good = None if found is None else str(found[0].relative_to(self.job.folder.path))
        return diverged(self.prepared.optimizer, feed, before, good, {"history": list(self.position.history)})

    def _end_epoch(self, epoch: int, began: float) -> None:
        plan, ended, epochs = self.job.plan, time.monotonic(), self.prepared.batches.epochs
        record = self._record(epoch, ended - began)
        self.position = self.position.after_epoch(record)
        self._safe = self.learner, self.position
        self.job.folder.event("epoch", **record)
        self._keep_best(record)
        if plan.checkpoint_every and (epoch + 1) % plan.checkpoint_every == 0:
            self._flush()
            self.saver.asked(self.learner, self.position)
        elif self.saver.is_due(epoch=True):
            self._save()
        self.meter.ended(time.monotonic() - ended)
        self.job.reporter.epoch(self.meter.progress(epoch + 1, epochs))

    def _record(self, epoch: int, seconds: float) -> dict[str, Any]:
        """What the history says of an epoch."""
        structure, batches = self.job.network.plan.structure, self.prepared.batches
        record = epoch_record(structure, batches, self.position, int(self.learner.count), seconds)
        if evaluates(self.job.plan, epoch + 1, batches.epochs):
            record |= measures(self.job.plan, self.prepared, self.learner.orchestrator)
            self.meter.measured = headline(record)
        return record

    def _keep_best(self, record: Mapping[str, Any]) -> None:
        metric = self.job.plan.checkpoint_best
        if metric is not None and is_best(self.position.history, metric):
            value = value_of(record, metric)
            assert value is not None
            self.saver.best(self.learner, self.position, value)

    def _save(self) -> None:
        """What a resumed run goes on from; the records before it first."""
        self._flush()
        self.saver.resume_point(self.learner, self.position)

    def _flush(self) -> None:
        if self.recording is not None:
            self.recording.recorder.flush()


@eqx.filter_jit
def _copied(learner: Learner) -> Learner:
    """Its arrays once more: one program, where an operation an array would cost a few milliseconds."""
    found: Learner = jax.tree.map(jnp.copy, learner)
    return found
