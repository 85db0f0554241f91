"""Ranks of several entries over blocks: tasks, or seeds."""

from __future__ import annotations

from math import sqrt

import numpy as np
from scipy.stats import f, rankdata, studentized_range

from dync.runtime.statistics.aggregate import Floats


def mean_ranks(scores: Floats) -> Floats:
    """The mean rank of each entry over blocks, `[entries]`; 1 is best, ties share theirs. `scores` are `[entries,
    blocks]`, larger is better (Friedman 1937, The use of ranks to avoid the assumption of normality, JASA 32)."""
    return np.asarray(rankdata(-scores, axis=0).mean(axis=1))


def friedman_p(scores: Floats) -> float:
    """The p value that all entries rank alike, from `scores` `[entries, blocks]` with at least 2 of both.

    Friedman's χ² corrected for ties, in the form of Iman & Davenport (1980, Approximations of the critical region of
    the Friedman statistic), whose F is closer to the truth where there are few blocks.
    """
    entries, blocks = scores.shape
    ranks = rankdata(-scores, axis=0)
    spread = float(((ranks - (entries + 1) / 2) ** 2).sum())
    if spread == 0:
        return 1.0
    chi = (entries - 1) * blocks**2 * float(((ranks.mean(axis=1) - (entries + 1) / 2) ** 2).sum()) / spread
    rest = blocks * (entries - 1) - chi
    if rest <= 1e-9 * chi:
        return 0.0 if chi > 0 else 1.0
    statistic = (blocks - 1) * chi / rest
    return float(f.sf(statistic, entries - 1, (entries - 1) * (blocks - 1)))


def nemenyi_difference(entries: int, blocks: int, alpha: float = 0.05) -> float:
    """The difference of mean ranks from which two of several entries are told apart.

    q(α; entries, ∞)/√2 · √(entries (entries + 1)/(6 blocks)) (Nemenyi 1963; Demšar 2006, Statistical comparisons of
    classifiers over multiple data sets, JMLR 7). It depends on which other entries are ranked, which is why decisions
    rest on pairs (Benavoli, Corani & Mangili 2016, Should we really use post-hoc tests based on mean-ranks?, JMLR 17).
    """
    q = float(studentized_range.ppf(1 - alpha, entries, np.inf)) / sqrt(2)
    return q * sqrt(entries * (entries + 1) / (6 * blocks))
