"""Local updates: what each learning edge wants its weights to do, from what is at its two ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

import jax
import jax.numpy as jnp
from jax import Array, lax

from dync.compiler.expression import Symbol, field_of
from dync.compiler.plan import RulePlan
from dync.runtime.activation import activate, draw
from dync.runtime.engine import Machine
from dync.runtime.evaluate import Value
from dync.runtime.history import heard, sources
from dync.runtime.kinds.kind import EdgeKind, ReadSymbol, kept
from dync.runtime.kinds.of_family import kinds
from dync.runtime.kinds.rule_sum import RuleInput
from dync.runtime.kinds.stored import Stored
from dync.runtime.kinds.tied import with_tied
from dync.runtime.layout import receivers, senders
from dync.runtime.messages import Fields, add_messages, take
from dync.runtime.ports import named_arrivals, ports
from dync.runtime.state import State, Values, state_batch, with_constants
from dync.runtime.step_program import transfers


@dataclass(frozen=True)
class Moment:
    """The values of a network at one moment, what messages with a delay carry then behind them, and its fields.

    These are worked out when a rule first asks.
    """

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
        return {port: fields.get(port, jnp.zeros_like(values[b])) for (b, _), port in ports(structure).items()}

    def receiver(self, name: str, b: int, into: str) -> Array:
        """`post`, `field`, `field.NAME`, `predicted` or `slope` of block `b`, in its layout.

        `into` is the field by which `slope` is the derivative.
        """
        structure, fields = self.machine.structure, self.fields
        if name == "post":
            return self.values[b]
        if (field := field_of(name)) is not None:
            port = ports(structure).get((b, field))
            return jnp.zeros_like(self.values[b]) if port is None else fields[port]
        activation = structure.blocks[b].activation
        expression = activation.slope_by(into) if activation is not None and name == "slope" else None
        draws, named = draw(structure, b, self.key, self.values[b].shape), named_arrivals(structure, b, fields)
        update = partial(activate, structure, b, self.machine.parameters, expression=expression, named=named)
        return update(fields[b], self.values[b], draws)


def made_once(compute: Callable[[], Fields]) -> Fields:
    """What a function gives, kept in memory: XLA would repeat the sum of a sparse message in all that read it.

    It does not look into a branch whose condition it cannot see; barriers alone do not hold it off.
    """
    nothing = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), jax.eval_shape(compute))
    made: Fields = lax.cond(kept(jnp.asarray(True)), compute, lambda: nothing)
    return made


def updates(machine: Machine, state: State, key: Array | None) -> dict[int, Array]:
    """The update of every family that owns weights that learn, shaped as they are; zero where they are absent or fixed.

    What tied edges want of its weights is added, each times the rate of the edge.
    """
    structure = machine.structure
    values = with_constants(structure, machine.parameters, state.values)
    moments: dict[str | None, Moment] = {None: Moment(machine, heard(structure, values, state.history), key)}
    moments |= {name: Moment(machine, found, key) for name, found in state.snapshots.items()}
    found = {
        f: _family_update(machine, f, moments) for f, family in enumerate(structure.families) if family.rule is not None
    }
    for f, family in enumerate(structure.families):
        if family.owner is not None and f in found:
            change = found.pop(f)
            rate = machine.parameters[f"family.{f}.rate"].reshape(-1, *(1,) * (change.ndim - 1))
            found[family.owner] = with_tied(kinds(structure)[f], family, found[family.owner], rate * change)
    return found


def _family_update(machine: Machine, f: int, moments: dict[str | None, Moment]) -> Array:
    structure, lmap = machine.structure, machine.lmap
    family = structure.families[f]
    read, write = senders(structure, family), receivers(structure, family)

    def ends(symbol: Symbol) -> Value:
        moment = moments[symbol.moment]
        if symbol.name == "pre":
            return take(moment.values[sources(structure)[f]], read)
        return take(moment.receiver(symbol.name, family.receiver, family.into), write)

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
    given = RuleInput(number, ends, batch, kind.fan_in, kind.fan_out)
    return kind.confine(stored, kind.update(rule, stored, given))
