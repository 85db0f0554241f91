"""Unit-by-unit edges: unit i hears unit i alone."""

from __future__ import annotations

from dataclasses import dataclass

import jax.numpy as jnp
from jax import Array, lax

from dync.compiler.expression import Expression, Symbol
from dync.runtime.arrays import per_member
from dync.runtime.evaluate import Value, evaluate
from dync.runtime.kinds.kind import batch_sum, turned
from dync.runtime.kinds.rule_sum import RuleInput
from dync.runtime.kinds.stored import Stored
from dync.runtime.kinds.synaptic import SynapticKind


@dataclass(frozen=True)
class OneToOne(SynapticKind):
    """One number an edge, or `[units]` where it learns."""

    learns: bool

    @property
    def shape(self) -> tuple[int, ...]:
        """A number or a vector."""
        return (self.receivers,) if self.learns else ()

    @property
    def numbers(self) -> int:
        """Nothing is random."""
        return 0

    @property
    def work(self) -> int:
        """One multiplication a unit."""
        return self.receivers

    def draw(self, normal: Array, strength: Array, density: Array) -> Stored:
        """The constant."""
        return Stored(jnp.broadcast_to(strength, self.shape), None, None, None)

    def turn(self, stored: Stored) -> Stored:
        """As they are: unit i hears unit i, either way."""
        return stored

    def message(self, stored: Stored, sent: Array) -> Array:
        """Each unit's value times its weight."""
        sent = turned(sent, self.sender_units_first != self.receiver_units_first)
        if not self.learns:
            return lax.mul(sent, per_member(stored.weights))
        return sent * (stored.weights[:, :, None] if self.receiver_units_first else stored.weights[:, None, :])

    def contract(self, sender: Array | None, receiver: Array | None, stored: Stored, batch: int) -> Array:
        """Unit i of both ends multiplied, and summed."""
        left = None if sender is None else turned(sender, self.sender_units_first)
        right = None if receiver is None else turned(receiver, self.receiver_units_first)
        if left is None or right is None:
            one = left if right is None else right
            return jnp.asarray(float(batch)) if one is None else batch_sum(one, False, batch)
        return batch_sum(left * right, False, batch)

    def scalar(self, value: Array) -> Array:
        """`[edges, 1]`."""
        return value[:, :, 0] if value.ndim == 3 else value

    def literal(self, rule: Expression, given: RuleInput, stored: Stored) -> Array:
        """All at once: it is no larger than the states."""

        def value(s: Symbol) -> Value:
            if s.name == "weight":
                return stored.weights[:, None, :]
            found = given.read_in(s, self.receiver_units_first)
            if isinstance(found, float):
                return found
            return turned(found, self.sender_units_first if given.at_sender(s) else self.receiver_units_first)

        part = jnp.asarray(evaluate(rule, value, lambda name: per_member(given.number(name))), jnp.float32)
        shape = stored.weights.shape[0], given.batch, self.receivers
        return jnp.sum(jnp.broadcast_to(part, shape), axis=1)
