"""The Bayesian alternative: how likely a difference is below, within or above what counts as none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import t

from dync.runtime.statistics.aggregate import Floats


@dataclass(frozen=True)
class Posterior:
    """Probabilities that the difference lies below −rope, within the region of practical equivalence, above rope."""

    left: float
    rope: float
    right: float


def correlated_t(differences: Floats, rope: float, correlation: float = 0.0) -> Posterior:
    """The posterior of the mean difference, from at least 2 differences, under a flat prior.

    Student's t with n − 1 degrees of freedom about the mean, of scale σ √(1/n + ρ/(1 − ρ)); ρ is the correlation of
    cross-validation, 1/folds, and 0 of independent seeds (Corani & Benavoli 2015, Machine Learning 100; Benavoli,
    Corani, Demšar & Zaffalon 2017, Time for a change, JMLR 18).
    """
    n = differences.size
    mean, std = float(differences.mean()), float(differences.std(ddof=1))
    if std <= 1e-12 * abs(mean) or std == 0:
        return Posterior(float(mean < -rope), float(-rope <= mean <= rope), float(mean > rope))
    scale = std * np.sqrt(1 / n + correlation / (1 - correlation))
    left, right = float(t.cdf((-rope - mean) / scale, n - 1)), float(t.sf((rope - mean) / scale, n - 1))
    return Posterior(left, max(0.0, 1 - left - right), right)


def bayesian_signed(differences: Floats, rope: float, seed: int, draws: int = 50_000) -> Posterior:
    """Which of left, rope and right is the most probable place of a difference on a further task.

    A Dirichlet process with a prior of strength 1 within the rope; the probability that each region has the greatest
    mass (Benavoli et al. 2014, A Bayesian Wilcoxon signed-rank test based on the Dirichlet process, ICML; Benavoli et
    al. 2017). Sampled, the same for the same `seed`.
    """
    below, above = int((differences < -rope).sum()), int((differences > rope).sum())
    within = differences.size - below - above
    mass = np.array([below, within + 1.0, above]) + 1e-4  # a region without any difference has a mass all the same
    drawn = np.random.default_rng([seed, 2]).dirichlet(mass, draws)
    left, middle, right = np.bincount(drawn.argmax(axis=1), minlength=3) / draws
    return Posterior(float(left), float(middle), float(right))
