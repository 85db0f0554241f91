"""The state of a network: what every layer holds, and what its inputs and outputs are clamped to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from dync.compiler.plan import LayerPlan, Structure
from dync.runtime.arrays import alone, zeros
from dync.runtime.beside import nothing_beside
from dync.runtime.cells import blocks_of_cells, cells, traces_of
from dync.runtime.history import History, begun, heard
from dync.runtime.kinds.kind import turned
from dync.runtime.layout import layer_number, units_first, unknown

Values = tuple[Array, ...]
"""One array a cell, `[members, batch, units]`, or `[members, units, batch]` where `units_first` says so: the states of
all blocks, and behind them the traces of those that have some (see `dync.runtime.cells`)."""


class State(eqx.Module):
    """The values of all layers for a batch, as a PyTree of static structure.

    `values` holds one array a cell, see `Values`. `held`, one a block, are the data and targets that clamped inputs
    and outputs go back to (zero where there is no target). `snapshots` are the values at the end of the phases that
    rules name with `@`, not-a-number before those ran, and behind them what messages with a delay carried then.
    `steps` counts what each phase took when it last ran, `[phases]`. `history` is what units held in the steps gone
    by, None where no message has a delay. `rule_traces` are those of rules and `gathered` what edges that learn during
    a phase or by a gradient have gathered in the protocol so far, by the number of their family, both as in
    `dync.runtime.beside`.
    """

    values: Values
    held: Values
    snapshots: dict[str, Values]
    steps: Array
    history: History | None
    rule_traces: dict[str, Array]
    gathered: dict[str, Array]
    structure: Structure = eqx.field(static=True)

    def __getitem__(self, layer: str) -> Array:
        """The value of a layer by its full name, `[batch, *shape]`; raises KeyError that names the nearest."""
        plan = self.structure.layers[layer_number(self.structure, layer)]
        value = layer_rows(self.structure, self.values, plan)
        return value.reshape(*value.shape[:-1], *plan.shape)

    def __contains__(self, layer: object) -> bool:
        return layer in self.structure.layer_numbers

    def __iter__(self) -> Iterator[str]:
        return iter(self.structure.layer_numbers)

    def keys(self) -> tuple[str, ...]:
        """The names of the layers, in their order."""
        return tuple(self.structure.layer_numbers)

    @property
    def batch(self) -> int:
        """How many examples it holds."""
        return state_batch(self.structure, self.values)

    def trace(self, layer: str, name: str) -> Array:
        """A trace of a layer's units, `[batch, *shape]`; raises KeyError where there is no such layer or trace."""
        plan = self.structure.layers[layer_number(self.structure, layer)]
        names = traces_of(self.structure, plan.block)
        if name not in names:
            raise KeyError(unknown(f"trace of {layer}", name, names))
        value = cell_rows(self.structure, self.values, cells(self.structure)[plan.block, name], plan)
        return value.reshape(*value.shape[:-1], *plan.shape)

    def steps_taken(self, phase: str) -> Array:
        """How many steps a phase took when it last ran (fewer than its maximum where it settled)."""
        names = [p.name for p in self.structure.phases]
        if phase not in names:
            raise KeyError(unknown("phase", phase, names))
        return self.steps[names.index(phase)]

    def with_values(self, values: Mapping[str, ArrayLike]) -> State:
        """A new state with some layers set, each `[batch, *shape]`; inputs and outputs are then clamped to that.

        Traces, and what messages with a delay carry of the steps gone by, stay what they were.

        Raises KeyError for an unknown layer and ValueError for another shape.
        """
        found, held = list(self.values), list(self.held)
        for name, value in values.items():
            layer = self.structure.layers[layer_number(self.structure, name)]
            new = as_units(value, name, layer.shape, self.batch)
            new = new.T if units_first(self.structure)[layer.block] else new
            found[layer.block] = found[layer.block].at[layer.member].set(new)
            if layer.role in ("input", "output"):
                held[layer.block] = held[layer.block].at[layer.member].set(new)
        return replace(self, values=tuple(found), held=tuple(held))


def state_batch(structure: Structure, values: Values) -> int:
    """How many examples values hold."""
    return int(values[0].shape[-1 if units_first(structure)[0] else -2])


def layer_rows(structure: Structure, values: Values, layer: LayerPlan) -> Array:
    """The value of a layer as `[batch, units]`, whatever the layout of its block."""
    return cell_rows(structure, values, layer.block, layer)


def cell_rows(structure: Structure, values: Values, cell: int, layer: LayerPlan) -> Array:
    """What one cell holds of a layer, its state or a trace, as `[batch, units]`."""
    value = values[cell][layer.member]
    return jnp.swapaxes(value, -1, -2) if units_first(structure)[layer.block] else value


def as_units(value: ArrayLike, name: str, shape: tuple[int, ...], batch: int | None) -> Array:
    """A layer's value `[batch, *shape]` as `[batch, units]`; raises ValueError for another shape."""
    array = jnp.asarray(value, dtype=jnp.float32)
    if array.shape[1:] != shape or array.ndim < 1 or (batch is not None and array.shape[0] != batch):
        size = "batch" if batch is None else batch
        raise ValueError(f"{name} takes an array {[size, *shape]}, not {list(array.shape)}".replace("'", ""))
    return array.reshape(array.shape[0], -1)


def initial_state(
    structure: Structure, numbers: Mapping[str, ArrayLike], data: Mapping[str, Array], batch: int
) -> State:
    """The state before the first phase: inputs and outputs as in `data` (`[batch, *shape]`; zero where left out).

    All else is zero, what its `start` says, or what its constant holds.
    """
    rows: list[list[Array | None]] = [[] for _ in structure.blocks]
    for layer in structure.layers:
        source = layer.name if layer.start is None else structure.layers[layer.start].name
        given = None if source not in data else jnp.asarray(data[source], dtype=jnp.float32)
        rows[layer.block].append(None if given is None else given.reshape(batch, layer.units))
    layouts = units_first(structure)
    stacked = tuple(
        turned(_stacked(row, batch, block.units), layouts[b])
        for b, (row, block) in enumerate(zip(rows, structure.blocks, strict=True))
    )
    states = with_constants(structure, numbers, stacked)
    held = tuple(
        v if block.role in ("input", "output") else zeros(0, batch, 0)
        for v, block in zip(states, structure.blocks, strict=True)
    )
    behind = blocks_of_cells(structure)[len(states) :]
    values = states + tuple(jnp.zeros_like(states[b]) for b in behind)
    moments = sorted({moment for rule in structure.rules for moment in rule.moments} | gradient_moments(structure))
    history = begun(structure, values)
    kept = heard(structure, values, history) if moments else ()
    snapshots = {moment: tuple(jnp.full_like(v, jnp.nan) for v in kept) for moment in moments}
    beside = nothing_beside(structure, batch)
    steps = jnp.asarray(np.zeros(len(structure.phases), np.int32))
    return State(values, held, snapshots, steps, history, beside.traces, beside.gathered, structure)


def gradient_moments(structure: Structure) -> set[str]:
    """The phases at whose end a gradient is taken, by name; the end of training has none."""
    phases = {family.gradient.phase for family in structure.families if family.gradient is not None}
    return {structure.phases[phase].name for phase in phases if phase is not None}


def _stacked(rows: Sequence[Array | None], batch: int, units: int) -> Array:
    """Layers of one block, zero where nothing is given; many zeros are made as one array."""
    if all(row is None for row in rows):
        return zeros(len(rows), batch, units)
    if len(rows) == 1 and rows[0] is not None:
        return alone(rows[0])
    zero = zeros(batch, units)
    return jnp.stack([zero if row is None else row for row in rows])


def with_constants(structure: Structure, numbers: Mapping[str, ArrayLike], values: Values) -> Values:
    """The values with every constant holding its number."""
    blocks = structure.blocks
    states = tuple(
        jnp.broadcast_to(jnp.asarray(numbers[f"block.{b}.value"], jnp.float32)[:, None, None], value.shape)
        if block.role == "constant"
        else value
        for b, (block, value) in enumerate(zip(blocks, values[: len(blocks)], strict=True))
    )
    return states + values[len(blocks) :]
