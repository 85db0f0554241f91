"""Which examples are learned when: a seeded order for every epoch, cut into calls of the compiled program."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CALL = 128
"""Batches that one call of the compiled program takes at most."""


@dataclass(frozen=True)
class BatchSchedule:
    """The batches of a run: `examples` in random order each epoch, the rest that fills no batch left out.

    `total` is the number of batches of the whole run. Where the network is over time an example is a sequence of so
    many `samples`, after each of which the weights learn.
    """

    examples: int
    batch: int
    total: int
    seed: int
    samples: int = 1

    @property
    def per_epoch(self) -> int:
        """Batches in a whole epoch."""
        return self.examples // self.batch

    @property
    def epochs(self) -> int:
        """Epochs that the run enters; the last may end early."""
        return -(-self.total // self.per_epoch) if self.total else 0

    def in_epoch(self, epoch: int) -> int:
        """Batches of an epoch, counted from 0."""
        return min(self.per_epoch, self.total - epoch * self.per_epoch)

    def calls(self, epoch: int, first: int = 0) -> Iterator[tuple[NDArray[np.int32], int]]:
        """The rows of each call from batch `first` on, `[size, batch]`, and how many of its batches count.

        Calls begin at multiples of their size, so a run that was interrupted between two makes the same ones again.
        """
        order = np.random.Generator(np.random.PCG64([self.seed, epoch])).permutation(self.examples)
        batches = self.in_epoch(epoch)
        rows = order[: batches * self.batch].reshape(batches, self.batch).astype(np.int32)
        size = min(max(1, CALL // self.samples), self.per_epoch)
        for start in range(first, batches, size):
            some = rows[start : start + size]
            padded = np.zeros((size, self.batch), np.int32)
            padded[: len(some)] = some
            yield padded, len(some)
