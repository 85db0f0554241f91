"""Evaluation: the read-outs of a network on a part of the data, and their measures."""

from __future__ import annotations

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from numpy.typing import NDArray

from dync.compiler.plan import Structure
from dync.runtime.activation import is_stochastic
from dync.runtime.data.dataset import Part
from dync.runtime.measures import measure
from dync.runtime.orchestrator import WaveOrchestrator
from dync.runtime.phases import run_protocol
from dync.runtime.state import initial_state, layer_rows

BATCH = 256
"""Examples that are relaxed together."""


@dataclass(frozen=True)
class Examples:
    """A part of the data ready to be evaluated: inputs on the device, targets `[examples, units]`, by layer."""

    inputs: dict[str, Array]
    targets: dict[str, NDArray[np.float32]]
    count: int


def examples(structure: Structure, part: Part) -> Examples:
    """The inputs and targets of a part."""
    roles = {layer.name: layer.role for layer in structure.layers}
    flat = {name: array.reshape(part.examples, -1) for name, array in part.arrays.items()}
    return Examples(
        {name: jnp.asarray(array) for name, array in flat.items() if roles[name] == "input"},
        {name: array for name, array in flat.items() if roles[name] == "output"},
        part.examples,
    )


def measure_names(some: Examples) -> tuple[str, ...]:
    """The measures that these examples give, known from their targets alone."""
    return tuple(measure(some.targets, some.targets)) if some.targets else ()


def evaluate_examples(orchestrator: WaveOrchestrator, some: Examples, key: Array, repeat: int = 1) -> dict[str, float]:
    """The measures of the outputs that `infer` reads out from the inputs alone.

    With `repeat` above 1 it is done so often with fresh draws: a measure is then the mean, and `MEASURE.std` the
    standard deviation of one evaluation (divided by `repeat - 1`), which is 0 for a network that draws nothing.
    """
    if not some.targets:
        return {}
    if repeat == 1:
        return _measures(orchestrator, some, key)
    times = repeat if is_stochastic(orchestrator.structure) else 1
    found = [_measures(orchestrator, some, jax.random.fold_in(key, n)) for n in range(times)]
    means = {name: float(np.mean([one[name] for one in found])) for name in found[0]}
    spread = {name: float(np.std([one[name] for one in found], ddof=1)) if times > 1 else 0.0 for name in found[0]}
    return {key: value for name in means for key, value in ((name, means[name]), (f"{name}.std", spread[name]))}


def _measures(orchestrator: WaveOrchestrator, some: Examples, key: Array) -> dict[str, float]:
    found = predict_examples(orchestrator, some, key)
    return measure({name: found[name] for name in some.targets}, some.targets)


def predict_examples(orchestrator: WaveOrchestrator, some: Examples, key: Array) -> dict[str, NDArray[np.float32]]:
    """The read-out of every output, `[examples, units]` by layer."""
    size = min(BATCH, some.count)
    batches = -(-some.count // size)
    rows = np.minimum(np.arange(batches * size), some.count - 1).reshape(batches, size)
    found = _predict(orchestrator, some.inputs, jnp.asarray(rows), key)
    return {name: np.asarray(v).reshape(batches * size, -1)[: some.count] for name, v in found.items()}


@eqx.filter_jit
def _predict(orchestrator: WaveOrchestrator, inputs: dict[str, Array], rows: Array, key: Array) -> dict[str, Array]:
    structure = orchestrator.structure
    outputs = [layer for layer in structure.layers if layer.role == "output"]

    def body(_: None, item: tuple[Array, Array]) -> tuple[None, dict[str, Array]]:
        chosen, batch_key = item
        data = {name: array[chosen] for name, array in inputs.items()}
        state = initial_state(structure, orchestrator.parameters, data, rows.shape[1])
        state = run_protocol(orchestrator.machine, state, "infer", batch_key, at_rest=True)
        return None, {layer.name: layer_rows(structure, state.values, layer) for layer in outputs}

    return lax.scan(body, None, (rows, jax.random.split(key, rows.shape[0])))[1]
