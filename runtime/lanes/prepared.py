"""What the lanes of a group share: their data, read once, and what trainings on them need."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import jax
import jax.numpy as jnp

from dync.runtime.data.error import DataError
from dync.runtime.error import RunError
from dync.runtime.lanes.checked_files import files_of, verify_unchanged
from dync.runtime.lanes.groups import Group
from dync.runtime.lanes.lane import Lane
from dync.runtime.lanes.slots import Arrays
from dync.runtime.network import Network
from dync.runtime.optimizers import OptimizerError, make_optimizer
from dync.runtime.pipelines.training.parts import read_parts
from dync.runtime.pipelines.training.preparation import Preparation, schedule_of, verify_protocols
from dync.runtime.samples import flat_arrays

REMEMBERED: Final = 4
"""Groups whose data stay in memory."""


@dataclass
class Prepared:
    """What a later call need not read again: the data of the last few groups, by their keys."""

    shared: dict[str, tuple[Preparation, Arrays]] = field(default_factory=dict)

    def of(self, group: Group) -> tuple[Preparation, Arrays]:
        """What the lanes of a group share, and the training data on the device; raises RunError, and ChangedDataError
        where the files are not those that were checked."""
        if group.key not in self.shared:
            found = _prepare(group.lanes[0])
            train = flat_arrays(group.lanes[0].plan.structure, found.dataset.parts["train"].arrays)
            arrays = {name: jnp.asarray(array) for name, array in train.items()}
            while len(self.shared) >= REMEMBERED:
                del self.shared[next(iter(self.shared))]
            self.shared[group.key] = found, arrays
        return self.shared[group.key]


def _prepare(lane: Lane) -> Preparation:
    """What the lanes of a group share, as the first of them has it; raises RunError."""
    network = Network(lane.plan)
    verify_protocols(network)
    try:
        optimizer = make_optimizer(lane.pipeline.optimizer)
        parts = read_parts(lane.pipeline, network)
    except (OptimizerError, DataError) as error:
        raise RunError(str(error)) from error
    verify_unchanged(lane.files, files_of(lane.pipeline, parts))
    batches = schedule_of(lane.pipeline, parts.dataset, lane.plan.structure)
    return Preparation(jax.random.key(lane.pipeline.seed), optimizer, parts.dataset, parts.held_out, batches)
