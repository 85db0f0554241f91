"""How fast a training goes."""

from __future__ import annotations

from collections import deque

from dync.runtime.reporter import TrainingProgress

WINDOW = 20
"""The calls whose speed is that of the training."""


class Meter:
    """Batches a second over the last calls, what an epoch takes besides, and what was last measured.

    The first call and the first end of an epoch are left out, for they wait for the compiler.
    """

    def __init__(self, total: int, done: int, per_epoch: int) -> None:
        self.total, self.done, self.per_epoch, self.measured = total, done, per_epoch, ""
        self._calls: deque[tuple[int, float]] = deque(maxlen=WINDOW)
        self._ends: deque[float] = deque(maxlen=WINDOW)
        self._warm = {"call": False, "end": False}

    def add(self, count: int, seconds: float) -> None:
        """Some more batches are done, in one call that took so long."""
        self.done += count
        if self._warm["call"]:
            self._calls.append((count, seconds))
        self._warm["call"] = True

    def ended(self, seconds: float) -> None:
        """An epoch was evaluated and saved, which took so long."""
        if self._warm["end"]:
            self._ends.append(seconds)
        self._warm["end"] = True

    def progress(self, epoch: int, epochs: int) -> TrainingProgress:
        """Where the training stands now."""
        seconds = sum(s for _, s in self._calls)
        speed = sum(n for n, _ in self._calls) / seconds if seconds > 0 else 0.0
        ends = (self.total - self.done) / self.per_epoch if self.per_epoch else 0.0
        other = ends * sum(self._ends) / len(self._ends) if self._ends else 0.0
        return TrainingProgress(epoch, epochs, self.done, self.total, speed, self.measured, other)
