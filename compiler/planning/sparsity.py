"""When a dense edge of low density stores only the weights that exist, and how much room that takes."""

from __future__ import annotations

from functools import lru_cache
from math import exp, lgamma, log, log1p

from dync.compiler.plan import SlotsPlan

SMALLEST = 2**16
"""Edges of fewer possible weights are stored whole: nothing is gained there."""

ADVANTAGE = 16
"""A weight stored by itself costs as much time as this many of a matrix product (measured on two CPU cores)."""

MOST_SLOTS = 256
"""A message is one unrolled sum over the slots, so there is an end to them."""

RISK = 1e-9
"""The chance that an edge draws more weights than there is room for, which is then an error."""


@lru_cache(maxsize=256)
def slots(senders: int, receivers: int, density: float) -> SlotsPlan | None:
    """The room for the weights of an edge of such a density, or None where the edge is better stored whole."""
    if senders * receivers < SMALLEST or density * ADVANTAGE > 1:
        return None
    most = _enough(senders, density, RISK / receivers)
    if most > min(MOST_SLOTS, senders // ADVANTAGE):
        return None
    plans = (
        _divided(senders, receivers, density, common, most)
        for common in range(max(1, int(senders * density)), most + 1)
    )
    return min(plans, key=lambda plan: plan.stored(receivers))


def slots_of(counts: tuple[int, ...], senders: int) -> SlotsPlan | None:
    """The room for weights that are known, so many a receiver, or None where the edge is better stored whole."""
    receivers, most = len(counts), max(1, *counts)
    if senders * receivers < SMALLEST or sum(counts) * ADVANTAGE > senders * receivers:
        return None
    if most > min(MOST_SLOTS, senders // ADVANTAGE):
        return None
    plans = (
        SlotsPlan(common, most, max(1, sum(count > common for count in counts)))
        for common in sorted({max(1, count) for count in counts})
    )
    # A crowded receiver is added to a second time, so that it should save more than one slot.
    return min(plans, key=lambda plan: plan.stored(receivers) + plan.crowded)


def _divided(senders: int, receivers: int, density: float, common: int, most: int) -> SlotsPlan:
    """`common` slots for all, and room for those that draw more."""
    crowded = _enough(receivers, _tail(senders, common, density), RISK)
    return SlotsPlan(common, most, min(crowded, receivers))


def _enough(draws: int, chance: float, risk: float) -> int:
    """The least number that a binomial draw exceeds with a chance below `risk`."""
    for count in range(int(draws * chance), draws + 1):
        if _tail(draws, count, chance) < risk:
            return max(1, count)
    return draws


def _tail(n: int, k: int, p: float) -> float:
    """The chance of more than k of n, summed until the terms no longer count."""
    total = 0.0
    for i in range(k + 1, n + 1):
        term = _binomial(n, i, p)
        total += term
        if term < total * 1e-6:
            break
    return total


def _binomial(n: int, k: int, p: float) -> float:
    """The chance of k of n."""
    if p <= 0 or p >= 1:
        return float(k == (0 if p <= 0 else n))
    ways = lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
    return exp(ways + k * log(p) + (n - k) * log1p(-p))
