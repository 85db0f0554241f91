"""Wilcoxon's test of paired differences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from dync.runtime.statistics.aggregate import Floats
from dync.runtime.statistics.paired_test import OneSided


@dataclass(frozen=True)
class SignedRank:
    """The signed rank test over per-task means; a unit is a task (Wilcoxon 1945, Individual comparisons by ranking
    methods; for tasks, Demšar 2006).

    Exact for any number of units, ties included: the ranks stay, their signs are counted out. Differences of zero are
    left out, as Wilcoxon did.
    """

    @property
    def name(self) -> str:
        """What results call it."""
        return "Wilcoxon signed rank over tasks"

    def p(self, differences: Floats) -> OneSided:
        """The p values of each row of `[rows, units]`."""
        pairs = [_row(row) if np.isfinite(row).all() else (1.0, 1.0) for row in differences]
        values = np.array(pairs, dtype=np.float64).reshape(-1, 2)
        return OneSided(values[:, 0], values[:, 1])

    def smallest(self, units: int) -> float:
        """2/2^units: all differences have the same sign."""
        return float(2.0 ** (1 - units))


def _row(differences: Floats) -> tuple[float, float]:
    """The chances that the sum of positive ranks is at least, and at most, what was found."""
    found = differences[differences != 0]
    if found.size == 0:
        return 1.0, 1.0
    doubled = np.rint(2 * rankdata(np.abs(found))).astype(np.int64)  # a rank of ties may end in one half
    positive = int(doubled[found > 0].sum())
    chance = rank_sum_distribution(doubled)
    return float(min(1.0, chance[positive:].sum())), float(min(1.0, chance[: positive + 1].sum()))


def rank_sum_distribution(ranks: np.typing.NDArray[np.int64]) -> Floats:
    """The chance of each value of the sum of those ranks whose sign is positive, all signs being equally likely."""
    chance = np.zeros(int(ranks.sum()) + 1)
    chance[0] = 1.0
    for rank in ranks:
        moved = np.zeros_like(chance)
        moved[rank:] = chance[: chance.size - rank]
        chance = (chance + moved) / 2
    return chance
