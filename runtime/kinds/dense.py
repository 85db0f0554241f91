"""Dense edges: a matrix of weights, a matrix product a message, a matrix product an update."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
from jax import Array, lax

from dync.compiler.expression import Expression, Symbol, symbols
from dync.runtime.arrays import alone, off_diagonal, only, per_member, product, within
from dync.runtime.evaluate import Value, evaluate
from dync.runtime.kinds.kind import batch_sum, kept, turned
from dync.runtime.kinds.rule_sum import RuleInput
from dync.runtime.kinds.stored import Stored
from dync.runtime.kinds.synaptic import CHUNK_BYTES, SynapticKind


@dataclass(frozen=True)
class Dense(SynapticKind):
    """Weights `[senders, receivers]`. `masked` ones can be absent, `diagonal` ones have a fixed diagonal."""

    masked: bool
    diagonal: bool

    @property
    def shape(self) -> tuple[int, ...]:
        """A matrix."""
        return self.senders, self.receivers

    @property
    def numbers(self) -> int:
        """One a weight, and where weights can be absent another."""
        return self.senders * self.receivers * (2 if self.masked else 1)

    @property
    def work(self) -> int:
        """One multiply-add a weight."""
        return self.senders * self.receivers

    def draw(self, normal: Array, strength: Array, density: Array) -> Stored:
        """Gaussian weights of deviation `strength / sqrt(fan_in * density)`, each kept with probability `density`.

        A normal number is within `sqrt(2) erfinv(density)` of zero with that probability.
        """
        numbers = normal.reshape(-1, *self.shape)
        weights = strength / jnp.sqrt(self.senders * density) * numbers[0]
        if self.diagonal:
            weights = within(weights, off_diagonal(self.senders))
        if not self.masked:
            return Stored(weights, None, None, None)
        kept = jnp.abs(numbers[1]) < jnp.sqrt(2.0) * lax.erf_inv(density)
        if self.diagonal:
            kept = kept & off_diagonal(self.senders)
        return Stored(jnp.where(kept, weights, 0), None, kept, None)

    def full(self, stored: Stored) -> Array:
        """The matrix, with its fixed diagonal."""
        if stored.diagonal is None:
            return stored.weights
        return stored.weights + stored.diagonal * jnp.eye(self.senders, dtype=stored.weights.dtype)

    def pack(self, full: Array, stored: Stored) -> Stored:
        """The matrix without its diagonal, where that is fixed."""
        xp = full.__array_namespace__()
        weights = xp.where(xp.eye(self.senders, dtype=bool), xp.float32(0), full) if self.diagonal else full
        return Stored(weights, stored.diagonal, weights != 0 if self.masked else None, None)

    def turn(self, stored: Stored) -> Stored:
        """The transposed matrix."""
        mask = None if stored.mask is None else jnp.swapaxes(stored.mask, 1, 2)
        return Stored(jnp.swapaxes(stored.weights, 1, 2), stored.diagonal, mask, None)

    def keep(self, full: Array, exists: Array) -> Stored:
        """The weights that exist, zero or not; none of them is on a fixed diagonal."""
        return Stored(jnp.where(exists, full, 0), None, exists, None)

    def refill(self, full: Array, stored: Stored) -> Stored:
        """Other weights where there are some already; those in other places are left out."""
        xp: Any = full.__array_namespace__()
        return stored.with_weights(xp.where(stored.mask, full, xp.float32(0)))

    def message(self, stored: Stored, sent: Array) -> Array:
        """`sent @ weights`, plus the diagonal's part."""
        message = self._product(stored.weights, sent)
        if stored.diagonal is None:
            return message
        return lax.add(message, lax.mul(per_member(stored.diagonal), sent))

    def _product(self, weights: Array, sent: Array) -> Array:
        """One edge goes through a plain product, which the CPU does best."""
        sent = turned(sent, self.sender_units_first)
        found = alone(product(only(sent), only(weights))) if weights.shape[0] == 1 else product(sent, weights)
        if not self.receiver_units_first:
            return found
        return turned(kept(found), True)  # a product that is made turned takes twice the time

    def contract(self, sender: Array | None, receiver: Array | None, stored: Stored, batch: int) -> Array:
        """A matrix product where both ends have a factor."""
        if sender is None and receiver is None:
            return jnp.asarray(float(batch))
        if sender is None:
            assert receiver is not None
            return batch_sum(receiver, self.receiver_units_first, batch)[:, None, :]
        if receiver is None:
            return batch_sum(sender, self.sender_units_first, batch)[:, :, None]
        examples = -1 if self.sender_units_first else -2, -1 if self.receiver_units_first else -2
        edges = stored.weights.shape[0]
        sender, receiver = _spread(sender, examples[0], edges, batch), _spread(receiver, examples[1], edges, batch)
        if edges == 1:
            return alone(product(only(sender), only(receiver), examples))
        return product(sender, receiver, examples)

    def scalar(self, value: Array) -> Array:
        """As it is."""
        return value

    def literal(self, rule: Expression, given: RuleInput, stored: Stored) -> Array:
        """Some examples at a time, each as `[edges, in, out]`."""
        found = {s: self._oriented(s, given) for s in symbols(rule) if s.name != "weight"}
        chunk = self._chunk(stored.weights.size, given.batch)

        def value(s: Symbol, start: Array) -> Value:
            if s.name == "weight":
                return stored.weights[:, None]
            array = found[s]
            return array if isinstance(array, float) else lax.dynamic_slice_in_dim(array, start, chunk, axis=1)

        def body(total: Array, start: Array) -> tuple[Array, None]:
            part = evaluate(rule, lambda s: value(s, start), lambda name: given.number(name)[:, None, None, None])
            shape = stored.weights.shape[0], chunk, *self.shape
            return total + jnp.sum(jnp.broadcast_to(jnp.asarray(part, jnp.float32), shape), axis=1), None

        return lax.scan(body, jnp.zeros_like(stored.weights), jnp.arange(0, given.batch, chunk))[0]

    def confine(self, stored: Stored, change: Array) -> Array:
        """Nothing where a weight is absent, nor on a fixed diagonal."""
        change = super().confine(stored, change)
        return within(change, off_diagonal(self.senders)) if self.diagonal else change

    def _oriented(self, symbol: Symbol, given: RuleInput) -> Value:
        """What is at an end as it stands in `[edges, batch, in, out]`."""
        value = given.read_in(symbol, self.receiver_units_first)
        if isinstance(value, float):
            return value
        if given.at_sender(symbol):
            return turned(value, self.sender_units_first)[:, :, :, None]
        return turned(value, self.receiver_units_first)[:, :, None, :]

    @staticmethod
    def _chunk(weights: int, batch: int) -> int:
        """The largest divisor of the batch whose intermediate fits `CHUNK_BYTES`."""
        fitting = max(1, CHUNK_BYTES // (4 * max(1, weights)))
        return max(n for n in range(1, batch + 1) if batch % n == 0 and n <= fitting)


def _spread(factor: Array, examples: int, edges: int, batch: int) -> Array:
    """A factor that is the same for all edges or examples, for each of them; `examples` is their axis."""
    shape = [edges, *factor.shape[1:]]
    shape[examples] = batch
    return jnp.broadcast_to(factor, shape)
