"""The engine: one step of any schedule, wave by wave, as few concurrent updates as its topology allows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import jax
import numpy as np
from jax import Array, lax
from jax.tree_util import register_dataclass
from numpy.typing import NDArray

from dync.compiler.plan import Structure
from dync.runtime.activation import Draws, draw, moved
from dync.runtime.arrays import replaced, take
from dync.runtime.cells import cells_of_block, cells_sent, held_by
from dync.runtime.kinds.of_family import kinds
from dync.runtime.layer_map import LayerMap, Parameters
from dync.runtime.messages import Fields, add_messages, emitted, stored
from dync.runtime.ports import named_arrivals, ports_of_block, ports_of_families
from dync.runtime.sent import sent
from dync.runtime.soft_clamps import SoftClamp, with_soft_clamps
from dync.runtime.state import Values
from dync.runtime.step_program import Level, StepProgram, Transfer

Places: TypeAlias = Array | NDArray[np.int32]
"""Places of members or edges; those that are known before anything is traced are NumPy's."""


@partial(register_dataclass, data_fields=["lmap", "parameters"], meta_fields=["structure", "reverse"])
@dataclass(frozen=True)
class Machine:
    """A network ready to move: its structure, weights and numbers.

    With `reverse` what it does can be differentiated backwards: phases `until settled` have as many steps as they have
    at most, of which those after the last one that is taken change nothing.
    """

    structure: Structure
    lmap: LayerMap
    parameters: Parameters
    reverse: bool = False

    def held_fields(self, program: StepProgram, values: Values) -> Fields:
        """The part of the fields that stays the same during a phase: the messages of layers at rest."""
        return add_messages(self.structure, self.lmap, self.parameters, values, program.held)

    def step(
        self, program: StepProgram, values: Values, held: Fields, key: Array | None, soft: tuple[SoftClamp, ...] = ()
    ) -> Values:
        """The values after one step; `held` is what `held_fields` gave for this program, `soft` what is pulled."""
        fields = add_messages(self.structure, self.lmap, self.parameters, values, program.old, held)
        for b in program.blocks:
            for port in ports_of_block(self.structure, b):
                if port not in fields:
                    fields[port] = lax.full_like(values[b], 0)
        fields = with_soft_clamps(fields, soft, values)
        draws = {b: draw(self.structure, b, key, values[b].shape) for b in program.blocks}
        new = values
        for segment in program.segments:
            if len(segment) == 1:
                new = self._level(segment[0], values, new, fields, draws)
            else:
                new = self._scan(segment, values, new, fields, draws)
        return new

    def _level(self, level: Level, old: Values, new: Values, fields: Fields, draws: dict[int, Draws]) -> Values:
        """The updates of one level, with static places."""
        arrived = add_messages(self.structure, self.lmap, self.parameters, new, level.transfers, fields)
        found = list(new)
        for b, places in level.updates:
            pick = partial(take, places=places)
            named = named_arrivals(self.structure, b, arrived, pick)
            after = self._moved(b, pick(arrived[b]), old, draws[b], pick, named)
            every = len(places) == old[b].shape[0]
            for c, value in after.items():
                found[c] = value if every else replaced(new[c], places, value)
        return tuple(found)

    def _moved(
        self, b: int, field: Array, old: Values, draws: Draws, pick: Callable[[Array], Array], named: dict[str, Array]
    ) -> dict[int, Array]:
        """What members of a block hold after the step, by the numbers of its cells."""
        held = {name: pick(value) for name, value in held_by(self.structure, b, old).items()}
        after = moved(self.structure, b, self.parameters, field, held, draws, pick, named)
        return dict(zip(cells_of_block(self.structure, b), after.values(), strict=True))

    def _scan(
        self, levels: Sequence[Level], old: Values, new: Values, fields: Fields, draws: dict[int, Draws]
    ) -> Values:
        """The updates of a segment of levels, one after the other, by one scan over their places."""
        blocks = [b for b, _ in levels[0].updates]
        moving = [c for b in blocks for c in cells_of_block(self.structure, b)]
        table = _table(self.structure, levels)

        def body(carry: dict[int, Array], row: _Row) -> tuple[dict[int, Array], None]:
            current = tuple(carry.get(c, v) for c, v in enumerate(new))
            arrived = self._arrivals(row, current, fields)
            after = dict(carry)
            for b in blocks:
                pick = partial(_gather, places=row.updates[b])
                named = named_arrivals(self.structure, b, arrived)
                for c, value in self._moved(b, arrived[b], old, draws[b], pick, named).items():
                    after[c] = _scatter(carry[c], row.updates[b], value)
            return after, None

        carry, _ = lax.scan(body, {c: new[c] for c in moving}, table)
        return tuple(carry.get(c, v) for c, v in enumerate(new))

    def _arrivals(self, row: _Row, values: Values, fields: Fields) -> Fields:
        """The fields of the members that one row of a segment updates, fresh messages included."""
        arrived = {
            port: _gather(fields[port], places)
            for b, places in row.updates.items()
            for port in ports_of_block(self.structure, b)
        }
        for f, (edges, senders, slots) in row.transfers.items():
            family = self.structure.families[f]
            pick = partial(_gather, places=senders)
            held = {name: pick(values[c]) for name, c in cells_sent(self.structure, family.sender).items()}
            sends = partial(sent, self.structure, family.sender, self.parameters, held, pick)
            emits = emitted(family, held[""], sends, partial(self._sending_number, f, edges))
            weights = stored(self.lmap, self.parameters, f).map(partial(_gather, places=edges))
            messages = kinds(self.structure)[f].message(weights, emits)
            port = ports_of_families(self.structure)[f]
            arrived[port] = _sum_into(arrived[port], slots, messages)
        return arrived

    def _sending_number(self, f: int, edges: Places, name: str) -> Array:
        return _gather(self.parameters[f"family.{f}.sends.{name}"], edges)


@register_dataclass
@dataclass(frozen=True)
class _Row:
    """One level of a segment as index arrays; scanned, so every leaf has a leading axis of levels.

    `updates`: members by block; `transfers`: edges, senders and the receivers' slots among the members, by family.
    Padding points one past the end: it reads zeros and writes nothing.
    """

    updates: dict[int, Places]
    transfers: dict[int, tuple[Places, Places, Places]]


def _table(structure: Structure, levels: Sequence[Level]) -> _Row:
    updates: dict[int, Places] = {
        b: _padded([dict(level.updates)[b] for level in levels], len(structure.blocks[b].layers))
        for b, _ in levels[0].updates
    }
    transfers: dict[int, tuple[Places, Places, Places]] = {}
    for f in sorted({t.family for level in levels for t in level.transfers}):
        family = structure.families[f]
        rows = [_of_family(level, f) for level in levels]
        slots = [
            tuple(dict(level.updates)[family.receiver].index(r) for r in row.receivers)
            for level, row in zip(levels, rows, strict=True)
        ]
        transfers[f] = (
            _padded([row.edges for row in rows], len(family.edges)),
            _padded([row.senders for row in rows], len(structure.blocks[family.sender].layers)),
            _padded(slots, updates[family.receiver].shape[1]),
        )
    return _Row(updates, transfers)


def _of_family(level: Level, f: int) -> Transfer:
    return next((t for t in level.transfers if t.family == f), Transfer(f, (), (), ()))


def _padded(rows: Sequence[tuple[int, ...]], padding: int) -> NDArray[np.int32]:
    width = max(map(len, rows))
    if all(len(row) == width for row in rows):
        return np.array(rows, np.int32)
    found = np.full((len(rows), width), padding, np.int32)
    for number, row in enumerate(rows):
        found[number, : len(row)] = row
    return found


def _gather(array: Array, places: Places) -> Array:
    """Rows of an array by traced places; padding reads zeros. One row is a slice, which is cheaper than a gather."""
    if places.shape == (1,) or array.shape[0] == 0:
        return _one_or_padding(array, places)
    return array.at[places].get(mode="fill", fill_value=0)


def _one_or_padding(array: Array, places: Places) -> Array:
    """A single row; padding reads the last row, which `_sum_into` and `_scatter` then drop."""
    return lax.dynamic_slice(array, _corner(array, places), (1, *array.shape[1:]), allow_negative_indices=False)


def _corner(array: Array, places: Places) -> list[Places | np.int32]:
    """Where a single row begins."""
    return [lax.squeeze(places, (0,)), *(np.int32(0) for _ in array.shape[1:])]


def _scatter(array: Array, places: Places, rows: Array) -> Array:
    """Rows written at traced places; a width of one is never padded where blocks are written."""
    if places.shape == (1,):
        return lax.dynamic_update_slice(array, rows, _corner(array, places), allow_negative_indices=False)
    return array.at[places].set(rows, mode="drop")


def _sum_into(field: Array, slots: Places, messages: Array) -> Array:
    """Messages added to the members at `slots`; padding is dropped."""
    if field.shape[0] == 1 and slots.shape == (1,):
        named = lax.eq(lax.squeeze(slots, (0,)), np.int32(0))
        return lax.add(field, lax.select(named, messages, lax.full_like(messages, 0)))
    return field + jax.ops.segment_sum(messages, slots, num_segments=field.shape[0] + 1)[:-1]
