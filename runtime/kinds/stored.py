"""The arrays of one family, or of some of its edges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from jax import Array
from jax.tree_util import register_dataclass


@register_dataclass
@dataclass(frozen=True)
class Stored:
    """What is stored of edges of one family, with a leading axis of edges.

    `weights` are shaped as their kind says; `diagonal` (`[edges]`) is a fixed diagonal, zero in `weights`; `mask` says
    which weights exist; `senders` which unit each weight comes from, where the kind stores only those that exist.
    `inner` are the numbers of the networks that edges are, `[edges, …]` by their keys, where messages ask for them.
    """

    weights: Array
    diagonal: Array | None
    mask: Array | None
    senders: Array | None
    crowded: Array | None = None
    inner: dict[str, Array] | None = None

    def map(self, pick: Callable[[Array], Array]) -> Stored:
        """The same of every array that there is."""
        diagonal, mask, senders, crowded = (
            None if a is None else pick(a) for a in (self.diagonal, self.mask, self.senders, self.crowded)
        )
        inner = None if self.inner is None else {key: pick(numbers) for key, numbers in self.inner.items()}
        return Stored(pick(self.weights), diagonal, mask, senders, crowded, inner)

    def with_weights(self, weights: Array) -> Stored:
        """Other weights in the same places."""
        return Stored(weights, self.diagonal, self.mask, self.senders, self.crowded, self.inner)

    def with_numbers(self, inner: dict[str, Array]) -> Stored:
        """The same with the numbers of the networks that edges are."""
        return Stored(self.weights, self.diagonal, self.mask, self.senders, self.crowded, inner)
