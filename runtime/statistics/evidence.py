"""What the differences between two entries prove, whatever the failed seeds would have scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dync.runtime.statistics.aggregate import Floats
from dync.runtime.statistics.paired_test import OneSided, PairedTest
from dync.runtime.statistics.scores import ScoreTable


@dataclass(frozen=True)
class Differences:
    """How much better one entry is than another: `[rows, tasks, seeds]`, a row for each pair of entries.

    `low` has the failed seeds of the first at the worst of the scale and those of the second at its best, `high` the
    other way round, `usual` both at the worst. Where none failed, all three are the same.
    """

    low: Floats
    high: Floats
    usual: Floats

    @classmethod
    def between(cls, table: ScoreTable, pairs: Sequence[tuple[int, int]]) -> Differences:
        """The differences between the first and the second entry of each pair."""
        first, second = np.array(pairs, dtype=np.intp).reshape(-1, 2).T
        worst, best = table.goodness("worst"), table.goodness("best")
        with np.errstate(invalid="ignore"):
            usual = worst[first] - worst[second]
        usual[table.failed[first] & table.failed[second]] = 0.0
        return cls(worst[first] - best[second], best[first] - worst[second], usual)

    def over(self, unit: str) -> Differences:
        """The differences of each unit, the others averaged over: of `seeds` or of `tasks`; `[rows, 1, units]`."""
        axis = 1 if unit == "seeds" else 2
        with np.errstate(invalid="ignore"):
            means = [part.mean(axis=axis)[:, None] for part in (self.low, self.high, self.usual)]
        return Differences(*means)

    def on_tasks(self) -> Differences:
        """Every pair on every task as a row of its own: `[pairs · tasks, 1, seeds]`, tasks changing fastest."""
        seeds = self.low.shape[2]
        return Differences(*(part.reshape(-1, 1, seeds) for part in (self.low, self.high, self.usual)))


@dataclass(frozen=True)
class Evidence:
    """A test of differences `[rows, units]`, of which a p value is the larger of what both bounds give: a decision is
    made only where both agree."""

    test: PairedTest
    low: Floats
    high: Floats

    @classmethod
    def of(cls, test: PairedTest, differences: Differences) -> Evidence:
        """The evidence in differences `[rows, 1, units]`."""
        return cls(test, differences.low[:, 0], differences.high[:, 0])

    def one_sided(self, threshold: float) -> OneSided:
        """p values against 'not more than the threshold' and 'not less than the threshold'."""
        low = self.test.p(self.low - threshold)
        if np.array_equal(self.low, self.high):
            return low
        high = self.test.p(self.high - threshold)
        return OneSided(np.maximum(low.greater, high.greater), np.maximum(low.less, high.less))

    def different(self, rope: float) -> OneSided:
        """p values that the first entry is better, and that it is worse, by more than the rope."""
        return OneSided(self.one_sided(rope).greater, self.one_sided(-rope).less)

    def equivalent(self, rope: float) -> Floats:
        """p values against a difference of more than `rope`: two one-sided tests (Schuirmann 1987, A comparison of the
        two one-sided tests procedure, Journal of Pharmacokinetics and Biopharmaceutics 15). 1 where rope is 0."""
        if rope == 0:
            return np.ones(len(self.low))
        return np.maximum(self.one_sided(rope).less, self.one_sided(-rope).greater)
