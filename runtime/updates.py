"""Local updates: what each learning edge wants its weights to do, from what is at its two ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import jax.numpy as jnp
from jax import Array, lax

from dync.compiler.expression import Expression, Symbol
from dync.compiler.plan import FamilyPlan, RulePlan, Structure, TermPlan
from dync.runtime.activation import activate, draw
from dync.runtime.engine import Machine
from dync.runtime.evaluate import Value, evaluate
from dync.runtime.layout import receivers, senders
from dync.runtime.messages import Fields, add_messages, take
from dync.runtime.state import State, Values, with_constants
from dync.runtime.step_program import transfers

CHUNK_BYTES = 64 * 2**20
"""Memory for the `[batch, in, out]` intermediate of a rule that cannot be separated; at least one example is taken."""

Ends = Callable[[Symbol], Value]
"""What a symbol of a rule stands for: the sender's side `[edges, batch, in]`, the receiver's `[edges, batch, out]`."""


@dataclass(frozen=True)
class Moment:
    """The values of a network at one moment and, worked out when a rule first asks, its fields."""

    machine: Machine
    values: Values
    key: Array

    @cached_property
    def fields(self) -> Fields:
        """The fields that rules see, with the messages that the network's `rule_messages` lets through."""
        structure = self.machine.structure
        sent = transfers(structure, structure.rule_messages)
        fields = add_messages(structure, self.machine.lmap, self.machine.parameters, self.values, sent)
        return {b: fields.get(b, jnp.zeros_like(v)) for b, v in enumerate(self.values)}

    def receiver(self, name: str, b: int) -> Array:
        """`post`, `field`, `predicted` or `slope` of block `b`, `[members, batch, units]`."""
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


def updates(machine: Machine, state: State, key: Array) -> dict[int, Array]:
    """The update of every family that learns, shaped as its weights; zero where weights are absent or fixed."""
    structure = machine.structure
    values = with_constants(structure, machine.parameters, state.values)
    moments: dict[str | None, Moment] = {None: Moment(machine, values, key)}
    moments |= {name: Moment(machine, found, key) for name, found in state.snapshots.items()}
    return {
        f: _family_update(machine, f, structure.rules[family.rule], moments)
        for f, family in enumerate(structure.families)
        if family.rule is not None
    }


def _family_update(machine: Machine, f: int, rule: RulePlan, moments: dict[str | None, Moment]) -> Array:
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

    batch = moments[None].values[0].shape[1]
    return rule_update(structure, family, rule, lmap.weights[f], lmap.masks[f], number, ends, batch)


def rule_update(
    structure: Structure,
    family: FamilyPlan,
    rule: RulePlan,
    weight: Array,
    mask: Array | None,
    number: Callable[[str], Array],
    ends: Ends,
    batch: int,
) -> Array:
    """The updates of edges of one family with weights `[edges, in, out]`, shaped like them.

    `number` gives the rule's parameters, `[edges]`; `ends` what is at the two ends.
    """
    contraction = _Contraction(structure, family, weight, lambda name: number(name)[:, None, None], ends, batch)
    update = contraction.separated(rule.terms) if rule.terms is not None else contraction.literal(rule.update)
    return confine(family, mask, update)


def confine(family: FamilyPlan, mask: Array | None, change: Array) -> Array:
    """A change of weights with nothing where weights are absent or fixed."""
    if mask is not None:
        change = jnp.where(mask, change, 0)
    if family.diagonal:
        change = jnp.where(jnp.eye(change.shape[-1], dtype=bool), 0, change)
    return change


@dataclass(frozen=True)
class _Contraction:
    """The sum of a rule over the batch, for edges of one family: `weight` is `[edges, in, out]` or `[edges, units]`."""

    structure: Structure
    family: FamilyPlan
    weight: Array
    parameter: Callable[[str], Value]
    ends: Ends
    batch: int

    @property
    def paired(self) -> bool:
        """Whether unit i meets unit i alone."""
        return self.family.kind == "one_to_one"

    def size(self, symbol: Symbol) -> Value:
        """`batch`, `fan_in`, `fan_out`."""
        match symbol.name:
            case "batch":
                return float(self.batch)
            case "fan_in":
                return float(self.structure.blocks[self.family.sender].units)
            case "fan_out":
                return float(self.structure.blocks[self.family.receiver].units)
        return self.ends(symbol)

    def separated(self, terms: tuple[TermPlan, ...]) -> Array:
        """A sum of products, one matrix product each at most."""
        total = jnp.zeros_like(self.weight)
        for index, term in enumerate(terms):
            found = self._term(term)
            total = jnp.broadcast_to(found, self.weight.shape) if index == 0 else total + found
        return total

    def _term(self, term: TermPlan) -> Array:
        """`scalar * sum over the batch of sender * receiver * weight`; the scalar goes where it multiplies least."""
        scalar = self._factor(term.scalar)
        sender, receiver = self._factor(term.sender), self._factor(term.receiver)
        if receiver is not None:
            receiver, scalar = receiver * (1.0 if scalar is None else scalar), None
        elif sender is not None:
            sender, scalar = sender * (1.0 if scalar is None else scalar), None
        total = self._contract(sender, receiver)
        if scalar is not None:
            total = total * self._shaped(scalar)
        if term.weight is None:
            return total
        return total * self._weight_factor(term.weight)

    def _factor(self, expression: Expression | None) -> Array | None:
        if expression is None:
            return None
        return jnp.asarray(evaluate(expression, self.size, self.parameter), jnp.float32)

    def _shaped(self, scalar: Array) -> Array:
        """A factor `[edges, 1, 1]` as it multiplies the weights."""
        return scalar[..., 0] if self.paired and scalar.ndim else scalar

    def _weight_factor(self, expression: Expression) -> Array:
        def parameter(name: str) -> Value:
            return self._shaped(jnp.asarray(self.parameter(name)))

        return jnp.asarray(evaluate(expression, lambda _: self.weight, parameter))

    def _contract(self, sender: Array | None, receiver: Array | None) -> Array:
        """The sum over the batch, `[edges, in, out]` or what broadcasts to it."""
        if self.paired:
            factors = [f for f in (sender, receiver) if f is not None]
            both = factors[0] if len(factors) == 1 else factors[0] * factors[1] if factors else None
            return jnp.asarray(float(self.batch)) if both is None else jnp.sum(both, axis=1)
        if sender is None and receiver is None:
            return jnp.asarray(float(self.batch))
        if sender is None:
            assert receiver is not None
            return jnp.sum(self._over_batch(receiver), axis=1)[:, None, :]
        if receiver is None:
            return jnp.sum(self._over_batch(sender), axis=1)[:, :, None]
        if self.weight.shape[0] == 1:
            return (sender[0].T @ receiver[0])[None]
        return jnp.einsum("ebi,ebj->eij", sender, receiver)

    def _over_batch(self, factor: Array) -> Array:
        return jnp.broadcast_to(factor, (factor.shape[0], self.batch, factor.shape[-1]))

    def literal(self, update: Expression) -> Array:
        """The rule evaluated synapse by synapse, some examples at a time so that the memory is bounded."""
        if self.paired:
            return jnp.sum(self._per_synapse(update, slice(None)), axis=1)
        chunk = self._chunk()

        def body(total: Array, start: Array) -> tuple[Array, None]:
            part = self._per_synapse(update, start, chunk)
            return total + jnp.sum(part, axis=1), None

        starts = jnp.arange(0, self.batch, chunk)
        return lax.scan(body, jnp.zeros_like(self.weight), starts)[0]

    def _chunk(self) -> int:
        """The largest divisor of the batch whose intermediate fits `CHUNK_BYTES`."""
        fitting = max(1, CHUNK_BYTES // (4 * max(1, self.weight.size)))
        return max(n for n in range(1, self.batch + 1) if self.batch % n == 0 and n <= fitting)

    def _per_synapse(self, update: Expression, start: Array | slice, length: int = 0) -> Array:
        """`[edges, examples, in, out]`, or `[edges, batch, units]` for unit-by-unit edges."""

        def symbol(s: Symbol) -> Value:
            if s.name == "weight":
                return self.weight[:, None]
            value = self.size(s)
            if isinstance(value, float):
                return value
            if isinstance(start, slice):
                return value
            some = lax.dynamic_slice_in_dim(value, start, length, axis=1)
            return some[:, :, :, None] if s.name == "pre" else some[:, :, None, :]

        def parameter(name: str) -> Value:
            value = jnp.asarray(self.parameter(name))
            return value if self.paired else value[..., None]

        shape = (self.weight.shape[0], self.batch if isinstance(start, slice) else length, *self.weight.shape[1:])
        return jnp.broadcast_to(jnp.asarray(evaluate(update, symbol, parameter), jnp.float32), shape)
