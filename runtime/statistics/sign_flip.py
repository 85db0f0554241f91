"""The permutation test of paired differences."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from dync.runtime.statistics.aggregate import Floats
from dync.runtime.statistics.paired_test import OneSided

EXACT_UNITS = 16
"""Up to so many units all 2^units signs are tried; beyond that 2^16 − 1 are drawn, the observed ones being one more."""

_PORTION = 8192


@dataclass(frozen=True)
class SignFlip:
    """If two entries are alike, each unit's difference could as well have the other sign: how many signs give as much?

    The statistic is the mean. A unit is a training seed; with several tasks its difference is the mean over them, so
    that what one seed did on all tasks changes sign together, and nothing is assumed about how they hang together.
    Exact where it is counted out, and valid where signs are drawn, by `seed` (Fisher 1935, The design of experiments,
    §21; Phipson & Smyth 2010, Permutation p-values should never be zero).
    """

    seed: int = 0

    @property
    def name(self) -> str:
        """What results call it."""
        return "sign-flip permutation by seed"

    def p(self, differences: Floats) -> OneSided:
        """The p values of each row of `[rows, units]`."""
        usable = np.asarray(np.isfinite(differences).all(axis=1))
        found = np.where(usable[:, None], differences, 0.0)
        observed = found.sum(axis=1)
        slack = 1e-12 * np.abs(found).sum(axis=1)  # sums that are equal may differ in their last bits
        signs, known = _signs(found.shape[1], self.seed)
        greater, less = np.full(len(found), known), np.full(len(found), known)
        for start in range(0, len(signs), _PORTION):
            sums = signs[start : start + _PORTION].astype(np.float64) @ found.T
            greater += (sums >= observed - slack).sum(axis=0)
            less += (sums <= observed + slack).sum(axis=0)
        count = len(signs) + known
        return OneSided(np.where(usable, greater / count, 1.0), np.where(usable, less / count, 1.0))

    def smallest(self, units: int) -> float:
        """2/2^units, and not below 2/2^16."""
        return float(2.0 ** (1 - min(units, EXACT_UNITS)))


@lru_cache(maxsize=8)
def _signs(units: int, seed: int) -> tuple[NDArray[np.int8], int]:
    """Signs `[count, units]`, and how many more there are that are as observed: none where all are listed."""
    if units <= EXACT_UNITS:
        bits = np.arange(2**units)[:, None] >> np.arange(units) & 1
        return (2 * bits - 1).astype(np.int8), 0
    drawn = np.random.default_rng([seed, 3]).integers(2, size=(2**EXACT_UNITS - 1, units), dtype=np.int8)
    return 2 * drawn - 1, 1
