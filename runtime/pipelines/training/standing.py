"""What the stages of a training stand on, known without training anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dync.compiler.expression import JSON
from dync.compiler.plan_json import digest
from dync.runtime.checkpoint import CheckpointError, load_checkpoint, package_versions
from dync.runtime.data.error import DataError
from dync.runtime.error import RunError
from dync.runtime.pipelines.ledger import Basis
from dync.runtime.pipelines.training.job import TrainingJob
from dync.runtime.pipelines.training.parts import Parts, read_parts
from dync.runtime.pipelines.training.preparation import Preparation
from dync.runtime.pipelines.training.start import start_digest
from dync.runtime.plain_json import plain_json
from dync.runtime.run_folder import RunFolder

NOT_SPEC = ("limits", "base", "start")
"""Fields of a plan that do not decide what comes out; what the weights start from counts by its content."""


@dataclass(frozen=True)
class Inputs:
    """Digests of what a training reads: the weights that it starts from (None: they are drawn), its data, and the
    data of each `evaluate NAME DATA`."""

    start: str | None
    data: str
    further: Mapping[str, str]


def inputs_of(prepared: Preparation) -> Inputs:
    """The inputs of a training that is ready to begin."""
    further = {name: some.digest for name, some in prepared.further.items()}
    return Inputs(prepared.start, prepared.dataset.digest, further)


def training_bases(job: TrainingJob) -> dict[str, Basis]:
    """What the stages of a training would stand on now; reads its data, and raises RunError where it cannot."""
    try:
        parts: Parts = read_parts(job.plan, job.network)
    except DataError as error:
        raise RunError(str(error)) from error
    further = {name: some.digest for name, some in parts.further.items()}
    return bases(job, Inputs(start_digest(job.start), parts.dataset.digest, further))


def bases(job: TrainingJob, inputs: Inputs) -> dict[str, Basis]:
    """By stage what its outcome depends on. Data of `evaluate` decide a training only where it is measured on the way,
    for its history has the measures, and what stops it or is the best hangs on them."""
    spec = plain_json(job.plan)
    assert isinstance(spec, dict)
    further: dict[str, JSON] = {"data of evaluate": dict(inputs.further)}
    training: dict[str, JSON] = {
        "spec": digest({name: value for name, value in spec.items() if name not in NOT_SPEC}),
        "network": job.network.plan.digest,
        "start": inputs.start,
        "data": inputs.data,
        "versions": dict(package_versions()),
    }
    measured = training | further
    if job.plan.evaluate_every or job.plan.metrics:
        training = measured
    return {"training": training, "checkpoint_save": training, "evaluation": measured}


def is_saved(folder: RunFolder) -> bool:
    """Whether the final checkpoint of a run is there and whole."""
    try:
        load_checkpoint(folder.final)
    except CheckpointError:
        return False
    return True
