"""The parts of the data that a training is measured on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dync.compiler.pipeline_plan import DataPlan, Metric, TrainingPlan
from dync.compiler.plan_json import digest
from dync.grammar.diagnostic import nearest
from dync.runtime.data.dataset import Dataset, Part
from dync.runtime.data.validation import has_validation, with_validation
from dync.runtime.error import RunError
from dync.runtime.evaluation import Examples, examples, measure_names
from dync.runtime.network import Network
from dync.runtime.sequences import load_for


@dataclass(frozen=True, eq=False)
class Parts:
    """The data of a training, and of each part that it is measured on the examples.

    `further` are the data of `evaluate NAME DATA`, by name; `made_validation` tells that a tenth of the training part
    serves for validation, which nobody split off.
    """

    dataset: Dataset
    further: Mapping[str, Dataset]
    held_out: dict[str, Examples]
    made_validation: bool

    @property
    def digest(self) -> str:
        """The hash of all data, those of `evaluate NAME DATA` among them."""
        further = {name: some.digest for name, some in self.further.items()}
        return digest({"data": self.dataset.digest, "further": dict(further)}) if further else self.dataset.digest


def read_parts(plan: TrainingPlan, network: Network) -> Parts:
    """Read all data of a training; raises DataError, and RunError for a metric that these data cannot give."""
    data = data_of(plan)
    dataset = load_for(data, network, plan.base, plan.batch)
    further = {name: load_for(some, network, plan.base) for name, some in plan.evaluate_on.items()}
    found: dict[str, Part] = {name: part for name, part in dataset.parts.items() if name != "train"}
    found |= {name: some.held_out for name, some in further.items()}
    if not found or any(metric.part == "train" for metric in plan.metrics):
        found = {"train": dataset.parts["train"], **found}
    held_out = {name: examples(network.plan.structure, part) for name, part in found.items()}
    for metric in plan.metrics:
        verify_metric(metric, held_out)
    return Parts(dataset, further, held_out, data is not plan.data)


def data_of(plan: TrainingPlan) -> DataPlan:
    """The data of a training, with a validation part where a metric asks for one and none was split."""
    asked = any(metric.part == "validation" for metric in plan.metrics) and "validation" not in plan.evaluate_on
    return with_validation(plan.data) if asked and not has_validation(plan.data) else plan.data


def verify_metric(metric: Metric, held_out: Mapping[str, Examples]) -> None:
    """Raise RunError where a metric names a part or a measure that will not be there."""
    if metric.part not in held_out:
        hint = _hint(metric.part, held_out)
        raise RunError(f"{metric.part}.{metric.measure}: the data have no part {metric.part!r}{hint}")
    names = measure_names(held_out[metric.part])
    if metric.measure not in names:
        hint = _hint(metric.measure, names)
        raise RunError(f"{metric.part}.{metric.measure}: this part gives no measure {metric.measure!r}{hint}")


def _hint(word: str, known: Mapping[str, object] | tuple[str, ...]) -> str:
    guess = nearest(word, known)
    return f"; did you mean {guess!r}?" if guess else f"; there are {', '.join(known) or 'none'}"
