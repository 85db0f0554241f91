"""The measures that a network declares, taken of a state."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial

import jax.numpy as jnp
from jax import Array

from dync.compiler.expression import Symbol, symbols
from dync.compiler.plan import MeasurePlan, Structure
from dync.runtime.evaluate import evaluate
from dync.runtime.layer_map import Parameters
from dync.runtime.state import State, layer_rows


def measures_with(structure: Structure, targets: Collection[str]) -> tuple[MeasurePlan, ...]:
    """The measures that can be taken where these outputs have a target."""
    return tuple(measure for measure in structure.measures if targets_of(measure) <= set(targets))


def measured(state: State, parameters: Parameters, targets: Mapping[str, Array]) -> dict[str, Array]:
    """The measures of a state by name, one number an example `[batch]`.

    `targets` are `[batch, units]` by output; measures that read one which is not there are left out.
    """
    structure = state.structure

    def read(symbol: Symbol) -> Array:
        name = symbol.moment or ""
        if symbol.name == "target":
            return targets[name]
        return layer_rows(structure, state.values, structure.layers[structure.layer_numbers[name]])

    found = {}
    for measure in measures_with(structure, targets):
        value = evaluate(measure.value, read, partial(_number, parameters, measure.name))
        found[measure.name] = jnp.broadcast_to(jnp.asarray(value, jnp.float32), (state.batch, 1))[:, 0]
    return found


def _number(parameters: Parameters, measure: str, name: str) -> Array:
    return parameters[f"measure.{measure}.{name}"][0]


def targets_of(measure: MeasurePlan) -> set[str]:
    """The outputs whose targets a measure reads."""
    return {symbol.moment or "" for symbol in symbols(measure.value) if symbol.name == "target"}
