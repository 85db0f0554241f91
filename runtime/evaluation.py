"""Evaluation: the read-outs of a network on a part of the data, and their measures."""

from __future__ import annotations

from collections.abc import Mapping
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
from dync.runtime.declared_measures import measured, measures_with, targets_of
from dync.runtime.measures import measure
from dync.runtime.orchestrator import WaveOrchestrator
from dync.runtime.phases import run_protocol
from dync.runtime.samples import flat_arrays, over_time, read_sequences, samples_in
from dync.runtime.state import initial_state, layer_rows

BATCH = 256
"""Examples that are relaxed together."""


@dataclass(frozen=True)
class Examples:
    """A part of the data ready to be evaluated: inputs on the device, targets `[examples, units]`, by layer.

    An example of a network over time is a sequence of `samples`, and the layers `over_time` have arrays `[sequences,
    time, units]`, of which the first `skip` samples do not count. `declared` are the measures of the network's own that
    these targets allow for.
    """

    inputs: dict[str, Array]
    targets: dict[str, NDArray[np.float32]]
    count: int
    samples: int = 1
    skip: int = 0
    over_time: frozenset[str] = frozenset()
    declared: tuple[str, ...] = ()

    def counted(self, arrays: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
        """What counts in measures, `[examples, units]`: every sample of a series, those that are skipped left out."""
        return {
            name: array[:, self.skip :].reshape(-1, array.shape[-1]) if name in self.over_time else array
            for name, array in arrays.items()
        }

    def counted_samples(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """The values of a measure that count: of `[sequences, time]` those after the samples that are skipped."""
        return values[:, self.skip :] if values.ndim > 1 else values


def examples(structure: Structure, part: Part) -> Examples:
    """The inputs and targets of a part."""
    roles = {layer.name: layer.role for layer in structure.layers}
    flat = flat_arrays(structure, part.arrays)
    return Examples(
        {name: jnp.asarray(array) for name, array in flat.items() if roles[name] == "input"},
        {name: array for name, array in flat.items() if roles[name] == "output"},
        part.examples,
        samples_in(structure, flat),
        0 if structure.time is None else structure.time.skip,
        over_time(structure),
        tuple(measure.name for measure in measures_with(structure, flat)),
    )


def measure_names(some: Examples) -> tuple[str, ...]:
    """The measures that these examples give: those of the outputs, known from their targets, and the declared ones."""
    targets = some.counted(some.targets)
    given = tuple(measure(targets, targets, some.over_time)) if targets else ()
    return (*given, *some.declared)


def evaluate_examples(orchestrator: WaveOrchestrator, some: Examples, key: Array, repeat: int = 1) -> dict[str, float]:
    """The measures of what `infer` makes of the inputs alone: of the outputs read out, and those that are declared.

    With `repeat` above 1 it is done so often with fresh draws: a measure is then the mean, and `MEASURE.std` the
    standard deviation of one evaluation (divided by `repeat - 1`), which is 0 for a network that draws nothing.
    """
    if not (some.targets or some.declared):
        return {}
    if repeat == 1:
        return _measures(orchestrator, some, key)
    times = repeat if is_stochastic(orchestrator.structure) else 1
    found = [_measures(orchestrator, some, jax.random.fold_in(key, n)) for n in range(times)]
    means = {name: float(np.mean([one[name] for one in found])) for name in found[0]}
    spread = {name: float(np.std([one[name] for one in found], ddof=1)) if times > 1 else 0.0 for name in found[0]}
    return {key: value for name in means for key, value in ((name, means[name]), (f"{name}.std", spread[name]))}


def _measures(orchestrator: WaveOrchestrator, some: Examples, key: Array) -> dict[str, float]:
    declared = measures_with(orchestrator.structure, some.targets)
    read = {name for one in declared for name in targets_of(one)}
    found, taken = _predicted(orchestrator, some, {name: jnp.asarray(some.targets[name]) for name in read}, key)
    targets = some.counted(some.targets)
    given = measure(some.counted({name: found[name] for name in targets}), targets, some.over_time) if targets else {}
    return given | {name: float(np.mean(some.counted_samples(taken[name]), dtype=np.float64)) for name in taken}


def predict_examples(orchestrator: WaveOrchestrator, some: Examples, key: Array) -> dict[str, NDArray[np.float32]]:
    """The read-out of every output, `[examples, units]` by layer; `[sequences, time, units]` of those over time."""
    return _predicted(orchestrator, some, None, key)[0]


def _predicted(
    orchestrator: WaveOrchestrator, some: Examples, targets: dict[str, Array] | None, key: Array
) -> tuple[dict[str, NDArray[np.float32]], dict[str, NDArray[np.float32]]]:
    """The read-outs, and where there are `targets` the declared measures that can be taken with these: `[examples]`,
    or over time `[sequences, time]`."""
    size = min(BATCH, some.count)
    batches = -(-some.count // size)
    rows = np.minimum(np.arange(batches * size), some.count - 1).reshape(batches, size)
    found, taken = _predict(orchestrator, some.inputs, targets, jnp.asarray(rows), key, some.samples)

    def unbatched(arrays: dict[str, Array]) -> dict[str, NDArray[np.float32]]:
        return {name: np.asarray(v).reshape(batches * size, *v.shape[2:])[: some.count] for name, v in arrays.items()}

    return unbatched(found), unbatched(taken)


@eqx.filter_jit
def _predict(
    orchestrator: WaveOrchestrator,
    inputs: dict[str, Array],
    targets: dict[str, Array] | None,
    rows: Array,
    key: Array,
    samples: int,
) -> tuple[dict[str, Array], dict[str, Array]]:
    structure = orchestrator.structure
    outputs = [layer for layer in structure.layers if layer.role == "output"]

    def body(_: None, item: tuple[Array, Array]) -> tuple[None, tuple[dict[str, Array], dict[str, Array]]]:
        chosen, batch_key = item
        data = {name: array[chosen] for name, array in inputs.items()}
        wanted = None if targets is None else {name: array[chosen] for name, array in targets.items()}
        if structure.time is not None:
            return None, read_sequences(orchestrator.machine, data, rows.shape[1], samples, batch_key, wanted)
        state = initial_state(structure, orchestrator.parameters, data, rows.shape[1])
        state = run_protocol(orchestrator.machine, state, "infer", batch_key, at_rest=True)
        taken = {} if wanted is None else measured(state, orchestrator.parameters, wanted)
        return None, ({layer.name: layer_rows(structure, state.values, layer) for layer in outputs}, taken)

    return lax.scan(body, None, (rows, jax.random.split(key, rows.shape[0])))[1]
