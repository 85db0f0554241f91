"""What stands for many scores: the interquartile mean, and how a set of scores is described."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Description:
    """Mean, standard deviation (with n − 1; NaN of a single score), median and interquartile mean, in the scores' unit.

    Infinite scores, as a failed training has on a scale without an end, leave NaN or an infinite number where they
    count, and none where they do not: a median outlives them.
    """

    mean: float
    std: float
    median: float
    iqm: float


def interquartile_mean(scores: Floats) -> Floats:
    """The mean of the middle half of the scores in the last axis, which is not empty.

    Of n scores the ⌊n/4⌋ smallest and as many largest are left out: with fewer than four it is the mean. Robust like a
    median, and less variable (Agarwal et al. 2021, Deep reinforcement learning at the edge of the statistical
    precipice, NeurIPS).
    """
    n = scores.shape[-1]
    cut = n // 4
    middle = np.sort(scores, axis=-1)[..., cut : n - cut]
    return np.asarray(middle.mean(axis=-1))


def describe(scores: Floats) -> Description:
    """Describe scores, a flat array that is not empty (the interquartile mean as Agarwal et al. 2021)."""
    with np.errstate(invalid="ignore"):
        std = float(scores.std(ddof=1)) if scores.size > 1 else float("nan")
        mean, iqm = float(scores.mean()), float(interquartile_mean(scores))
        return Description(mean, std, float(np.median(scores)), iqm)
