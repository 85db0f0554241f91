"""What differences a comparison can find, said before it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from math import floor, sqrt

import numpy as np
from scipy.optimize import brentq
from scipy.stats import nct, t

from dync.runtime.statistics.aggregate import Floats
from dync.runtime.statistics.design import Design
from dync.runtime.statistics.signed_rank import rank_sum_distribution

CHANCE = 0.8
"""The chance of finding a difference that 'can be found' stands for, as Cohen 1988 has it."""

_SAMPLES = 4000
_COUNTED_UNITS = 10
_LARGEST = 64.0


@dataclass(frozen=True)
class Power:
    """What a design can find.

    `detectable` is the difference, in standard deviations of the paired difference over units (`unit`: seeds or tasks),
    that is found with the chance `chance` even where Holm is hardest on it; None where no difference can be found.
    `seeds_needed` is how many seeds make a decision possible at all. `words` say it in a sentence.
    """

    entries: int
    tasks: int
    seeds: int
    pairs: int
    unit: str
    test: str
    alpha: float
    chance: float
    smallest_p: float
    smallest_p_holm: float
    can_decide: bool
    detectable: float | None
    seeds_needed: int
    words: str


@lru_cache(maxsize=64)
def power_of(design: Design) -> Power:
    """The power of a design (Cohen 1988, with the exact null distribution of the test where units are few)."""
    if design.pairs == 0:
        return _power(design, None, 1, "There is one entry, so there is nothing to compare it with.")
    needed = seeds_needed(design)
    if not design.can_decide():
        return _power(design, None, needed, _refusal(design, needed))
    detectable = detectable_difference(design)
    if detectable is None:
        found = f"With {_count(design.units, design.unit)} hardly any difference is found."
        return _power(design, None, needed, found)
    words = (
        f"With {_count(design.units, design.unit)} paired differences of {detectable:.2f} standard deviations are "
        f"found with {CHANCE:.0%} chance ({_pairs(design)}, {design.test(0).name})."
    )
    return _power(design, detectable, needed, words)


def seeds_needed(design: Design) -> int:
    """The fewest seeds with which some outcome would tell a pair apart; no more than 1 where tasks decide."""
    if design.pairs == 0 or design.unit == "tasks":
        return 1
    seeds = 1
    while seeds < 64 and not replace(design, seeds=seeds).can_decide():
        seeds += 1
    return seeds


def detectable_difference(design: Design, chance: float = CHANCE) -> float | None:
    """The difference, in standard deviations over units, that is found with this chance; None where none is.

    Differences are taken as normal. Up to 10 units, and for ranks, the test itself is tried on 4000 samples; beyond
    that the permutation test has the power of the t test (Lehmann & Romano 2005, Testing statistical hypotheses).
    """
    found = _chance_by_size(design)
    if found(_LARGEST) < chance:
        return None
    return float(brentq(lambda d: found(d) - chance, 0.0, _LARGEST, xtol=1e-3))


def _chance_by_size(design: Design) -> Callable[[float], float]:
    """The chance of finding a difference of so many standard deviations in the right direction."""
    n, one_sided = design.units, design.alpha_of_a_pair / 2
    if design.unit == "tasks":
        return _signed_rank_chance(n, one_sided)
    if design.folds == 1 and n <= _COUNTED_UNITS:
        return _sign_flip_chance(n, one_sided)
    return _t_chance(n, one_sided, design.correlation)


def _t_chance(n: int, one_sided: float, correlation: float) -> Callable[[float], float]:
    limit = float(t.isf(one_sided, n - 1))
    # Units that correlate with ρ have a sample variance of (1 − ρ) σ²: the statistic's scale follows from both.
    spread = sqrt((1 - correlation) * (1 / n + correlation / (1 - correlation)))

    def chance(size: float) -> float:
        tail = float(nct.sf(limit, n - 1, min(size / spread, 37.0)))  # beyond 37 the tail is 1, and its series fails
        return 1.0 if np.isnan(tail) else tail

    return chance


def _sign_flip_chance(n: int, one_sided: float) -> Callable[[float], float]:
    noise = _noise(n)
    signs = 1.0 - 2.0 * (np.arange(2**n)[:, None] >> np.arange(n) & 1)
    of_noise, of_size = signs @ noise.T, signs.sum(axis=1)[:, None]
    allowed = floor(one_sided * 2**n + 1e-9)

    def chance(size: float) -> float:
        sums = of_noise + size * of_size
        as_much = (sums >= noise.sum(axis=1) + size * n - 1e-9).sum(axis=0)
        return float((as_much <= allowed).mean())

    return chance


def _signed_rank_chance(n: int, one_sided: float) -> Callable[[float], float]:
    noise = _noise(n)
    ranks = np.arange(1, n + 1)
    upper = rank_sum_distribution(ranks)[::-1].cumsum()[::-1]

    def chance(size: float) -> float:
        values = noise + size
        rank = np.abs(values).argsort(axis=1).argsort(axis=1) + 1
        return float((upper[(rank * (values > 0)).sum(axis=1)] <= one_sided).mean())

    return chance


def _noise(n: int) -> Floats:
    """The same for every size, so that the chance grows with it."""
    return np.random.default_rng(0).standard_normal((_SAMPLES, n))


def _power(design: Design, detectable: float | None, needed: int, words: str) -> Power:
    return Power(
        entries=design.entries,
        tasks=design.tasks,
        seeds=design.seeds,
        pairs=design.pairs,
        unit=design.unit,
        test=design.test(0).name,
        alpha=design.alpha,
        chance=CHANCE,
        smallest_p=design.smallest_p(),
        smallest_p_holm=design.smallest_adjusted_p(),
        can_decide=design.pairs > 0 and design.can_decide(),
        detectable=detectable,
        seeds_needed=needed,
        words=words,
    )


def _refusal(design: Design, needed: int) -> str:
    """Why no claim can be made, and what would help."""
    holm = (
        ""
        if design.smallest_adjusted_p() == design.smallest_p()
        else f", {design.smallest_adjusted_p():.2g} after Holm"
    )
    return (
        f"No claim can be made: with {_count(design.seeds, 'seeds')} and {_count(design.tasks, 'tasks')} the smallest "
        f"two-sided p is {design.smallest_p():.4g}{holm} ({_pairs(design)}), which is above {design.alpha:g}; it takes "
        f"at least {needed} seeds."
    )


def _pairs(design: Design) -> str:
    return _count(design.pairs, "pairs")


def _count(n: int, what: str) -> str:
    return f"{n} {what if n != 1 else what[:-1]}"
