"""Local updates: what each learning edge wants its weights to do, from what is at its two ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial

import jax
import jax.numpy as jnp
from jax import Array, lax

from dync.compiler.expression import Symbol, field_of, modulator_of, trace_of
from dync.compiler.plan import RulePlan, Structure
from dync.runtime.activation import activate, draw, moved
from dync.runtime.arrays import per_member, take
from dync.runtime.beside import trace_key, traces_of
from dync.runtime.cells import held_by
from dync.runtime.declared_measures import measure_of
from dync.runtime.engine import Machine
from dync.runtime.evaluate import Value, evaluate
from dync.runtime.history import heard, sources
from dync.runtime.kinds.kind import EdgeKind, ReadSymbol, kept
from dync.runtime.kinds.of_family import kinds
from dync.runtime.kinds.rule_sum import SENDERS, RuleInput
from dync.runtime.kinds.stored import Stored
from dync.runtime.kinds.tied import with_tied
from dync.runtime.layout import receivers, senders
from dync.runtime.messages import Fields, add_messages
from dync.runtime.ports import named_arrivals, ports
from dync.runtime.sent import sent
from dync.runtime.state import State, Values, state_batch, with_constants
from dync.runtime.step_program import transfers


@dataclass(frozen=True)
class Moment:
    """The values of a network at one moment, what messages with a delay carry then behind them, and its fields.

    These are worked out when a rule first asks. `held` are the data and the targets, by which measures are taken.
    """

    machine: Machine
    values: Values
    key: Array | None
    held: Values

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
        every = {port: b for (b, _), port in ports(structure).items()}
        return {p: fields[p] if p in fields else lax.full_like(values[b], 0) for p, b in every.items()}

    def measure(self, name: str) -> Array:
        """A measure at this moment, one number an example `[batch]`."""
        return measure_of(self.machine.structure, name, self.values, self.held, self.machine.parameters)

    def receiver(self, name: str, b: int, into: str) -> Array:
        """`post`, `post.state`, `field`, `field.NAME`, `predicted` or `slope` of block `b`, in its layout.

        `into` is the field by which `slope` is the derivative.
        """
        structure, parameters = self.machine.structure, self.machine.parameters
        held = held_by(structure, b, self.values)
        if name == "post.state":
            return held[""]
        if name == "post":
            return sent(structure, b, parameters, held)
        fields = self.fields
        if (field := field_of(name)) is not None:
            port = ports(structure).get((b, field))
            return jnp.zeros_like(self.values[b]) if port is None else fields[port]
        draws, named = draw(structure, b, self.key, held[""].shape), named_arrivals(structure, b, fields)
        activation = structure.blocks[b].activation
        if activation is None or name == "predicted":
            return sent(structure, b, parameters, moved(structure, b, parameters, fields[b], held, draws, named=named))
        expression = activation.slope_by(into)
        move = partial(activate, structure, b, parameters, expression=expression, named=named, traces=held)
        return move(fields[b], held[""], draws)


Moments = dict[str | None, Moment]
"""The present moment, None, and the ends of phases by name."""

Traces = Mapping[str, Array]
"""Traces of rules, see `dync.runtime.beside`."""


def made_once(compute: Callable[[], Fields]) -> Fields:
    """What a function gives, kept in memory: XLA would repeat the sum of a sparse message in all that read it.

    It does not look into a branch whose condition it cannot see; barriers alone do not hold it off.
    """
    nothing = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), jax.eval_shape(compute))
    made: Fields = lax.cond(kept(jnp.asarray(True)), compute, lambda: nothing)
    return made


def updates(machine: Machine, state: State, key: Array | None) -> dict[int, Array]:
    """The update of every family that owns weights that learn, shaped as they are; zero where they are absent or fixed.

    What tied edges want of its weights is added, each times the rate of the edge. Families that learned during the
    protocol, or by a gradient, gathered theirs.
    """
    structure = machine.structure
    values = with_constants(structure, machine.parameters, state.values)
    held = state.held
    moments: Moments = {None: Moment(machine, heard(structure, values, state.history), key, held)}
    moments |= {name: Moment(machine, found, key, held) for name, found in state.snapshots.items()}
    found = {
        f: state.gathered[str(f)] if str(f) in state.gathered else family_update(machine, f, moments, state.rule_traces)
        for f, family in enumerate(structure.families)
        if family.learns
    }
    return with_shared(machine, found)


def with_shared(machine: Machine, wanted: Mapping[int, Array]) -> dict[int, Array]:
    """The updates of the families that own weights, from what the edges of every family want of those that they use."""
    structure, found = machine.structure, dict(wanted)
    for f, family in enumerate(structure.families):
        if family.owner is not None and f in found:
            change = found.pop(f)
            rate = machine.parameters[f"family.{f}.rate"].reshape(-1, *(1,) * (change.ndim - 1))
            found[family.owner] = with_tied(kinds(structure)[f], family, found[family.owner], rate * change)
    return found


def family_update(machine: Machine, f: int, moments: Moments, traces: Traces) -> Array:
    """The update of one family by its rule, shaped as its weights, at these moments, None being the present one."""
    structure = machine.structure
    rule = _rule(structure, f)
    number, ends = partial(_number, machine, f), _ends(machine, f, moments, traces)
    batch = state_batch(structure, moments[None].values)
    return rule_update(rule, kinds(structure)[f], machine.lmap.stored(f), number, ends, batch)


def moved_traces(machine: Machine, f: int, now: Moment, traces: Traces) -> dict[str, Array]:
    """The traces of one family's rule after a step, from what all of them were."""
    structure = machine.structure
    kind = kinds(structure)[f]
    batch = state_batch(structure, now.values)
    ends = _ends(machine, f, {None: now}, traces)
    given = RuleInput(partial(_number, machine, f), ends, batch, kind.fan_in, kind.fan_out)
    found: dict[str, Array] = {}
    for trace in (trace for side in traces_of(structure, structure.families[f]) for trace in side):
        key = trace_key(f, trace.name)
        moved = evaluate(trace.next, given.read, lambda name: per_member(given.number(name)))
        found[key] = jnp.broadcast_to(jnp.asarray(moved, jnp.float32), traces[key].shape)
    return found


def _ends(machine: Machine, f: int, moments: Moments, traces: Traces) -> ReadSymbol:
    """What is at the two ends of the edges of a family, and what the measures are that its rule takes."""
    structure = machine.structure
    family = structure.families[f]
    read, write = senders(structure, family), receivers(structure, family)
    measures = dict(zip(_rule(structure, f).modulators, family.modulators, strict=True))

    def ends(symbol: Symbol) -> Value:
        moment = moments[symbol.moment]
        if symbol.name in ("pre", "pre.state"):
            pick = partial(take, places=read)
            held = {name: pick(moment.values[place]) for name, place in sources(structure)[f].items()}
            raw = symbol.name == "pre.state"
            return held[""] if raw else sent(structure, family.sender, machine.parameters, held, pick)
        if (trace := trace_of(symbol.name)) is not None:
            return traces[trace_key(f, trace)]
        if (modulator := modulator_of(symbol.name)) is not None:
            return moment.measure(measures[modulator])
        return take(moment.receiver(symbol.name, family.receiver, family.into), write)

    return ends


def _rule(structure: Structure, f: int) -> RulePlan:
    rule = structure.families[f].rule
    assert rule is not None
    return structure.rules[rule]


def _number(machine: Machine, f: int, name: str) -> Array:
    return machine.parameters[f"family.{f}.rule.{name}"]


def rule_update(
    rule: RulePlan, kind: EdgeKind, stored: Stored, number: Callable[[str], Array], ends: ReadSymbol, batch: int
) -> Array:
    """The updates of edges of one family, shaped as their weights, zero where weights are absent or fixed.

    `number` gives the rule's parameters, `[edges]`; `ends` what is at the two ends, in the layouts of their blocks.
    """
    own = SENDERS | {f"trace.{trace.name}" for trace in rule.sender_traces}
    given = RuleInput(number, ends, batch, kind.fan_in, kind.fan_out, own)
    return kind.confine(stored, kind.update(rule, stored, given))
