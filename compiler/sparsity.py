"""When a dense edge of low density stores only the weights that exist, and how much room that takes."""

from __future__ import annotations

from functools import lru_cache
from math import exp, lgamma, log, log1p

SMALLEST = 2**16
"""Edges of fewer possible weights are stored whole: nothing is gained there."""

ADVANTAGE = 16
"""A weight stored by itself costs as much time as this many of a matrix product (measured on two CPU cores)."""

MOST_SLOTS = 256
"""A message is one unrolled sum over the slots, so there is an end to them."""

RISK = 1e-9
"""The chance that any unit of an edge draws more weights than there are slots, which is then an error."""


@lru_cache(maxsize=256)
def slots(senders: int, receivers: int, density: float) -> int | None:
    """How many weights each receiver has room for, or None where the edge is better stored whole."""
    if senders * receivers < SMALLEST or density * senders * ADVANTAGE > senders:
        return None
    found = _enough(senders, receivers, density)
    return found if found <= min(MOST_SLOTS, senders // ADVANTAGE) else None


def _enough(senders: int, receivers: int, density: float) -> int:
    """The least number that the weights of a receiver, a binomial draw, exceed with a chance of RISK / receivers."""
    for count in range(int(senders * density), senders + 1):
        if _tail(senders, count, density) * receivers < RISK:
            return max(1, count)
    return senders


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
