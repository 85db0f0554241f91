"""Messages: what edges send, and the fields that they sum to."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

from dync.compiler.expression import Symbol
from dync.compiler.plan import FamilyPlan, Structure
from dync.runtime.evaluate import Value, evaluate
from dync.runtime.layer_map import LayerMap, Parameters
from dync.runtime.layout import as_slice
from dync.runtime.state import Values
from dync.runtime.step_program import Transfer

Fields = dict[int, Array]
"""The field of each block that anything reaches, `[members, batch, units]`."""


def add_messages(
    structure: Structure,
    lmap: LayerMap,
    parameters: Parameters,
    values: Values,
    transfers: tuple[Transfer, ...],
    fields: Fields | None = None,
) -> Fields:
    """The fields with the messages of some edges added, all read from the same values."""
    found = dict(fields or {})
    for transfer in transfers:
        family = structure.families[transfer.family]
        messages = transfer_messages(structure, lmap, parameters, values, transfer)
        found[family.receiver] = _add(found.get(family.receiver), messages, transfer, structure)
    return found


def transfer_messages(
    structure: Structure, lmap: LayerMap, parameters: Parameters, values: Values, transfer: Transfer
) -> Array:
    """The messages of some edges of one family, `[edges, batch, units of receiver]`."""
    family = structure.families[transfer.family]
    every = len(transfer.edges) == len(family.edges)
    place = slice(None) if every else as_slice(transfer.edges)
    state = take(values[family.sender], transfer.senders)
    diagonal = lmap.diagonals[transfer.family]
    return messages_of(
        family,
        state,
        lmap.weights[transfer.family][place],
        None if diagonal is None else diagonal[place],
        lambda name: parameters[f"family.{transfer.family}.sends.{name}"][place],
    )


def messages_of(family: FamilyPlan, state: Array, weight: Array, diagonal: Array | None, parameter: object) -> Array:
    """The messages of edges of one family from their senders' states `[edges, batch, units]`."""
    sent = emitted(family, state, parameter)
    if family.kind == "one_to_one":
        return sent * weight.reshape(*weight.shape[:1], 1, *(weight.shape[1:] or (1,)))
    message = product(sent, weight)
    return message if diagonal is None else message + diagonal[:, None, None] * sent


def emitted(family: FamilyPlan, state: Array, parameter: object) -> Array:
    """What the senders emit on the edges of a family, `[edges, batch, units]`."""
    if family.sends == Symbol("state"):
        return state

    def value(name: str) -> Value:
        return parameter(name)[:, None, None]  # type: ignore[operator, no-any-return]

    return jnp.broadcast_to(evaluate(family.sends, lambda _: state, value), state.shape)


def product(left: Array, right: Array) -> Array:
    """`[edges, batch, in] @ [edges, in, out]`; one edge goes through a plain product, which the CPU does best."""
    if left.shape[0] == 1:
        return (left[0] @ right[0])[None]
    return left @ right


def take(block: Array, places: tuple[int, ...]) -> Array:
    """Members of a block; all of them in their order cost nothing, a run of them is a slice."""
    if places == tuple(range(block.shape[0])):
        return block
    return block[as_slice(places)]


def _add(field: Array | None, messages: Array, transfer: Transfer, structure: Structure) -> Array:
    members = len(structure.blocks[structure.families[transfer.family].receiver].layers)
    receivers = transfer.receivers
    if receivers == tuple(range(members)):
        return messages if field is None else field + messages
    if field is None:
        field = jnp.zeros((members, *messages.shape[1:]), messages.dtype)
    if len(set(receivers)) == len(receivers):
        return field.at[as_slice(receivers)].add(messages)
    summed = jax.ops.segment_sum(messages, jnp.asarray(receivers), num_segments=members)
    return field + summed
