"""The one shape of all transforms: an object that turns a table into a table.

Those that change values are fitted on the training part alone and then applied to every part.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from dync.runtime.data.error import DataError
from dync.runtime.data.finite import verify_finite
from dync.runtime.data.table import BoundLayer, Examples, PartName, Table

Values = NDArray[np.float32]
Fitted = Callable[[Values, PartName], Values]
"""What fitting gives: `[examples, ...]` of a part to its new values, example by example."""


class Transform(Protocol):
    """A step between a source and the network."""

    def apply(self, table: Table) -> Table:
        """The table after this step; raises DataError where the step makes no sense on it."""
        ...


class ValueTransform(ABC):
    """A transform of numbers, layer by layer.

    It changes what inputs take, and an output that takes the same array changes with it; other targets stay. Class
    labels stay too, until `onehot` has made numbers of them. With `inputs_only` outputs always stay: a network that is
    to clean its input needs the clean target.
    """

    name: ClassVar[str]
    inputs_only: ClassVar[bool] = False

    @abstractmethod
    def fit(self, train: Values, layer: BoundLayer) -> Fitted:
        """Learn from the training part what to do; raises DataError where it cannot be done.

        Of a series every sample is an example here.
        """

    def apply(self, table: Table) -> Table:
        """Fit on the training part, then change the layers of every part."""
        layers = [layer for layer in table.layers if self._changes(layer, table)]
        if not layers:
            raise DataError(
                f"{self.name} has nothing to change: no input takes numbers; remove it, or put onehot before it"
                " where an input takes class labels"
            )
        fitted: dict[str, Any] = {}
        for layer in layers:
            values = table.train.arrays[layer.name]
            fit = self.fit(_samples(values) if layer.over_time else values, layer)
            fitted[layer.name] = _by_sample(fit) if layer.over_time else fit
        parts = {part: self._changed(examples, part, fitted) for part, examples in table.parts.items()}
        return Table(table.layers, parts)

    def _changed(self, examples: Examples, part: PartName, fitted: dict[str, Any]) -> Examples:
        with np.errstate(over="ignore", invalid="ignore"):  # the check says it, and says where
            values = {name: function(examples.arrays[name], part) for name, function in fitted.items()}
        for name, array in values.items():
            verify_finite(array, f"{name}, after {self.name},", part)
        return examples.replace(values)

    def _changes(self, layer: BoundLayer, table: Table) -> bool:
        numbers = table.train.arrays[layer.name].dtype == np.float32
        return numbers and not layer.target and (layer.role == "input" or not self.inputs_only)


def _samples(values: Values) -> Values:
    """Sequences as one row of samples."""
    return values.reshape(-1, *values.shape[2:])


def _by_sample(fitted: Fitted) -> Fitted:
    """The same for sequences."""

    def changed(values: Values, part: PartName) -> Values:
        found = fitted(_samples(values), part)
        return found.reshape(*values.shape[:2], *found.shape[1:])

    return changed
