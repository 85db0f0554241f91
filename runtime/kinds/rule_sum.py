"""The sum of a rule over the batch, term by term or synapse by synapse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import jax.numpy as jnp
from jax import Array

from dync.compiler.expression import Expression, Symbol
from dync.compiler.plan import RulePlan, TermPlan
from dync.runtime.evaluate import Value, evaluate
from dync.runtime.kinds.stored import Stored

if TYPE_CHECKING:
    from dync.runtime.kinds.synaptic import SynapticKind

ReadSymbol = Callable[[Symbol], Value]
"""What a symbol of a rule stands for; arrays are in the layout of the block that they belong to."""


@dataclass(frozen=True)
class RuleInput:
    """What a rule reads, for edges of one family: its parameters `[edges]`, what is at the ends, and sizes."""

    number: Callable[[str], Array]
    ends: ReadSymbol
    batch: int
    fan_in: int
    fan_out: int

    def read(self, symbol: Symbol) -> Value:
        """A symbol of the rule: sizes are numbers, everything else is at the ends."""
        sizes = {"batch": self.batch, "fan_in": self.fan_in, "fan_out": self.fan_out}
        return float(sizes[symbol.name]) if symbol.name in sizes else self.ends(symbol)

    def factor(self, expression: Expression | None) -> Array | None:
        """A factor of a term at one of its ends; None, which is one, stays None."""
        if expression is None:
            return None
        return jnp.asarray(evaluate(expression, self.read, lambda name: self.number(name)[:, None, None]), jnp.float32)


@dataclass(frozen=True)
class RuleSum:
    """The sum of a rule over the batch, for edges of one family whose synapses are told apart."""

    kind: SynapticKind
    stored: Stored
    given: RuleInput

    def total(self, rule: RulePlan) -> Array:
        """The update, shaped as the weights."""
        return self.literal(rule.update) if rule.terms is None else self.separated(rule.terms)

    def literal(self, update: Expression) -> Array:
        """The rule evaluated synapse by synapse."""
        given = self.given
        return self.kind.literal(update, given.read, given.number, self.stored, given.batch)

    def separated(self, terms: tuple[TermPlan, ...]) -> Array:
        """A sum of products, one product of arrays each at most."""
        if not terms:
            return jnp.zeros_like(self.stored.weights)
        total = self._term(terms[0])
        for term in terms[1:]:
            total = total + self._term(term)
        return jnp.broadcast_to(total, self.stored.weights.shape)

    def _term(self, term: TermPlan) -> Array:
        """`scalar * sum over the batch of sender * receiver * weight`; the scalar goes where it multiplies least."""
        sender, receiver, scalar = scaled_ends(term, self.given)
        total = self.kind.contract(sender, receiver, self.stored, self.given.batch)
        if scalar is not None:
            total = total * self.kind.scalar(scalar)
        return total if term.weight is None else total * self._weight_factor(term.weight)

    def _weight_factor(self, expression: Expression) -> Array:
        def read(symbol: Symbol) -> Value:
            return self.stored.weights if symbol.name == "weight" else self.given.read(symbol)

        def number(name: str) -> Value:
            return self.kind.scalar(self.given.number(name)[:, None, None])

        return jnp.asarray(evaluate(expression, read, number))


def scaled_ends(term: TermPlan, given: RuleInput) -> tuple[Array | None, Array | None, Array | None]:
    """The factors of a term at the sender and at the receiver, one of them with the scalar; or else the scalar."""
    scalar = given.factor(term.scalar)
    sender, receiver = given.factor(term.sender), given.factor(term.receiver)
    if receiver is not None:
        receiver, scalar = receiver * (1.0 if scalar is None else scalar), None
    elif sender is not None:
        sender, scalar = sender * (1.0 if scalar is None else scalar), None
    return sender, receiver, scalar
