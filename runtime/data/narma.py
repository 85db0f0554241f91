"""The source `narma`: a nonlinear moving average that asks for memory.

A. F. Atiya and A. G. Parlos, New results on recurrent network training, IEEE Trans. Neural Networks 11 (2000): of noise
u, uniform from 0 to 0.5, comes, here with the order n = 10 of the paper,

    y(t + 1) = 0.3 y(t) + 0.05 y(t) (y(t) + … + y(t - n + 1)) + 1.5 u(t - n + 1) u(t) + 0.1
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from dync.runtime.data.content import Content
from dync.runtime.data.error import DataError
from dync.runtime.data.made_series import Series, told_ahead, verify_sizes
from dync.runtime.data.randomness import generator

TRANSIENT: Final = 200
"""Samples before the first one, in which the beginning from zero is forgotten."""

BOUND: Final = 1.0
"""Beyond this the series has run away. It rarely does for the order 10, and is then drawn again."""

DRAWS: Final = 100
"""How often a series is drawn, until one stays within the bound."""


def narma(
    base: Path, order: int = 10, length: int = 2000, seed: int = 0, horizon: int = 1, sequences: int = 1
) -> Content:
    """`length` samples of the noise (`data`), and what the series is `horizon` samples later (`target`)."""
    if order < 2:
        raise DataError(f"narma has order = {order}: give at least 2")
    total = TRANSIENT + length + horizon
    sizes = {"length": length, "horizon": horizon, "sequences": sequences}
    verify_sizes("narma", sequences * total, sequences * total, **sizes)
    made = [_sequence(order, total, seed, n) for n in range(sequences)]
    noise, values = (np.stack(found)[:, TRANSIENT:] for found in zip(*made, strict=True))
    return told_ahead(noise[:, :length], values[:, horizon:])


def _sequence(order: int, total: int, seed: int, number: int) -> tuple[Series, Series]:
    """One noise and its series; raises DataError where every draw runs away."""
    draws = generator(seed, "narma", str(number))
    for _ in range(DRAWS):
        noise = draws.uniform(0, 0.5, total)
        values = _driven(order, noise)
        if values is not None:
            return noise, values
    raise DataError(f"the series of narma(order = {order}) run away: {DRAWS} draws did; take a smaller order")


def _driven(order: int, noise: Series) -> Series | None:
    """The series that a noise drives, from zero; None where it runs away."""
    values = np.zeros_like(noise)
    for t in range(order - 1, len(noise) - 1):
        window = values[t - order + 1 : t + 1].sum()
        values[t + 1] = 0.3 * values[t] + 0.05 * values[t] * window + 1.5 * noise[t - order + 1] * noise[t] + 0.1
        if values[t + 1] > BOUND:
            return None
    return values
