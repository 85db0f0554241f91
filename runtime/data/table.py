"""Data on its way from a source to a network: what each layer takes, in parts, while transforms change it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from dync.runtime.data.content import Array

PART_NAMES: Final = ("train", "validation", "test")
"""The parts there can be, in this order."""

PartName = Literal["train", "validation", "test"]


@dataclass(frozen=True)
class BoundLayer:
    """An input or output and the array that it takes.

    `target` marks what outputs alone take: transforms of values leave it as it is. What a layer `over_time` takes has
    an axis of time.
    """

    name: str
    role: Literal["input", "output"]
    shape: tuple[int, ...]
    array: str
    target: bool
    over_time: bool = False


@dataclass(frozen=True, eq=False)
class Examples:
    """One part: an array a layer, `[examples, ...]`; float32, or int64 where they are class labels still.

    Layers over time have arrays `[sequences, time, ...]`: an example is a sequence.

    `classes` are the labels by which one can stratify, None where the data have no classes.
    """

    count: int
    arrays: Mapping[str, Array]
    classes: NDArray[np.int64] | None

    def take(self, rows: NDArray[np.int64]) -> Examples:
        """The examples of these numbers, in this order."""
        classes = None if self.classes is None else self.classes[rows]
        return Examples(len(rows), {name: array[rows] for name, array in self.arrays.items()}, classes)

    def replace(self, arrays: Mapping[str, Array]) -> Examples:
        """The same examples with some arrays exchanged."""
        return Examples(self.count, {**self.arrays, **arrays}, self.classes)


@dataclass(frozen=True, eq=False)
class Table:
    """All parts, the training part always among them, and the layers that they are for."""

    layers: tuple[BoundLayer, ...]
    parts: Mapping[PartName, Examples]

    @property
    def train(self) -> Examples:
        """The only part that a transform may learn from."""
        return self.parts["train"]

    @property
    def over_time(self) -> frozenset[str]:
        """The layers whose arrays have an axis of time."""
        return frozenset(layer.name for layer in self.layers if layer.over_time)
