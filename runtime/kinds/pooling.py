"""Edges without weights: a window takes the units of one channel together, or spreads one over them."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from dync.compiler.plan import RulePlan, WindowPlan
from dync.runtime.kinds.kind import EdgeKind, turned
from dync.runtime.kinds.rule_sum import RuleInput
from dync.runtime.kinds.stored import Stored


@dataclass(frozen=True)
class Pooling(EdgeKind):
    """`pool` and `unpool`. What lies in the padding does not exist: it is no maximum, and no part of a mean."""

    window: WindowPlan
    sender_shape: tuple[int, ...]
    receiver_shape: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """No weights."""
        return (0,)

    @property
    def numbers(self) -> int:
        """Nothing is random."""
        return 0

    @property
    def work(self) -> int:
        """One operation for each unit of each window."""
        return self.window.multiply_adds(self.sender_shape, self.receiver_shape)

    def draw(self, normal: Array, strength: Array, density: Array) -> Stored:
        """Nothing."""
        return Stored(jnp.zeros(self.shape, jnp.float32), None, None, None)

    def turn(self, stored: Stored) -> Stored:
        """Nothing, either way."""
        return stored

    def message(self, stored: Stored, sent: Array) -> Array:
        """Each window's value, or the value of the windows in which a unit stands, summed."""
        value = turned(sent, self.sender_units_first)
        value = value.reshape(*value.shape[:2], *self.sender_shape)
        message = self._spread(value) if self.window.transposed else self._pooled(value)
        return turned(message.reshape(*message.shape[:2], self.receivers), self.receiver_units_first)

    def update(self, rule: RulePlan, stored: Stored, given: RuleInput) -> Array:
        """Nothing: there are no weights."""
        return jnp.zeros_like(stored.weights)

    def _pooled(self, value: Array) -> Array:
        match self.window.by:
            case "max":
                return self._reduced(value, -jnp.inf, lax.max)
            case "mean":
                return self._sum(value) / self._counts()
        return self._sum(value)

    def _spread(self, value: Array) -> Array:
        """The transpose of a sum, or with `share` of a mean."""
        if self.window.by == "share":
            value = value / self._counts()
        if self.window.stride == self.window.kernel:
            return self._tiled(value)
        large = jnp.zeros((*value.shape[:2], *self.receiver_shape), value.dtype)  # only its shape is read
        (found,) = jax.linear_transpose(self._sum, large)(value)
        return jnp.asarray(found)

    def _tiled(self, value: Array) -> Array:
        """The transpose of the sum where no windows overlap: several times as fast as that of XLA's windows."""
        cut = [slice(None), slice(None)]
        pad = [(0, 0), (0, 0)]
        for axis, (kernel, before) in enumerate(zip(self.window.kernel, self.window.before, strict=True)):
            value = jnp.repeat(value, kernel, axis=axis + 2)
            units = self.receiver_shape[axis]
            cut.append(slice(before, before + units))
            pad.append((0, max(0, units - (value.shape[axis + 2] - before))))
        return jnp.pad(value[tuple(cut)], [*pad, (0, 0)])

    def _sum(self, value: Array) -> Array:
        return self._reduced(value, 0.0, lax.add)

    def _reduced(self, value: Array, start: float, together: object) -> Array:
        window = self.window
        kernel, stride = (1, 1, *window.kernel, 1), (1, 1, *window.stride, 1)
        padding = ((0, 0), (0, 0), *zip(window.before, window.after, strict=True), (0, 0))
        found: Array = lax.reduce_window(value, np.float32(start), together, kernel, stride, padding)  # type: ignore[arg-type]
        return found

    def _counts(self) -> Array:
        """How many units stand in each window."""
        large, _ = self.window.ends(self.sender_shape, self.receiver_shape)
        return self._sum(jnp.ones((1, 1, *large), jnp.float32))
