"""The measures that a network declares, and those that are given, as one number an example."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Final

import jax.numpy as jnp
from jax import Array

from dync.compiler.expression import Symbol, symbols
from dync.compiler.plan import MeasurePlan, Structure
from dync.runtime.evaluate import evaluate
from dync.runtime.layer_map import Parameters
from dync.runtime.measures import agreeing, right, squared_error
from dync.runtime.state import State, Values, layer_rows, state_batch


def measures_with(structure: Structure, targets: Collection[str]) -> tuple[MeasurePlan, ...]:
    """The measures that can be taken where these outputs have a target."""
    return tuple(measure for measure in structure.measures if targets_of(measure) <= set(targets))


def measured(state: State, parameters: Parameters, targets: Mapping[str, Array]) -> dict[str, Array]:
    """The measures of a state by name, one number an example `[batch]`.

    `targets` are `[batch, units]` by output; measures that read one which is not there are left out.
    """
    structure = state.structure
    declared = measures_with(structure, targets)
    return {measure.name: _taken(measure, structure, state.values, parameters, targets) for measure in declared}


def measure_of(
    structure: Structure,
    name: str,
    values: Values,
    held: Values,
    parameters: Parameters,
    judged: Collection[str] | None = None,
) -> Array:
    """A measure of a network by its name, declared or given, one number an example `[batch]`.

    `values` are what all layers hold, `held` the data and the targets (`State.held`). Of several outputs a given
    measure is the mean, `accuracy` that of the outputs of several units; `judged` are those that it is taken of, None
    for all.
    """
    outputs = [layer for layer in structure.layers if layer.role == "output"]
    targets = {layer.name: layer_rows(structure, held, layer) for layer in outputs}
    for measure in structure.measures:
        if measure.name == name:
            return _taken(measure, structure, values, parameters, targets)
    counted = [layer for layer in outputs if name != "accuracy" or layer.units > 1]
    counted = [layer for layer in counted if judged is None or layer.name in judged]
    found = [_GIVEN[name](layer_rows(structure, values, layer), targets[layer.name]) for layer in counted]
    return jnp.mean(jnp.stack(found), axis=0)


_GIVEN: Final[Mapping[str, Callable[[Array, Array], Array]]] = {
    "accuracy": lambda found, target: right(found, target).astype(jnp.float32),
    "mse": lambda found, target: squared_error(found, target).mean(axis=-1),
    "agreement": lambda found, target: agreeing(found, target).astype(jnp.float32).mean(axis=-1),
}
"""The measures that are given, of one output `[batch, units]`, one number an example."""


def _taken(
    measure: MeasurePlan, structure: Structure, values: Values, parameters: Parameters, targets: Mapping[str, Array]
) -> Array:
    def read(symbol: Symbol) -> Array:
        name = symbol.moment or ""
        if symbol.name == "target":
            return targets[name]
        return layer_rows(structure, values, structure.layers[structure.layer_numbers[name]])

    value = evaluate(measure.value, read, partial(_number, parameters, measure.name))
    return jnp.broadcast_to(jnp.asarray(value, jnp.float32), (state_batch(structure, values), 1))[:, 0]


def _number(parameters: Parameters, measure: str, name: str) -> Array:
    return parameters[f"measure.{measure}.{name}"][0]


def targets_of(measure: MeasurePlan) -> set[str]:
    """The outputs whose targets a measure reads."""
    return {symbol.moment or "" for symbol in symbols(measure.value) if symbol.name == "target"}
