"""Messages: what edges send, and the fields that they sum to."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
from jax import Array

from dync.compiler.expression import Symbol, symbols
from dync.compiler.plan import FamilyPlan, Structure
from dync.runtime.arrays import added, per_member, take
from dync.runtime.evaluate import evaluate
from dync.runtime.history import sources
from dync.runtime.kinds.of_family import kinds
from dync.runtime.kinds.stored import Stored
from dync.runtime.layer_map import LayerMap, Parameters
from dync.runtime.ports import ports_of_families
from dync.runtime.sent import sent
from dync.runtime.state import Values
from dync.runtime.step_program import Transfer

Fields = dict[int, Array]
"""The field at each port that anything reaches, in the layout of the port's block."""


def add_messages(
    structure: Structure,
    lmap: LayerMap,
    parameters: Parameters,
    values: Values,
    transfers: tuple[Transfer, ...],
    fields: Fields | None = None,
) -> Fields:
    """The fields with the messages of some edges added, all read from the same values.

    Where some have a delay, `values` are those that are `heard` (see `dync.runtime.history`).
    """
    found = dict(fields or {})
    for transfer in transfers:
        port = ports_of_families(structure)[transfer.family]
        messages = transfer_messages(structure, lmap, parameters, values, transfer)
        found[port] = _add(found.get(port), messages, transfer, structure)
    return found


def transfer_messages(
    structure: Structure, lmap: LayerMap, parameters: Parameters, values: Values, transfer: Transfer
) -> Array:
    """The messages of some edges of one family, `[edges, …]` in the layout of the receiver's block."""
    f = transfer.family
    family = structure.families[f]
    pick, own = partial(take, places=transfer.senders), partial(take, places=transfer.edges)
    held = {name: pick(values[source]) for name, source in sources(structure)[f].items()}
    emits = emitted(
        family,
        held[""],
        lambda: sent(structure, family.sender, parameters, held, pick),
        lambda name: own(parameters[f"family.{f}.sends.{name}"]),
    )
    arrays = stored(lmap, parameters, f)
    every = len(transfer.edges) == len(family.edges)
    return kinds(structure)[f].message(arrays if every else arrays.map(own), emits)


def stored(lmap: LayerMap, parameters: Parameters, f: int) -> Stored:
    """The arrays of a family as its messages need them."""
    family, found = lmap.structure.families[f], lmap.stored(f)
    if family.inner is None:
        return found
    return found.with_numbers(inner_numbers(family, f, parameters))


def inner_numbers(family: FamilyPlan, f: int, parameters: Parameters) -> Parameters:
    """The numbers of the networks that the edges of a family are, `[edges, …]` by their keys there."""
    start, edges = f"family.{f}.network.", len(family.edges)
    own = {key.removeprefix(start): number for key, number in parameters.items() if key.startswith(start)}
    return {key: number.reshape(edges, -1) for key, number in own.items()}


def emitted(family: FamilyPlan, state: Array, sends: Callable[[], Array], number: Callable[[str], Array]) -> Array:
    """What the senders emit on the edges of a family, shaped as their states; `number` gives one value an edge.

    `sends` works out what their units send, where the edges read that.
    """
    if family.sends == Symbol("state"):
        return state
    if family.sends == Symbol("sent"):
        return sends()
    read = {"state": state} | ({"sent": sends()} if Symbol("sent") in symbols(family.sends) else {})
    emits = evaluate(family.sends, lambda symbol: read[symbol.name], lambda name: per_member(number(name)))
    return jnp.broadcast_to(jnp.asarray(emits, state.dtype), state.shape)


def _add(field: Array | None, messages: Array, transfer: Transfer, structure: Structure) -> Array:
    members = len(structure.blocks[structure.families[transfer.family].receiver].layers)
    receivers = transfer.receivers
    if len(set(receivers)) == len(receivers):
        return added(field, receivers, messages, members)
    summed = jax.ops.segment_sum(messages, jnp.asarray(receivers), num_segments=members)
    return summed if field is None else field + summed
