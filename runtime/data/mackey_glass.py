"""The source `mackey_glass`: a chaotic series, the usual task of reservoirs.

M. C. Mackey and L. Glass, Oscillation and chaos in physiological control systems, Science 197 (1977): the density x of
cells in the blood, whose making depends on what it was a time tau ago,

    dx/dt = 0.2 x(t - tau) / (1 + x(t - tau)**10) - 0.1 x(t)

It is chaotic from tau = 16.8 on. H. Jaeger and H. Haas, Harnessing nonlinearity, Science 304 (2004), told the series
for tau = 17 ahead by an echo-state network, from one value a unit of time.
"""

from __future__ import annotations

from math import isfinite
from pathlib import Path
from typing import Final

import numpy as np

from dync.runtime.data.content import Content
from dync.runtime.data.error import DataError
from dync.runtime.data.made_series import Series, told_ahead, verify_sizes
from dync.runtime.data.randomness import generator

MAKING, DECAY, POWER = 0.2, 0.1, 10

STEPS: Final = 10
"""Steps of the integration in a unit of time."""

TRANSIENT: Final = 1000
"""Units of time before the first sample, in which the series finds its attractor."""


def mackey_glass(
    base: Path, tau: float = 17, length: int = 2000, horizon: int = 1, seed: int = 0, sequences: int = 1
) -> Content:
    """`length` samples a unit of time apart (`data`), and what the series is `horizon` units later (`target`).

    Each sequence begins from a past of its own, 1.2 with uniform noise of 0.1 either way, which only the seed decides.
    """
    if not (isfinite(tau) and 1 <= tau <= 1000):
        raise DataError(f"mackey_glass has tau = {tau}: give a delay from 1 to 1000")
    total = length + horizon
    work = (TRANSIENT + total) * STEPS
    verify_sizes("mackey_glass", sequences * work, work, length=length, horizon=horizon, sequences=sequences)
    found = _integrated(tau, total, generator(seed, "mackey_glass").uniform(-0.1, 0.1, (sequences, round(tau * STEPS))))
    return told_ahead(found[:, :length], found[:, horizon:])


def _integrated(tau: float, samples: int, noise: Series) -> Series:
    """The series at whole units of time after the transient, by the classical method of Runge and Kutta.

    What the series was a time tau ago is known at the beginning and the end of a step; half-way it is their mean.
    """
    delay, step = noise.shape[1], 1 / STEPS
    values = np.empty((delay + (TRANSIENT + samples) * STEPS, len(noise)))
    values[:delay] = (1.2 + noise).T
    for n in range(delay, len(values)):
        now, then = values[n - 1], values[n - 1 - delay] if n > delay else values[0]
        later = values[n - delay]
        made, half, end = _made(then), _made((then + later) / 2), _made(later)
        k1 = made - DECAY * now
        k2 = half - DECAY * (now + step / 2 * k1)
        k3 = half - DECAY * (now + step / 2 * k2)
        k4 = end - DECAY * (now + step * k3)
        values[n] = now + step / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    sampled: Series = values[delay + TRANSIENT * STEPS :: STEPS].T
    return sampled[:, :samples]


def _made(past: Series) -> Series:
    found: Series = MAKING * past / (1 + past**POWER)
    return found
