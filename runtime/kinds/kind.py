"""The one shape that all kinds of edges have."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import jax.numpy as jnp
from jax import Array, lax

from dync.compiler.expression import Expression, Symbol
from dync.runtime.evaluate import Value
from dync.runtime.kinds.stored import Stored

ReadSymbol = Callable[[Symbol], Value]
"""What a symbol of a rule stands for; arrays are in the layout of the block that they belong to."""


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
    @abstractmethod
    def numbers(self) -> int:
        """How many random numbers one edge's arrays are drawn from."""

    @abstractmethod
    def draw(self, normal: Array, strength: Array, density: Array) -> Stored:
        """One edge's arrays as they are first drawn (without the leading axis; no diagonal).

        `normal` are its standard normal numbers, as many as `numbers` says.
        """

    @abstractmethod
    def full(self, stored: Stored) -> Array:
        """One edge's weights as a person reads them: `[senders, receivers]`, or what `shape` says."""

    @abstractmethod
    def pack(self, full: Array, stored: Stored) -> Stored:
        """One edge's arrays from such weights; where weights can be absent, those that are zero are.

        NumPy's weights give NumPy's arrays, so that nothing is compiled to put weights in their places.
        """

    @abstractmethod
    def message(self, stored: Stored, sent: Array) -> Array:
        """The messages of edges, in the layout of the receiver, from what is sent, in that of the sender."""

    @abstractmethod
    def contract(self, sender: Array | None, receiver: Array | None, stored: Stored, batch: int) -> Array:
        """A product of factors at both ends summed over the batch, shaped as the weights or so that it broadcasts."""

    @abstractmethod
    def scalar(self, value: Array) -> Array:
        """A factor `[edges, 1, 1]`, as it multiplies weights."""

    @abstractmethod
    def literal(
        self, rule: Expression, read: ReadSymbol, number: Callable[[str], Array], stored: Stored, batch: int
    ) -> Array:
        """A rule evaluated synapse by synapse and summed over the batch, in bounded memory."""

    def confine(self, stored: Stored, change: Array) -> Array:
        """A change of weights with nothing where weights are absent or fixed."""
        return change if stored.mask is None else jnp.where(stored.mask, change, 0)


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
