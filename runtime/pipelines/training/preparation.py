"""What a training run works with, all checked before work starts: data, optimizer, batches, the first learner."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import optax
from jax import Array

from dync.compiler.pipeline_plan import TrainingPlan
from dync.runtime.data.dataset import Dataset, Part, load
from dync.runtime.data.error import DataError
from dync.runtime.environment import environment_record, verify_room
from dync.runtime.error import RunError
from dync.runtime.evaluation import Examples, examples
from dync.runtime.learner import Learner, start_learner
from dync.runtime.network import Network
from dync.runtime.optimizers import OptimizerError, make_optimizer
from dync.runtime.pipelines.training.job import TrainingJob
from dync.runtime.schedule_of_batches import BatchSchedule


@dataclass(frozen=True, eq=False)
class Preparation:
    """What stays the same while a training runs. `held_out` are the parts that it is measured on, by name."""

    key: Array
    optimizer: optax.GradientTransformation
    dataset: Dataset
    held_out: dict[str, Examples]
    batches: BatchSchedule


def prepare(job: TrainingJob) -> tuple[Preparation, Learner]:
    """Everything that can be known to fail is tried: protocols, data, optimizer, room. Raises RunError."""
    plan = job.plan
    verify_protocols(job.network)
    try:
        optimizer = make_optimizer(plan.optimizer)
        dataset, held_out = load_parts(plan, job.network)
    except (OptimizerError, DataError) as error:
        raise RunError(str(error)) from error
    key = jax.random.key(plan.seed)
    prepared = Preparation(key, optimizer, dataset, held_out, schedule_of(plan, dataset))
    learner = start_learner(job.start if job.start is not None else job.network.init(key), optimizer)
    _verify_room(job, prepared, learner)
    return prepared, learner


def record(job: TrainingJob, prepared: Preparation) -> dict[str, Any]:
    """What the run depends on."""
    return {
        **environment_record(),
        "seed": job.plan.seed,
        "plan": job.network.plan.digest,
        "data": {"digest": prepared.dataset.digest, "files": prepared.dataset.files},
    }


def verify_protocols(network: Network) -> None:
    """Raises RunError where a network cannot be trained or evaluated."""
    structure = network.plan.structure
    for name, protocol in (("train", structure.train), ("infer", structure.infer)):
        if protocol is None:
            raise RunError(f"the network {structure.network} has no `{name}` protocol: declare one, {name} PHASE, …")


def load_parts(plan: TrainingPlan, network: Network) -> tuple[Dataset, dict[str, Examples]]:
    """The data of a training, and the parts that it is measured on by name; raises DataError."""
    inputs, outputs = network.layers("input"), network.layers("output")
    dataset = load(plan.data, inputs, outputs, Path(plan.base))
    held_out: dict[str, Part] = {name: part for name, part in dataset.parts.items() if name != "train"}
    for name, data in plan.evaluate_on.items():
        held_out[name] = load(data, inputs, outputs, Path(plan.base)).held_out
    found = held_out or {"train": dataset.parts["train"]}
    return dataset, {name: examples(network.plan.structure, part) for name, part in found.items()}


def schedule_of(plan: TrainingPlan, dataset: Dataset) -> BatchSchedule:
    """The batches of a training; raises RunError where not even one can be filled."""
    count = dataset.parts["train"].examples
    if plan.batch > count:
        raise RunError(f"a batch of {plan.batch} is more than the {count} training examples: make it smaller")
    per_epoch = count // plan.batch
    total = plan.updates if plan.updates is not None else (plan.epochs or 0) * per_epoch
    return BatchSchedule(count, plan.batch, total, plan.seed)


def _verify_room(job: TrainingJob, prepared: Preparation, learner: Learner) -> None:
    state = sum(leaf.nbytes for leaf in jax.tree.leaves(learner))
    data = sum(array.nbytes for array in prepared.dataset.parts["train"].arrays.values())
    verify_room(3 * state + data, (job.plan.keep + 2) * state, job.folder.path)
