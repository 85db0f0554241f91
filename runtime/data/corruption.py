"""Transforms that spoil what the inputs see: `flip` and `noise`. Outputs keep the clean values, as targets should."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import ClassVar

import numpy as np

from dync.runtime.data.error import DataError
from dync.runtime.data.randomness import generator
from dync.runtime.data.table import BoundLayer, PartName
from dync.runtime.data.transform import Fitted, Values, ValueTransform


@dataclass(frozen=True)
class Flip(ValueTransform):
    """`flip(p, seed)`: each value of the inputs multiplied by -1 with probability p, each part drawn afresh.

    It is meant for ±1 patterns: zeros stay zeros, and pixels of 0..1 turn negative.
    """

    p: float
    seed: int = 0
    name: ClassVar[str] = "flip"
    inputs_only: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not 0 <= self.p <= 1:
            raise DataError(f"flip has p = {self.p}: give a probability from 0 to 1")

    def fit(self, train: Values, layer: BoundLayer) -> Fitted:
        """Nothing is learnt."""

        def flip(values: Values, part: PartName) -> Values:
            draws = generator(self.seed, self.name, part, layer.name).random(values.shape, dtype=np.float32)
            return np.where(draws < np.float32(self.p), -values, values)

        return flip


@dataclass(frozen=True)
class Noise(ValueTransform):
    """`noise(sigma, seed)`: Gaussian noise of standard deviation sigma added to the inputs, each part drawn afresh."""

    sigma: float
    seed: int = 0
    name: ClassVar[str] = "noise"
    inputs_only: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not (isfinite(self.sigma) and self.sigma >= 0):
            raise DataError(f"noise has sigma = {self.sigma}: give a standard deviation from 0 up")

    def fit(self, train: Values, layer: BoundLayer) -> Fitted:
        """Nothing is learnt."""

        def noise(values: Values, part: PartName) -> Values:
            draws = generator(self.seed, self.name, part, layer.name)
            return values + np.float32(self.sigma) * draws.standard_normal(values.shape, dtype=np.float32)

        return noise
