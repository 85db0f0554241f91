"""What a training run works with, all checked before work starts: data, optimizer, batches, the first learner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jax
import optax
from jax import Array

from dync.compiler.pipeline_plan import TrainingPlan
from dync.compiler.plan import Structure
from dync.runtime.data.dataset import Dataset
from dync.runtime.data.error import DataError
from dync.runtime.devices import Devices, choose_devices
from dync.runtime.environment import environment_record, verify_room, verify_surroundings
from dync.runtime.error import RunError
from dync.runtime.evaluation import Examples
from dync.runtime.learner import Learner, start_learner
from dync.runtime.network import Network
from dync.runtime.optimizers import OptimizerError, make_optimizer
from dync.runtime.pipelines.training.job import TrainingJob
from dync.runtime.pipelines.training.parts import read_parts
from dync.runtime.pipelines.training.recording import verify_recorded
from dync.runtime.pipelines.training.room import disk, room_of
from dync.runtime.pipelines.training.start import start_digest, starting_orchestrator
from dync.runtime.samples import samples_in
from dync.runtime.schedule_of_batches import BatchSchedule


@dataclass(frozen=True, eq=False)
class Preparation:
    """What stays the same while a training runs. `held_out` are the parts that it is measured on, by name.

    `further` are the data of `evaluate NAME DATA`, `start` is the digest of the weights that it starts from (None where
    they are drawn), and `made_validation` tells that a tenth of the training part serves for validation. `devices`
    share every batch; None: there is only one.
    """

    key: Array
    optimizer: optax.GradientTransformation
    dataset: Dataset
    held_out: dict[str, Examples]
    batches: BatchSchedule
    further: Mapping[str, Dataset] = field(default_factory=dict)
    start: str | None = None
    made_validation: bool = False
    devices: Devices | None = None


def prepare(job: TrainingJob) -> tuple[Preparation, Learner]:
    """Everything that can be known to fail is tried, from packages and devices to the room and the start.

    Raises RunError.
    """
    plan, network = job.plan, job.network
    verify_surroundings(plan.limits, job.reporter.message)
    job.ready()
    verify_protocols(network)
    if plan.record is not None:
        verify_recorded(plan.record, network)
    try:
        optimizer = make_optimizer(plan.optimizer)
        parts = read_parts(plan, network)
    except (OptimizerError, DataError) as error:
        raise RunError(str(error)) from error
    key = jax.random.key(plan.seed)
    batches = schedule_of(plan, parts.dataset, network.plan.structure)
    room = room_of(plan, network, optimizer, parts.dataset, parts.held_out)
    verify_room(room.peak(), disk(plan, room, network.plan.structure, batches.total), job.folder.path)
    learner = start_learner(starting_orchestrator(network, job.start, key), optimizer)
    start = start_digest(job.start)
    devices = None if job.devices == 1 else choose_devices(job.devices, plan.batch)
    prepared = Preparation(
        key, optimizer, parts.dataset, parts.held_out, batches, parts.further, start, parts.made_validation, devices
    )
    return prepared, learner


def record(job: TrainingJob, prepared: Preparation) -> dict[str, Any]:
    """What the run depends on."""
    further = prepared.further
    return {
        **environment_record(),
        "seed": job.plan.seed,
        "plan": job.network.plan.digest,
        "start": prepared.start,
        "data": {"digest": prepared.dataset.digest, "files": prepared.dataset.files},
        "evaluate": {name: {"digest": some.digest, "files": some.files} for name, some in further.items()},
    }


def verify_protocols(network: Network) -> None:
    """Raises RunError where a network cannot be trained or evaluated."""
    structure = network.plan.structure
    for name, protocol in (("train", structure.train), ("infer", structure.infer)):
        if protocol is None:
            raise RunError(f"the network {structure.network} has no `{name}` protocol: declare one, {name} PHASE, …")


def schedule_of(plan: TrainingPlan, dataset: Dataset, structure: Structure) -> BatchSchedule:
    """The batches of a training; raises RunError where not even one can be filled."""
    train = dataset.parts["train"]
    count = train.examples
    if plan.batch > count:
        what = "examples" if structure.time is None else "sequences"
        raise RunError(f"a batch of {plan.batch} is more than the {count} training {what}: make it smaller")
    per_epoch = count // plan.batch
    total = plan.updates if plan.updates is not None else (plan.epochs or 0) * per_epoch
    return BatchSchedule(count, plan.batch, total, plan.seed, samples_in(structure, train.arrays))
