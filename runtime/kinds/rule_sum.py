"""The sum of a rule over the batch, term by term or synapse by synapse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import jax.numpy as jnp
from jax import Array

from dync.compiler.expression import Expression, Symbol, modulator_of
from dync.compiler.plan import RulePlan, TermPlan
from dync.runtime.arrays import per_member
from dync.runtime.evaluate import Value, evaluate
from dync.runtime.kinds.stored import Stored

if TYPE_CHECKING:
    from dync.runtime.kinds.kind import EdgeKind
    from dync.runtime.kinds.synaptic import SynapticKind

ReadSymbol = Callable[[Symbol], Value]
"""What a symbol of a rule stands for; arrays are in the layout of the block that they belong to."""

SENDERS = frozenset({"pre", "pre.state"})
"""What a rule reads at the sender's end, traces aside."""


@dataclass(frozen=True)
class RuleInput:
    """What a rule reads, for edges of one family: its parameters `[edges]`, what is at the ends, and sizes.

    Modulators are `[batch]`. `senders` are the symbols at the sender's end.
    """

    number: Callable[[str], Array]
    ends: ReadSymbol
    batch: int
    fan_in: int
    fan_out: int
    senders: frozenset[str] = SENDERS

    def at_sender(self, symbol: Symbol) -> bool:
        """Whether a symbol is at the sender's end of a synapse."""
        return symbol.name in self.senders

    def read(self, symbol: Symbol) -> Value:
        """A symbol of the rule: sizes are numbers, everything else is at the ends."""
        sizes = {"batch": self.batch, "fan_in": self.fan_in, "fan_out": self.fan_out}
        return float(sizes[symbol.name]) if symbol.name in sizes else self.ends(symbol)

    def read_in(self, symbol: Symbol, units_first: bool) -> Value:
        """The same; what is one number an example, in an array of this layout for all edges and units alike."""
        value = self.read(symbol)
        if isinstance(value, float) or modulator_of(symbol.name) is None:
            return value
        return value.reshape((1, 1, -1) if units_first else (1, -1, 1))

    def factor(self, expression: Expression | None, units_first: bool = False) -> Array | None:
        """A factor of a term at one of its ends, whose block has this layout; None, which is one, stays None."""
        if expression is None:
            return None

        def read(symbol: Symbol) -> Value:
            return self.read_in(symbol, units_first)

        return jnp.asarray(evaluate(expression, read, lambda name: per_member(self.number(name))), jnp.float32)


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
        return self.kind.literal(update, self.given, self.stored)

    def separated(self, terms: tuple[TermPlan, ...]) -> Array:
        """A sum of products, one product of arrays each at most."""
        if not terms:
            return jnp.zeros_like(self.stored.weights)
        alone = len(terms) == 1
        total = self._term(terms[0], alone)
        for term in terms[1:]:
            total = total + self._term(term, alone)
        return jnp.broadcast_to(total, self.stored.weights.shape)

    def _term(self, term: TermPlan, alone: bool) -> Array:
        """`scalar * sum over the batch of sender * receiver * weight`.

        Of a term that is `alone` the scalar goes to one end, where it multiplies least. Of several it multiplies what
        is added up anyway, which XLA makes one loop of; within a sum over the batch of one end it would take as long as
        all the rest (measured on a CPU).
        """
        both = term.sender is not None and term.receiver is not None
        sender, receiver, scalar = (scaled_ends if alone and both else ends)(term, self.given, self.kind)
        total = self.kind.contract(sender, receiver, self.stored, self.given.batch)
        if scalar is not None:
            total = total * self.kind.scalar(scalar)
        return total if term.weight is None else total * self._weight_factor(term.weight)

    def _weight_factor(self, expression: Expression) -> Array:
        def read(symbol: Symbol) -> Value:
            return self.stored.weights if symbol.name == "weight" else self.given.read(symbol)

        def number(name: str) -> Value:
            return self.kind.scalar(per_member(self.given.number(name)))

        return jnp.asarray(evaluate(expression, read, number))


Ends = tuple[Array | None, Array | None, Array | None]
"""The factors of a term at the sender and at the receiver, and its scalar."""


def ends(term: TermPlan, given: RuleInput, kind: EdgeKind) -> Ends:
    """The factors of a term as they are."""
    sender = given.factor(term.sender, kind.sender_units_first)
    receiver = given.factor(term.receiver, kind.receiver_units_first)
    return sender, receiver, given.factor(term.scalar)


def scaled_ends(term: TermPlan, given: RuleInput, kind: EdgeKind) -> Ends:
    """The same with the scalar multiplied into one of the ends where there is one."""
    sender, receiver, scalar = ends(term, given, kind)
    if receiver is not None:
        receiver, scalar = receiver * (1.0 if scalar is None else scalar), None
    elif sender is not None:
        sender, scalar = sender * (1.0 if scalar is None else scalar), None
    return sender, receiver, scalar
