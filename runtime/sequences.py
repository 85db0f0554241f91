"""The data of a network over time, as its protocols take them."""

from __future__ import annotations

from pathlib import Path

from dync.compiler.pipeline_plan import DataPlan
from dync.compiler.plan import Structure
from dync.runtime.data.dataset import Dataset, load
from dync.runtime.data.error import DataError
from dync.runtime.data.streams import as_streams
from dync.runtime.network import Network
from dync.runtime.samples import over_time, samples_in


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
