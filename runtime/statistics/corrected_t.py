"""The t test of paired differences whose units share training examples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import t

from dync.runtime.statistics.aggregate import Floats
from dync.runtime.statistics.paired_test import OneSided


@dataclass(frozen=True)
class CorrectedT:
    """The corrected resampled t test: folds of a cross-validation share most examples, so their scores hang together.

    `correlation` is 1/folds, the share of examples held out; with 0 it is the plain paired t test. A unit is a seed,
    which stands for a fold (Nadeau & Bengio 2003, Inference for the generalization error, Machine Learning 52).
    """

    correlation: float

    @property
    def name(self) -> str:
        """What results call it."""
        return "corrected resampled t"

    def p(self, differences: Floats) -> OneSided:
        """The p values of each row of `[rows, units]`, of at least 2 units. Differences that are all alike, and not
        zero, say nothing of how they vary: 1."""
        n = differences.shape[1]
        usable = np.asarray(np.isfinite(differences).all(axis=1))
        found = np.where(usable[:, None], differences, 0.0)
        mean, std = found.mean(axis=1), found.std(axis=1, ddof=1)
        usable &= std > 1e-12 * np.abs(mean)
        scale = np.sqrt(1 / n + self.correlation / (1 - self.correlation))
        statistic = np.divide(mean, std * scale, out=np.zeros_like(mean), where=usable)
        return OneSided(
            np.where(usable, t.sf(statistic, n - 1), 1.0),
            np.where(usable, t.cdf(statistic, n - 1), 1.0),
        )

    def smallest(self, units: int) -> float:
        """As small as one likes, from 2 units on."""
        return 0.0 if units > 1 else 1.0
