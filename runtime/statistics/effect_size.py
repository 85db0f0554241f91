"""How large a difference is, apart from how sure it is. Differences are how much better one entry is, seed by seed."""

from __future__ import annotations

from math import inf, nan

import numpy as np
from scipy.stats import rankdata

from dync.runtime.statistics.aggregate import Floats
from dync.runtime.statistics.improvement import probability_of_improvement


def cohen_d_z(differences: Floats) -> float:
    """The mean paired difference over the standard deviation of the differences (Cohen 1988, Statistical power analysis
    for the behavioral sciences, ch. 2). Differences that are all alike have 0 or an infinite one; a single one NaN."""
    if differences.size < 2 or not np.isfinite(differences).all():
        return nan
    mean, std = float(differences.mean()), float(differences.std(ddof=1))
    if std <= 1e-12 * abs(mean):
        return inf if mean > 0 else -inf if mean < 0 else 0.0
    return mean / std


def cliffs_delta(a: Floats, b: Floats) -> float:
    """The share of pairs of values in which `a` is larger, less the share in which `b` is; −1..1, the mean over tasks.

    `a` and `b` are `[tasks, seeds]`. Seeds are not paired for it (Cliff 1993, Dominance statistics, Psychological
    Bulletin 114)."""
    return 2 * probability_of_improvement(a, b) - 1


def matched_rank_biserial(differences: Floats) -> float:
    """The ranks of the positive differences less those of the negative ones, over all ranks; −1..1 (Kerby 2014, The
    simple difference formula, Comprehensive Psychology 3). Differences of zero are left out; 0 where all are."""
    found = differences[differences != 0]
    if found.size == 0:
        return 0.0
    ranks = rankdata(np.abs(found))
    return float((ranks * np.sign(found)).sum() / ranks.sum())
