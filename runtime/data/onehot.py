"""`onehot`: class labels as one-of-many targets."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dync.runtime.data.bounds import verify_bytes
from dync.runtime.data.error import DataError
from dync.runtime.data.table import Examples, Table

MOST: Final = float(np.finfo(np.float32).max)
"""The greatest number that a layer can hold."""


@dataclass(frozen=True)
class OneHot:
    """`onehot(on = 1, off = -1)`: the unit of the class is `on`, all others are `off`.

    It changes every layer that takes class labels. Where nobody asks for it, labels become one-of-many with its
    defaults after all other transforms.
    """

    on: float = 1
    off: float = -1

    def __post_init__(self) -> None:
        if not -MOST < self.off < self.on < MOST:
            raise DataError(f"onehot has on = {self.on} and off = {self.off}: give finite numbers, on above off")

    def apply(self, table: Table) -> Table:
        """The table with no labels left; raises DataError where there were none."""
        units = {layer.name: prod(layer.shape) for layer in table.layers if has_labels(table.train, layer.name)}
        if not units:
            raise DataError("onehot has nothing to change: no layer takes class labels; remove it")
        return Table(table.layers, {part: self._encode(examples, units) for part, examples in table.parts.items()})

    def _encode(self, examples: Examples, units: dict[str, int]) -> Examples:
        return examples.replace({name: self._one_of(examples.arrays[name], n) for name, n in units.items()})

    def _one_of(self, labels: NDArray[np.int64], units: int) -> NDArray[np.float32]:
        verify_bytes(4 * len(labels) * units, f"{len(labels)} one-of-many rows of {units} units")
        rows = np.full((len(labels), units), self.off, dtype=np.float32)
        rows[np.arange(len(labels)), labels] = self.on
        return rows


def has_labels(examples: Examples, layer: str) -> bool:
    """Whether what a layer takes is class labels still."""
    return examples.arrays[layer].dtype == np.int64
