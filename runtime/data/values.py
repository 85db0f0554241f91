"""Transforms that change numbers in a fixed way: `normalize`, `sign`, `project`, `reshape`."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import ClassVar

import numpy as np

from dync.runtime.data.bounds import verify_bytes
from dync.runtime.data.error import DataError
from dync.runtime.data.randomness import generator
from dync.runtime.data.table import BoundLayer, PartName
from dync.runtime.data.transform import Fitted, Transform, Values, ValueTransform


@dataclass(frozen=True)
class UnitLength(ValueTransform):
    """`normalize(unit)`: each example divided by its Euclidean length; an example of zeros stays."""

    name: ClassVar[str] = "normalize"

    def fit(self, train: Values, layer: BoundLayer) -> Fitted:
        """Nothing is learnt: each example has its own length."""
        return _unit_length


@dataclass(frozen=True)
class Standard(ValueTransform):
    """`normalize(standard)`: each unit to mean 0 and variance 1 over the training part; one that never varies to 0."""

    name: ClassVar[str] = "normalize"

    def fit(self, train: Values, layer: BoundLayer) -> Fitted:
        """Means and standard deviations of the training part."""
        mean = train.mean(axis=0, dtype=np.float64)
        deviation = train.std(axis=0, dtype=np.float64)
        constant = train.max(axis=0) == train.min(axis=0)
        mean = np.where(constant, train[0], mean).astype(np.float32)
        scale = np.where(constant, 1.0, deviation).astype(np.float32)

        def standardize(values: Values, part: PartName) -> Values:
            standardized: Values = (values - mean) / scale
            return standardized

        return standardize


@dataclass(frozen=True)
class Sign(ValueTransform):
    """`sign`: 1 where a value is zero or more, -1 elsewhere.

    Values are taken as they are: pixels of 0..1 all become 1, so `normalize(standard)` them first.
    """

    name: ClassVar[str] = "sign"

    def fit(self, train: Values, layer: BoundLayer) -> Fitted:
        """Nothing is learnt."""
        return _sign


@dataclass(frozen=True)
class Project(ValueTransform):
    """`project(units, seed)`: a random Gaussian projection to `units` units, `x @ P` with P of variance 1 / units.

    Lengths and distances keep their size on average: Johnson and Lindenstrauss, Contemporary Mathematics 26 (1984).
    """

    units: int
    seed: int = 0
    name: ClassVar[str] = "project"

    def __post_init__(self) -> None:
        if self.units < 1:
            raise DataError(f"project has units = {self.units}: give at least 1")

    def fit(self, train: Values, layer: BoundLayer) -> Fitted:
        """Draw the matrix; layers with equally many units share it."""
        size = prod(train.shape[1:])
        verify_bytes(4 * size * self.units, f"the matrix of project({self.units}) for {layer.name}")
        matrix = generator(self.seed, self.name).standard_normal((size, self.units), dtype=np.float32)
        matrix /= np.float32(np.sqrt(self.units))

        def project(values: Values, part: PartName) -> Values:
            verify_bytes(4 * len(values) * self.units, f"the {part} part of {layer.name} after project({self.units})")
            return values.reshape(len(values), -1) @ matrix

        return project


@dataclass(frozen=True)
class Reshape(ValueTransform):
    """`reshape(8, 8)`: the same values, in C order, in another shape."""

    shape: tuple[int, ...]
    name: ClassVar[str] = "reshape"

    def __post_init__(self) -> None:
        if not self.shape or min(self.shape) < 1:
            raise DataError(f"reshape{self.shape}: give one or more sizes of at least 1")

    def fit(self, train: Values, layer: BoundLayer) -> Fitted:
        """Check that the sizes agree."""
        found = train.shape[1:]
        if prod(found) != prod(self.shape):
            raise DataError(
                f"reshape{self.shape} needs {prod(self.shape)} values an example, but {layer.array!r} for {layer.name}"
                f" has the shape {found}, {prod(found)} values"
            )
        return lambda values, part: values.reshape(len(values), *self.shape)


def normalize(method: str) -> Transform:
    """`normalize(unit)` or `normalize(standard)`."""
    match method:
        case "unit":
            return UnitLength()
        case "standard":
            return Standard()
    raise DataError(f"normalize does not know {method!r}: it is normalize(unit) or normalize(standard)")


def reshape(*shape: int) -> Transform:
    """`reshape(8, 8)`."""
    return Reshape(shape)


def _unit_length(values: Values, part: PartName) -> Values:
    flat = values.reshape(len(values), -1)
    largest = np.abs(flat).max(axis=1, keepdims=True)
    scaled = flat / np.where(largest > 0, largest, 1)  # so that squares of great or tiny values stay finite
    length = np.sqrt(np.square(scaled).sum(axis=1, keepdims=True))
    directions: Values = np.divide(scaled, np.where(length > 0, length, 1), dtype=np.float32)
    return directions.reshape(values.shape)


def _sign(values: Values, part: PartName) -> Values:
    signs: Values = np.where(values >= 0, 1, -1).astype(np.float32)
    return signs
