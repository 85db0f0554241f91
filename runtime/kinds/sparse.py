"""Sparse edges: of a dense edge of low density, only the weights that exist.

Every receiver has the same number of common slots, and a few crowded receivers have more; a slot holds the number of a
sender and a weight, an empty one the weight zero. States are `[units, batch]`, so that a slot of all receivers is a
gather of whole rows, and the sum over the slots is unrolled: XLA makes one loop of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.core import Tracer

from dync.compiler.expression import Expression, Symbol, symbols
from dync.compiler.plan import SlotsPlan
from dync.runtime.evaluate import Value, evaluate
from dync.runtime.kinds.dense import Dense
from dync.runtime.kinds.kind import EdgeKind, batch_sum
from dync.runtime.kinds.rule_sum import RuleInput
from dync.runtime.kinds.stored import Stored
from dync.runtime.kinds.synaptic import SynapticKind

SUMS = 4
"""Sums that run side by side (measured: 0.10 against 0.17 ms for 59 slots of 2000 units, batch 16)."""

FEW_EXAMPLES = 32
"""Up to this batch the update is summed example by example in one loop, beyond it by a scan."""

_TOO_MANY = "these are more weights than an edge of this density has room for"


@dataclass(frozen=True)
class Sparse(SynapticKind):
    """Weights `[slots]`: first the common ones, slot by slot over all receivers, then those of crowded receivers."""

    slots: SlotsPlan
    diagonal: bool

    @property
    def shape(self) -> tuple[int, ...]:
        """As many as there is room for."""
        return (self.slots.stored(self.receivers),)

    @property
    def full_shape(self) -> tuple[int, ...]:
        """A matrix."""
        return self.senders, self.receivers

    @property
    def work(self) -> int:
        """As much as that of the dense edge."""
        return self.senders * self.receivers

    def alone(self) -> EdgeKind:
        """The dense edge."""
        return self._dense().alone()

    @property
    def numbers(self) -> int:
        """As many as the dense edge draws."""
        return self._dense().numbers

    def draw(self, normal: Array, strength: Array, density: Array) -> Stored:
        """The very weights that a dense edge of this density would draw."""
        drawn = self._dense().draw(normal, strength, density)
        return self.pack(drawn.weights, drawn)

    def full(self, stored: Stored) -> Array:
        """`[senders, receivers]`, absent weights zero, with a fixed diagonal."""
        assert stored.senders is not None and stored.crowded is not None
        places = stored.senders, self._by_slot(jnp.arange(self.receivers), stored.crowded)
        full: Array = jnp.zeros((self.senders, self.receivers), stored.weights.dtype)
        full = full.at[places].add(stored.weights)
        return full if stored.diagonal is None else full + stored.diagonal * jnp.eye(self.senders, dtype=full.dtype)

    def pack(self, full: Array, stored: Stored) -> Stored:
        """The weights that are not zero, in the order of their senders; an error where there is not room for all."""
        xp: Any = full.__array_namespace__()
        if self.diagonal:
            full = xp.where(xp.eye(self.senders, dtype=bool), xp.float32(0), full)
        packed = self.keep(full, full != 0)
        return Stored(packed.weights, stored.diagonal, packed.mask, packed.senders, packed.crowded)

    def keep(self, full: Array, exists: Array) -> Stored:
        """The weights that exist, zero or not, in the order of their senders; none of them is on a fixed diagonal."""
        xp: Any = full.__array_namespace__()
        count = xp.sum(exists, axis=0)
        excess = (xp.max(count) > self.slots.most) | (xp.sum(count > self.slots.common) > self.slots.crowded)
        full = _verified(full, excess)
        crowded = xp.argsort(-count, stable=True)[: self.slots.crowded].astype(xp.int32)
        senders = xp.argsort(~exists, axis=0, stable=True)[: self.slots.most].astype(xp.int32)
        there = xp.take_along_axis(exists, senders, axis=0)
        weights = xp.where(there, xp.take_along_axis(full, senders, axis=0), xp.float32(0))
        senders = xp.where(there, senders, xp.int32(0))  # empty slots read one row that is always at hand
        flat = self._flat(weights, crowded)
        return Stored(flat, None, self._flat(there, crowded), self._flat(senders, crowded), crowded)

    def refill(self, full: Array, stored: Stored) -> Stored:
        """Other weights where there are some already; those in other places are left out."""
        assert stored.senders is not None and stored.crowded is not None and stored.mask is not None
        xp: Any = full.__array_namespace__()
        receivers = xp.asarray(self._by_slot(jnp.arange(self.receivers), jnp.asarray(stored.crowded)))
        return stored.with_weights(xp.where(stored.mask, full[stored.senders, receivers], xp.float32(0)))

    def message(self, stored: Stored, sent: Array) -> Array:
        """The sum over the slots of weight times sender, plus the diagonal's part."""
        message = jnp.stack([self._message(edge, sent[e]) for e, edge in enumerate(_edges(stored))])
        return message if stored.diagonal is None else message + stored.diagonal[:, None, None] * sent

    def _message(self, stored: Stored, sent: Array) -> Array:
        assert stored.senders is not None and stored.crowded is not None
        (common, more), (senders, more_senders) = self._slots(stored.weights), self._slots(stored.senders)
        message = _gathered(common, senders, sent)
        if not more:
            return message
        return message.at[stored.crowded].add(_gathered(more, more_senders, sent), unique_indices=True)

    def contract(self, sender: Array | None, receiver: Array | None, stored: Stored, batch: int) -> Array:
        """For every slot, its sender's factor times the receiver's, summed over the batch."""
        if sender is None and receiver is None:
            return jnp.asarray(float(batch))
        found = []
        for e, edge in enumerate(_edges(stored)):
            left, right = (None if a is None else a[e % len(a)] for a in (sender, receiver))
            found.append(self._contract(left, right, edge, batch))
        return jnp.stack(found)

    def _contract(self, sender: Array | None, receiver: Array | None, stored: Stored, batch: int) -> Array:
        assert stored.senders is not None and stored.crowded is not None
        if receiver is None:
            assert sender is not None
            return jnp.broadcast_to(batch_sum(sender[None], True, batch)[0], (self.senders,))[stored.senders]
        if sender is None:
            total = jnp.broadcast_to(batch_sum(receiver[None], True, batch)[0], (self.receivers,))
            return self._by_slot(total, stored.crowded)
        left = jnp.broadcast_to(sender, (self.senders, batch)).T
        right = jnp.broadcast_to(receiver, (self.receivers, batch))
        (senders, more_senders), more = self._parts(stored.senders), right[stored.crowded]
        parts = _sampled(left, right.T, senders), _sampled(left, more.T, more_senders)
        return jnp.concatenate([part.reshape(-1) for part in parts])

    def scalar(self, value: Array) -> Array:
        """`[edges, 1]`."""
        return value[:, :, 0] if value.ndim == 3 else value

    def literal(self, rule: Expression, given: RuleInput, stored: Stored) -> Array:
        """Example by example, each as `[edges, slots]`."""
        assert stored.senders is not None and stored.crowded is not None
        senders, crowded = stored.senders, stored.crowded
        found = {s: given.read_in(s, True) for s in symbols(rule) if s.name != "weight"}

        def value(s: Symbol, example: Array) -> Value:
            if s.name == "weight":
                return stored.weights
            array = found[s]
            if isinstance(array, float):
                return array
            units = lax.dynamic_index_in_dim(array, example, axis=2, keepdims=False)
            if given.at_sender(s):
                return jnp.take_along_axis(units, senders, axis=1)
            every = jnp.broadcast_to(units, (crowded.shape[0], self.receivers))
            return jax.vmap(self._by_slot)(every, crowded)

        def body(total: Array, example: Array) -> tuple[Array, None]:
            part = evaluate(rule, lambda s: value(s, example), lambda name: given.number(name)[:, None])
            return total + jnp.broadcast_to(jnp.asarray(part, jnp.float32), total.shape), None

        return lax.scan(body, jnp.zeros_like(stored.weights), jnp.arange(given.batch))[0]

    def _parts(self, flat: Array) -> tuple[Array, Array]:
        """One edge's slots as `[common, receivers]` and `[most - common, crowded]`."""
        cut = self.slots.common * self.receivers
        return flat[:cut].reshape(self.slots.common, self.receivers), flat[cut:].reshape(-1, self.slots.crowded)

    def _slots(self, flat: Array) -> tuple[list[Array], list[Array]]:
        """One edge's common slots `[receivers]`, and those of crowded receivers alone `[crowded]`.

        Cut out one by one, so that XLA reads them where they are: a table of them would be copied at every step.
        """
        common, more = self.slots.common, self.slots.most - self.slots.common
        cuts = np.cumsum([self.receivers] * common + [self.slots.crowded] * more)[:-1]
        parts = jnp.split(flat, cuts)
        return parts[:common], parts[common:]

    def _flat(self, by_slot: Array, crowded: Array) -> Array:
        """`[most, receivers]` as one edge's slots; beyond the common ones only those of crowded receivers."""
        more = by_slot[self.slots.common :, crowded]
        xp: Any = by_slot.__array_namespace__()
        flat: Array = xp.concatenate([by_slot[: self.slots.common].reshape(-1), more.reshape(-1)])
        return flat

    def _by_slot(self, receivers: Array, crowded: Array) -> Array:
        """Of one edge, what belongs to each slot's receiver."""
        common = jnp.broadcast_to(receivers, (self.slots.common, self.receivers))
        more = jnp.broadcast_to(receivers[crowded], (self.slots.most - self.slots.common, self.slots.crowded))
        return jnp.concatenate([common.reshape(-1), more.reshape(-1)])

    def _dense(self) -> Dense:
        return Dense(self.senders, self.receivers, True, True, masked=True, diagonal=self.diagonal)


def _verified(full: Array, excess: Array) -> Array:
    """The weights, or an error: at once where they are known, when they are computed where they are not."""
    if isinstance(excess, Tracer):
        checked: Array = eqx.error_if(full, excess, _TOO_MANY)
        return checked
    if excess:
        raise ValueError(_TOO_MANY)
    return full


def _edges(stored: Stored) -> list[Stored]:
    """What is stored, edge by edge."""
    return [stored.map(partial(lax.index_in_dim, index=e, axis=0, keepdims=False)) for e in range(len(stored.weights))]


def _gathered(weights: list[Array], senders: list[Array], sent: Array) -> Array:
    """The sum over slots `[receivers]`, in a few sums side by side, so that none waits for the one before."""
    terms = [weight[:, None] * sent[sender] for weight, sender in zip(weights, senders, strict=True)]
    sums = [sum(terms[first + SUMS :: SUMS], start=terms[first]) for first in range(min(SUMS, len(terms)))]
    total: Array = sum(sums[1:], start=sums[0])
    return total


def _sampled(sender: Array, receiver: Array, senders: Array) -> Array:
    """The sum over the batch for slots `[slots, receivers]`, from `[batch, units]` of both ends.

    Example by example, whole slots at a time, the gathers read single numbers from a vector that stays in the nearest
    cache: half the time of gathering short rows slot by slot.
    """
    if len(sender) > FEW_EXAMPLES:
        total: Array = jnp.zeros(senders.shape, sender.dtype)
        total, _ = lax.scan(lambda sum_, ends: (sum_ + ends[1] * ends[0][senders], None), total, (sender, receiver))
        return total
    found: Array = sum(right * left[senders] for left, right in zip(sender, receiver, strict=True))
    return found
