"""How fast a training goes."""

from __future__ import annotations

import time

from dync.runtime.reporter import TrainingProgress


class Meter:
    """Batches a second, over the last calls, and what was last measured."""

    def __init__(self, total: int, done: int) -> None:
        self.total, self.done, self.measured = total, done, ""
        self._times = [(time.monotonic(), done)]

    def add(self, count: int) -> None:
        """Some more batches are done."""
        self.done += count
        self._times = [*self._times[-20:], (time.monotonic(), self.done)]

    def progress(self, epoch: int, epochs: int) -> TrainingProgress:
        """Where the training stands now."""
        (first, before), (last, after) = self._times[0], self._times[-1]
        speed = (after - before) / (last - first) if last > first else 0.0
        return TrainingProgress(epoch, epochs, self.done, self.total, speed, self.measured)
