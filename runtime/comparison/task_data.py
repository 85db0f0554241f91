"""The data of a task for one network, in the parts that it is trained and measured on."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from dync.compiler.pipeline_plan import CallPlan, DataPlan, TrainingPlan
from dync.compiler.plan import Plan
from dync.runtime.data.dataset import Dataset, Part
from dync.runtime.data.error import DataError
from dync.runtime.data.validation import with_validation
from dync.runtime.error import RunError
from dync.runtime.evaluation import Examples, examples
from dync.runtime.network import Network
from dync.runtime.pipelines.training.parts import Parts, read_parts
from dync.runtime.sequences import load_for


def trial_data(data: DataPlan, folds: int, index: int, seed: int, *, validation: bool) -> DataPlan:
    """The data of one seed: with folds its test part is a fold of a cross-validation, and with `validation` there is
    such a part, if need be a tenth of the training part.

    The fold is taken first, so that what is fitted is fitted on its training part alone. `index` is that of a seed
    among the seeds: they take the folds in turn.
    """
    if folds > 1:
        call = CallPlan("folds", (), {"k": folds, "fold": index % folds, "seed": seed})
        data = replace(data, transforms=(call, *data.transforms))
    return with_validation(data) if validation else data


def training_parts(pipeline: TrainingPlan, plan: Plan) -> Parts:
    """The data of a training; raises RunError where they do not fit its network."""
    try:
        return read_parts(pipeline, Network(plan))
    except DataError as error:
        raise RunError(str(error)) from None


def evaluated(data: DataPlan, plan: Plan, base: str) -> tuple[Dataset, Mapping[str, Examples]]:
    """Data that are only measured on: the held-out parts, or the training part; raises RunError as above."""
    network = Network(plan)
    try:
        dataset = load_for(data, network, base)
    except DataError as error:
        raise RunError(str(error)) from None
    parts: dict[str, Part] = {name: part for name, part in dataset.parts.items() if name != "train"}
    found = parts or {"train": dataset.parts["train"]}
    return dataset, {name: examples(plan.structure, part) for name, part in found.items()}
