"""What a baseline is taught: all targets side by side, the loss for each, and how scores become a read-out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from dync.runtime.measures import is_one_of_many


@dataclass(frozen=True)
class Target:
    """One output: which columns it has, and the values of a unit that is on and off where targets are one of many."""

    name: str
    start: int
    stop: int
    values: tuple[float, float] | None

    def loss(self, scores: Array, targets: Array) -> Array:
        """Cross-entropy for one of many, half the squared error otherwise; a number an example."""
        scores, targets = scores[:, self.start : self.stop], targets[:, self.start : self.stop]
        if self.values is None:
            return 0.5 * jnp.sum((scores - targets) ** 2, axis=1)
        on = jnp.argmax(targets, axis=1, keepdims=True)
        return -jnp.take_along_axis(jax.nn.log_softmax(scores), on, axis=1)[:, 0]

    def read_out(self, scores: Array) -> Array:
        """Scores as values of the target: of one of many `off + (on - off) * probability`."""
        scores = scores[:, self.start : self.stop]
        if self.values is None:
            return scores
        on, off = self.values
        return off + (on - off) * jax.nn.softmax(scores)


def targets_of(arrays: Mapping[str, NDArray[np.float32]]) -> tuple[Target, ...]:
    """The targets in these arrays, `[examples, units]` by output, in their order."""
    found: list[Target] = []
    for name, array in arrays.items():
        start = found[-1].stop if found else 0
        values = (float(array.max()), float(array.min())) if is_one_of_many(array) else None
        found.append(Target(name, start, start + array.shape[1], values))
    return tuple(found)
