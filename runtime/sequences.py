"""Networks over time and their data: series as the protocols take them, and what is read out of them."""

from __future__ import annotations

from pathlib import Path

import equinox as eqx
import jax.numpy as jnp
from jax import Array

from dync.compiler.pipeline_plan import DataPlan
from dync.compiler.plan import Structure
from dync.runtime.data.dataset import Dataset, load
from dync.runtime.data.error import DataError
from dync.runtime.data.streams import as_streams
from dync.runtime.network import Data, Network
from dync.runtime.orchestrator import WaveOrchestrator
from dync.runtime.samples import over_time, read_sequences, samples_in


def load_for(plan: DataPlan, network: Network, base: str, batch: int = 1) -> Dataset:
    """The data for a network; where its state carries on between sequences, `batch` streams of the training part.

    Raises DataError where they cannot be read or bound, or where all samples of a sequence would be skipped.
    """
    structure = network.plan.structure
    dataset = load(plan, network.layers("input"), network.layers("output"), Path(base), over_time(structure))
    if structure.time is not None:
        dataset = as_streams(dataset, batch) if structure.time.carry else dataset
        _verify_lengths(structure, dataset)
    return dataset


def _verify_lengths(structure: Structure, dataset: Dataset) -> None:
    assert structure.time is not None
    for name, part in dataset.parts.items():
        samples = samples_in(structure, part.arrays)
        if samples <= structure.time.skip:
            raise DataError(
                f"skip {structure.time.skip} leaves nothing of the {name} part, whose sequences have {samples} samples:"
                " skip fewer, or take longer series"
            )


def predict_sequences(network: Network, orchestrator: WaveOrchestrator, x: Data | None, key: Array) -> dict[str, Array]:
    """What `infer` reads out, sample by sample: `[batch, time, *shape]` of outputs over time, of others the last.

    Inputs over time are `[batch, time, *shape]`. Raises ValueError for arrays that do not fit or have unlike lengths.
    """
    structure = network.plan.structure
    shapes, time = network.layers("input"), over_time(structure)
    arrays = {name: jnp.asarray(value, jnp.float32) for name, value in network.named("input", x).items()}
    for name, array in arrays.items():
        axes = 2 if name in time else 1
        if array.ndim < axes or array.shape[axes:] != shapes[name] or 0 in array.shape:
            size = ", ".join(["batch", "time"][:axes] + [str(n) for n in shapes[name]])
            raise ValueError(f"{name} takes an array [{size}], not {list(array.shape)}")
    lengths = {array.shape[:2] for name, array in arrays.items() if name in time}
    if len(lengths) != 1 or len({len(array) for array in arrays.values()}) != 1:
        raise ValueError("give every input over time, as many sequences of as many samples each")
    flat = {name: a.reshape(*a.shape[: 2 if name in time else 1], -1) for name, a in arrays.items()}
    found = _read(orchestrator, flat, samples_in(structure, flat), key)
    outputs = network.layers("output").items()
    return {name: found[name].reshape(*found[name].shape[:-1], *shape) for name, shape in outputs}


@eqx.filter_jit
def _read(orchestrator: WaveOrchestrator, data: dict[str, Array], samples: int, key: Array) -> dict[str, Array]:
    batch = next(iter(data.values())).shape[0]
    return read_sequences(orchestrator.machine, data, batch, samples, key)[0]
