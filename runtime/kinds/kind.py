"""The one shape that all kinds of edges have."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

import jax.numpy as jnp
from jax import Array, lax
from jax.typing import ArrayLike

from dync.compiler.plan import RulePlan
from dync.runtime.arrays import within
from dync.runtime.kinds.rule_sum import ReadSymbol, RuleInput
from dync.runtime.kinds.stored import Stored

__all__ = ["EdgeKind", "ReadSymbol", "batch_sum", "kept", "turned"]


@dataclass(frozen=True)
class EdgeKind(ABC):
    """Edges of one family: how many units stand at their ends, and the layout of the blocks that they join.

    A block's array is `[members, batch, units]`, or `[members, units, batch]` where `…_units_first`.
    """

    senders: int
    receivers: int
    sender_units_first: bool
    receiver_units_first: bool

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """The shape of one edge's stored weights."""

    @property
    def full_shape(self) -> tuple[int, ...]:
        """The shape of one edge's weights as a person reads them."""
        return self.shape

    @property
    @abstractmethod
    def numbers(self) -> int:
        """How many random numbers one edge's arrays are drawn from."""

    @property
    @abstractmethod
    def work(self) -> int:
        """About how many multiply-adds one message takes for one example."""

    @property
    def fan_in(self) -> int:
        """How many units a rule takes a receiver's unit to hear."""
        return self.senders

    @property
    def fan_out(self) -> int:
        """How many units a rule takes a sender's unit to reach."""
        return self.receivers

    @abstractmethod
    def draw(self, normal: Array, strength: Array, density: Array) -> Stored:
        """One edge's arrays as they are first drawn (without the leading axis; no diagonal).

        `normal` are its standard normal numbers, as many as `numbers` says.
        """

    def full(self, stored: Stored) -> Array:
        """One edge's weights as a person reads them."""
        return stored.weights

    def pack(self, full: Array, stored: Stored) -> Stored:
        """One edge's arrays from such weights; where weights can be absent, those that are zero are.

        NumPy's weights give NumPy's arrays, so that nothing is compiled to put weights in their places.
        """
        return Stored(full, None, None if stored.mask is None else full != 0, None)

    def given(self, weights: ArrayLike) -> ArrayLike:
        """What a person gives as one edge's weights, in the shape in which it reads."""
        return weights

    def turn(self, stored: Stored) -> Stored:
        """The arrays of edges of this kind as those of edges the other way round, which use the same weights.

        Raises TypeError where a plan lets no edge use them.
        """
        raise TypeError(f"the weights of {type(self).__name__} edges belong to one edge")

    def alone(self) -> EdgeKind:
        """The kind of an edge by itself: its weights in full, states `[batch, units]`."""
        return replace(self, sender_units_first=False, receiver_units_first=False)

    @abstractmethod
    def message(self, stored: Stored, sent: Array) -> Array:
        """The messages of edges, in the layout of the receiver, from what is sent, in that of the sender."""

    @abstractmethod
    def update(self, rule: RulePlan, stored: Stored, given: RuleInput) -> Array:
        """The rule summed over the batch and all synapses of each weight, shaped as the weights."""

    def confine(self, stored: Stored, change: Array) -> Array:
        """A change of weights with nothing where weights are absent or fixed."""
        return change if stored.mask is None else within(change, stored.mask)


def batch_sum(factor: Array, units_first: bool, batch: int) -> Array:
    """A factor summed over the batch: `[edges, units]`; one without a batch of its own counts once an example."""
    axis = 2 if units_first else 1
    total = jnp.sum(factor, axis=axis)
    return total if factor.shape[axis] == batch else total * batch


def turned(value: Array, turn: bool) -> Array:
    """An array of a block in the other layout where `turn` says so: its last two axes change places."""
    return jnp.swapaxes(value, 1, 2) if turn else value


def kept(value: Array) -> Array:
    """A value that XLA must not merge into what comes after it."""
    same: Array = lax.optimization_barrier(value)  # type: ignore[no-untyped-call]
    return same
