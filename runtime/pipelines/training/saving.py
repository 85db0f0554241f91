"""Which checkpoints a training writes and when, and from which it goes on."""

from __future__ import annotations

import shutil
import time
import warnings
from pathlib import Path
from typing import Final

from dync.runtime.checkpoint import (
    Checkpoint,
    CheckpointError,
    DamagedCheckpointWarning,
    latest_checkpoint,
    load_checkpoint,
)
from dync.runtime.error import RunError
from dync.runtime.files import remove_stale
from dync.runtime.learner import Learner
from dync.runtime.pipelines.training.job import TrainingJob
from dync.runtime.training_state import Position, save_training, write_training

COST: Final = 200
"""Unasked checkpoints come no more often than every so many times what one takes: 0.5% of the time at most."""

PATIENCE: Final = 300.0
"""After so many seconds one is written in the middle of an epoch too."""


class Saver:
    """Writes the checkpoints of a training.

    Beside those that were asked for, `resume/` holds the last state that was saved, so that a killed run loses at most
    an epoch (where an epoch takes less time than `COST` savings: at most that time).
    """

    def __init__(self, job: TrainingJob) -> None:
        self.job, self.folder = job, job.folder
        self._last, self._took = time.monotonic(), 0.0
        self.saved: int | None = None

    def asked(self, learner: Learner, position: Position) -> None:
        """`checkpoint every N`."""
        plan = self.job.plan
        path = save_training(self.folder.checkpoints, self.job.network, learner, position, keep=plan.keep)
        self._done(learner)
        self.folder.event("checkpoint", path=f"checkpoints/{path.name}", updates=int(learner.count))

    def best(self, learner: Learner, position: Position, value: float) -> None:
        """`checkpoint best PART.MEASURE`: the best so far."""
        write_training(self.folder.best, self.job.network, learner, position)
        self.folder.event("best", path=self.folder.best.name, epoch=position.epoch, value=value)

    def final(self, learner: Learner, position: Position) -> None:
        """The final checkpoint; what was only there to go on from goes."""
        write_training(self.folder.final, self.job.network, learner, position)
        shutil.rmtree(self.folder.resume_point, ignore_errors=True)

    def resume_point(self, learner: Learner, position: Position) -> None:
        """The state to go on from, written now. Nobody asked for it, so where it cannot be written the run goes on."""
        if self.saved == int(learner.count):
            return
        began = time.monotonic()
        try:
            write_training(self.folder.resume_point, self.job.network, learner, position)
        except RunError as error:
            self.job.reporter.message(f"{error}; the training goes on, and could not be resumed from here")
        self._took = time.monotonic() - began
        self._done(learner)

    def is_due(self, *, epoch: bool) -> bool:
        """Whether the state is to be saved unasked now, at the end of an `epoch` or in the middle of one."""
        since = time.monotonic() - self._last
        return since >= COST * self._took if epoch else since >= max(PATIENCE, COST * self._took)

    def _done(self, learner: Learner) -> None:
        self._last, self.saved = time.monotonic(), int(learner.count)


def latest(job: TrainingJob) -> tuple[Path, Checkpoint] | None:
    """The checkpoint of a run that went furthest, among those that are whole; None where there is none."""
    folder = job.folder
    remove_stale(folder.path)
    found = latest_checkpoint(folder.checkpoints)
    places = [*([found] if found is not None else []), folder.resume_point, folder.final]
    whole = [(path, checkpoint) for path in places if (checkpoint := _whole(path)) is not None]
    return max(whole, key=lambda pair: _progress(pair[1]), default=None)


def _whole(path: Path) -> Checkpoint | None:
    if not path.is_dir():
        return None
    try:
        return load_checkpoint(path)
    except CheckpointError as error:
        warnings.warn(f"{path.name} is passed over: {error}", DamagedCheckpointWarning, stacklevel=2)
        return None


def _progress(checkpoint: Checkpoint) -> tuple[int, int]:
    """Updates made, then whole epochs: the end of an epoch comes after its last update."""
    step, epoch = checkpoint.facts.get("step"), checkpoint.facts.get("epoch")
    return (step if isinstance(step, int) else -1, epoch if isinstance(epoch, int) else -1)
