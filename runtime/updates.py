"""Local updates: what each learning edge wants its weights to do, from what is at its two ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import jax
import jax.numpy as jnp
from jax import Array, lax

from dync.compiler.expression import Expression, Symbol
from dync.compiler.plan import RulePlan, TermPlan
from dync.runtime.activation import activate, draw
from dync.runtime.engine import Machine
from dync.runtime.evaluate import Value, evaluate
from dync.runtime.kinds.kind import EdgeKind, ReadSymbol, kept
from dync.runtime.kinds.of_family import kinds
from dync.runtime.kinds.stored import Stored
from dync.runtime.layout import receivers, senders
from dync.runtime.messages import Fields, add_messages, take
from dync.runtime.state import State, Values, state_batch, with_constants
from dync.runtime.step_program import transfers


@dataclass(frozen=True)
class Moment:
    """The values of a network at one moment and, worked out when a rule first asks, its fields."""

    machine: Machine
    values: Values
    key: Array | None

    @cached_property
    def fields(self) -> Fields:
        """The fields that rules see, with the messages that the network's `rule_messages` lets through."""
        structure = self.machine.structure
        sent = transfers(structure, structure.rule_messages)
        values, lmap, parameters = self.values, self.machine.lmap, self.machine.parameters
        sparse = tuple(t for t in sent if structure.families[t.family].slots is not None)
        dense = tuple(t for t in sent if t not in sparse)
        fields = add_messages(structure, lmap, parameters, values, dense)
        if sparse:
            fields = made_once(lambda: add_messages(structure, lmap, parameters, values, sparse, fields))
        return {b: fields.get(b, jnp.zeros_like(v)) for b, v in enumerate(values)}

    def receiver(self, name: str, b: int) -> Array:
        """`post`, `field`, `predicted` or `slope` of block `b`, in its layout."""
        structure, parameters = self.machine.structure, self.machine.parameters
        match name:
            case "post":
                return self.values[b]
            case "field":
                return self.fields[b]
        activation = structure.blocks[b].activation
        expression = activation.slope if activation is not None and name == "slope" else None
        draws = draw(structure, b, self.key, self.values[b].shape)
        return activate(structure, b, parameters, self.fields[b], self.values[b], draws, expression=expression)


def made_once(compute: Callable[[], Fields]) -> Fields:
    """What a function gives, kept in memory: XLA would repeat the sum of a sparse message in all that read it.

    It does not look into a branch whose condition it cannot see; barriers alone do not hold it off.
    """
    nothing = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), jax.eval_shape(compute))
    made: Fields = lax.cond(kept(jnp.asarray(True)), compute, lambda: nothing)
    return made


def updates(machine: Machine, state: State, key: Array | None) -> dict[int, Array]:
    """The update of every family that learns, shaped as its weights; zero where weights are absent or fixed."""
    structure = machine.structure
    values = with_constants(structure, machine.parameters, state.values)
    moments: dict[str | None, Moment] = {None: Moment(machine, values, key)}
    moments |= {name: Moment(machine, found, key) for name, found in state.snapshots.items()}
    return {
        f: _family_update(machine, f, moments) for f, family in enumerate(structure.families) if family.rule is not None
    }


def _family_update(machine: Machine, f: int, moments: dict[str | None, Moment]) -> Array:
    structure, lmap = machine.structure, machine.lmap
    family = structure.families[f]
    read, write = senders(structure, family), receivers(structure, family)

    def ends(symbol: Symbol) -> Value:
        moment = moments[symbol.moment]
        if symbol.name == "pre":
            return take(moment.values[family.sender], read)
        return take(moment.receiver(symbol.name, family.receiver), write)

    def number(name: str) -> Array:
        return machine.parameters[f"family.{f}.rule.{name}"]

    batch = state_batch(structure, moments[None].values)
    assert family.rule is not None
    return rule_update(structure.rules[family.rule], kinds(structure)[f], lmap.stored(f), number, ends, batch)


def rule_update(
    rule: RulePlan, kind: EdgeKind, stored: Stored, number: Callable[[str], Array], ends: ReadSymbol, batch: int
) -> Array:
    """The updates of edges of one family, shaped as their weights, zero where weights are absent or fixed.

    `number` gives the rule's parameters, `[edges]`; `ends` what is at the two ends, in the layouts of their blocks.
    """
    sum_ = _Sum(kind, stored, number, ends, batch)
    update = sum_.separated(rule.terms) if rule.terms is not None else sum_.literal(rule.update)
    return kind.confine(stored, update)


@dataclass(frozen=True)
class _Sum:
    """The sum of a rule over the batch, for edges of one family."""

    kind: EdgeKind
    stored: Stored
    number: Callable[[str], Array]
    ends: ReadSymbol
    batch: int

    def read(self, symbol: Symbol) -> Value:
        """A symbol of the rule: sizes are numbers, everything else is at the ends."""
        sizes = {"batch": self.batch, "fan_in": self.kind.senders, "fan_out": self.kind.receivers}
        return float(sizes[symbol.name]) if symbol.name in sizes else self.ends(symbol)

    def literal(self, update: Expression) -> Array:
        """The rule evaluated synapse by synapse."""
        return self.kind.literal(update, self.read, self.number, self.stored, self.batch)

    def separated(self, terms: tuple[TermPlan, ...]) -> Array:
        """A sum of products, one matrix product each at most."""
        if not terms:
            return jnp.zeros_like(self.stored.weights)
        total = self._term(terms[0])
        for term in terms[1:]:
            total = total + self._term(term)
        return jnp.broadcast_to(total, self.stored.weights.shape)

    def _term(self, term: TermPlan) -> Array:
        """`scalar * sum over the batch of sender * receiver * weight`; the scalar goes where it multiplies least."""
        scalar = self._factor(term.scalar)
        sender, receiver = self._factor(term.sender), self._factor(term.receiver)
        if receiver is not None:
            receiver, scalar = receiver * (1.0 if scalar is None else scalar), None
        elif sender is not None:
            sender, scalar = sender * (1.0 if scalar is None else scalar), None
        total = self.kind.contract(sender, receiver, self.stored, self.batch)
        if scalar is not None:
            total = total * self.kind.scalar(scalar)
        return total if term.weight is None else total * self._weight_factor(term.weight)

    def _factor(self, expression: Expression | None) -> Array | None:
        if expression is None:
            return None
        return jnp.asarray(evaluate(expression, self.read, self._number), jnp.float32)

    def _number(self, name: str) -> Value:
        return self.number(name)[:, None, None]

    def _weight_factor(self, expression: Expression) -> Array:
        def read(symbol: Symbol) -> Value:
            return self.stored.weights if symbol.name == "weight" else self.read(symbol)

        return jnp.asarray(evaluate(expression, read, lambda name: self.kind.scalar(self.number(name)[:, None, None])))
