"""What a comparison's numbers of entries, tasks and seeds allow, known before anything is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from dync.runtime.statistics.aggregate import Floats
from dync.runtime.statistics.corrected_t import CorrectedT
from dync.runtime.statistics.holm import holm
from dync.runtime.statistics.paired_test import PairedTest
from dync.runtime.statistics.sign_flip import SignFlip
from dync.runtime.statistics.signed_rank import SignedRank

OVERALL_SHARE = 0.8
"""With several tasks, the share of α that the differences over all tasks have; those on single tasks have the rest."""


@dataclass(frozen=True)
class Design:
    """The size of a comparison. `folds` above 1: each seed stands for a fold of a cross-validation in turn.

    One family of tests holds every pair of entries over all tasks and, with several tasks, every pair on each task. The
    chance that any of them is a false finding is at most `alpha`, by Holm's procedure with weights (Holm 1979).
    """

    entries: int
    tasks: int
    seeds: int
    folds: int = 1
    alpha: float = 0.05

    def __post_init__(self) -> None:
        if min(self.entries, self.tasks, self.seeds, self.folds) < 1 or not 0 < self.alpha < 1:
            raise ValueError("a comparison has at least one entry, task, seed and fold, and an alpha between 0 and 1")

    @property
    def pairs(self) -> int:
        """How many pairs of entries there are."""
        return self.entries * (self.entries - 1) // 2

    @property
    def correlation(self) -> float:
        """The correlation between seeds: 1/folds where they stand for folds (Nadeau & Bengio 2003), else none."""
        return 1 / self.folds if self.folds > 1 else 0.0

    @property
    def overall_share(self) -> float:
        """The share of α for differences over all tasks."""
        return 1.0 if self.tasks == 1 else OVERALL_SHARE

    @property
    def unit(self) -> Literal["tasks", "seeds"]:
        """What the test over all tasks counts: tasks where they are enough to reach a decision (6 for one pair), else
        seeds."""
        return "tasks" if SignedRank().smallest(self.tasks) <= self.alpha_of_a_pair else "seeds"

    @property
    def units(self) -> int:
        """How many of them there are."""
        return self.tasks if self.unit == "tasks" else self.seeds

    @property
    def alpha_of_a_pair(self) -> float:
        """What the first pair of a comparison must stay below: Holm's first step."""
        return self.alpha * self.overall_share / max(1, self.pairs)

    def test_of_seeds(self, seed: int) -> PairedTest:
        """The test on one task: permutations by seed, or with folds the corrected t test."""
        return CorrectedT(self.correlation) if self.folds > 1 and self.seeds > 1 else SignFlip(seed)

    def test(self, seed: int) -> PairedTest:
        """The test over all tasks; `seed` is for what it draws."""
        return SignedRank() if self.unit == "tasks" else self.test_of_seeds(seed)

    def smallest_p(self) -> float:
        """The smallest two-sided p value of a pair that can be reached, before Holm."""
        return self.test(0).smallest(self.units)

    def smallest_adjusted_p(self) -> float:
        """The same after Holm: no pair can be told apart where it is above `alpha`."""
        return min(1.0, self.smallest_p() * max(1, self.pairs) / self.overall_share)

    def can_decide(self) -> bool:
        """Whether any outcome at all would tell a pair apart."""
        return self.smallest_adjusted_p() <= self.alpha

    def adjusted(self, overall: Floats, on_tasks: Floats) -> tuple[Floats, Floats]:
        """Holm's p values of the whole family, from those of pairs `[pairs]` and of pairs on tasks `[pairs · tasks]`
        (empty with one task)."""
        if on_tasks.size == 0:
            return holm(overall), on_tasks
        shares = np.repeat(
            [OVERALL_SHARE / overall.size, (1 - OVERALL_SHARE) / on_tasks.size], [overall.size, on_tasks.size]
        )
        together = holm(np.concatenate([overall, on_tasks]), shares)
        return together[: overall.size], together[overall.size :]
