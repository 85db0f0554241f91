"""Edges whose matrix of weights is the product of two thin ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.core import Tracer
from jax.typing import ArrayLike

from dync.compiler.expression import Symbol, symbols
from dync.compiler.plan import RulePlan, TermPlan
from dync.runtime.evaluate import Value
from dync.runtime.kinds.dense import Dense
from dync.runtime.kinds.kind import EdgeKind, turned
from dync.runtime.kinds.rule_sum import RuleInput, RuleSum, scaled_ends
from dync.runtime.kinds.stored import Stored
from dync.runtime.kinds.synaptic import CHUNK_BYTES


@dataclass(frozen=True)
class LowRank(EdgeKind):
    """Weights `[senders + receivers, rank]`: the rows of U `[senders, rank]`, then those of V transposed.

    The matrix is `U V`. The rule says how the matrix is to move, `D`; the factors move by `D V^T` and `U^T D`, the
    steepest way for them to follow. That is not local in the strict sense: what a factor needs of the other is summed
    over a row or column of the matrix.
    """

    rank: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Both factors, one below the other."""
        return self.senders + self.receivers, self.rank

    @property
    def numbers(self) -> int:
        """One a weight."""
        return (self.senders + self.receivers) * self.rank

    @property
    def work(self) -> int:
        """Two thin products."""
        return self.numbers

    def draw(self, normal: Array, strength: Array, density: Array) -> Stored:
        """Gaussian factors: U of deviation `1 / sqrt(senders)`, V of `strength / sqrt(rank)`.

        Their product has the deviation `strength / sqrt(senders)` of a dense edge.
        """
        numbers = normal.reshape(self.shape)
        u = numbers[: self.senders] / jnp.sqrt(float(self.senders))
        v = strength / jnp.sqrt(float(self.rank)) * numbers[self.senders :]
        return Stored(jnp.concatenate([u, v]), None, None, None)

    def given(self, weights: ArrayLike | tuple[ArrayLike, ArrayLike]) -> ArrayLike:
        """Both factors in one array, also from the pair `(U, V)`: `[senders, rank]` and `[rank, receivers]`."""
        if not isinstance(weights, tuple | list) or len(weights) != 2:
            return weights
        traced = any(isinstance(part, Tracer) for part in weights)
        xp: Any = jnp if traced else np
        u, v = (xp.asarray(part) for part in weights)
        expected = (self.senders, self.rank), (self.rank, self.receivers)
        if (u.shape, v.shape) != expected:
            raise ValueError(
                f"the factors have the shapes {expected[0]} and {expected[1]}, not {u.shape} and {v.shape}"
            )
        joined: ArrayLike = xp.concatenate([u, v.T])
        return joined

    def turn(self, stored: Stored) -> Stored:
        """The factors in each other's place."""
        u, v = self._factors(stored)
        return stored.with_weights(jnp.concatenate([v, u], axis=1))

    def message(self, stored: Stored, sent: Array) -> Array:
        """Through the narrow middle: `(sent @ U) @ V`."""
        u, v = self._factors(stored)
        middle = turned(sent, self.sender_units_first) @ u
        return turned(middle @ jnp.swapaxes(v, 1, 2), self.receiver_units_first)

    def update(self, rule: RulePlan, stored: Stored, given: RuleInput) -> Array:
        """The update of the matrix times the other factor, without the matrix where the rule lets it be.

        Terms that read no weight are products of thin arrays; the others are worked out for some rows at a time.
        """
        if rule.terms is None:
            return self._by_rows(rule, stored, given, lambda rows: rows.literal(rule.update))
        thin = [term for term in rule.terms if term.weight is None]
        wide = tuple(term for term in rule.terms if term.weight is not None)
        total = jnp.zeros_like(stored.weights)
        for term in thin:
            total = total + self._thin(term, stored, given)
        if wide:
            total = total + self._by_rows(rule, stored, given, lambda rows: rows.separated(wide))
        return total

    def _thin(self, term: TermPlan, stored: Stored, given: RuleInput) -> Array:
        """A term without the weight: a sum over the batch of products of sender and receiver."""
        u, v = self._factors(stored)
        sender, receiver, scalar = scaled_ends(term, given, self)
        left = self._end(sender, self.sender_units_first, self.senders, given.batch)
        right = self._end(receiver, self.receiver_units_first, self.receivers, given.batch)
        if scalar is not None:
            right = right * scalar
        found = jnp.concatenate([_summed(left, right @ v), _summed(right, left @ u)], axis=1)
        return jnp.broadcast_to(found, stored.weights.shape)

    def _by_rows(self, rule: RulePlan, stored: Stored, given: RuleInput, update: Callable[[RuleSum], Array]) -> Array:
        """The update of the matrix for some senders at a time, times the other factor."""
        found = {s: given.read(s) for s in symbols(rule.update) if s.name != "weight"}  # once, outside the loop
        u, v = self._factors(stored)
        edges, chunk = stored.weights.shape[0], self._chunk(stored.weights.shape[0])
        kind = Dense(chunk, self.receivers, False, self.receiver_units_first, masked=False, diagonal=False)

        def body(total: Array, start: Array) -> tuple[Array, Array]:
            def ends(symbol: Symbol) -> Value:
                value = found[symbol]
                if not given.at_sender(symbol) or isinstance(value, float):
                    return value
                return lax.dynamic_slice_in_dim(turned(value, self.sender_units_first), start, chunk, axis=2)

            part = lax.dynamic_slice_in_dim(u, start, chunk, axis=1)
            rows = Stored(part @ jnp.swapaxes(v, 1, 2), None, None, None)
            own = replace(given, ends=ends)
            change = update(RuleSum(kind, rows, own))
            return total + jnp.swapaxes(change, 1, 2) @ part, change @ v

        changed, parts = lax.scan(body, jnp.zeros_like(v), jnp.arange(0, self.senders, chunk))
        return jnp.concatenate([jnp.moveaxis(parts, 0, 1).reshape(edges, self.senders, self.rank), changed], axis=1)

    def _factors(self, stored: Stored) -> tuple[Array, Array]:
        """U and the transpose of V."""
        return stored.weights[:, : self.senders], stored.weights[:, self.senders :]

    def _end(self, factor: Array | None, units_first: bool, units: int, batch: int) -> Array:
        value = jnp.ones((1, 1, 1), jnp.float32) if factor is None else turned(factor, units_first)
        return jnp.broadcast_to(value, (value.shape[0], batch, units))

    def _chunk(self, edges: int) -> int:
        """The largest divisor of the senders whose rows of the matrix fit `CHUNK_BYTES`."""
        fitting = max(1, CHUNK_BYTES // (4 * edges * self.receivers))
        return max(n for n in range(1, self.senders + 1) if self.senders % n == 0 and n <= fitting)


def _summed(left: Array, right: Array) -> Array:
    """`left^T right`, summed over the batch."""
    return jnp.swapaxes(left, 1, 2) @ right
