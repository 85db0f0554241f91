"""What a package is made of: the trained network, and what is known about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dync.compiler.pipeline_plan import CallPlan, DataPlan, Metric, TrainingPlan
from dync.runtime.arguments import plain_value
from dync.runtime.data.dataset import Dataset
from dync.runtime.evaluation import Examples
from dync.runtime.network import Network
from dync.runtime.orchestrator import WaveOrchestrator


@dataclass(frozen=True, eq=False)
class Contents:
    """A network that was trained with `seed` as the entry of a comparison on a task.

    `training` is how (None: the weights came from elsewhere, `origin` says from where), `dataset` on what, `some` the
    examples of the metric's part. `measures` are those of this very network by part, `summary` those of the entry on
    the task over all seeds, `place` its line of the leaderboard, `claims` those of the comparison, `why_this_seed` a
    sentence.
    """

    comparison: str
    entry: str
    task: str
    seed: int
    network: Network
    orchestrator: WaveOrchestrator
    origin: str
    training: TrainingPlan | None
    data: DataPlan
    dataset: Dataset
    some: Examples
    metric: Metric
    measures: Mapping[str, Mapping[str, float]]
    summary: Mapping[str, Any]
    place: Mapping[str, Any]
    claims: tuple[Mapping[str, Any], ...]
    why_this_seed: str


def data_text(data: DataPlan) -> str:
    """Data as the language writes them."""
    bindings = ", ".join(f'{layer} = "{array}"' for layer, array in data.bindings.items())
    source = call_text(data.source) + (f" {{ {bindings} }}" if bindings else "")
    return " then ".join([source, *map(call_text, data.transforms)])


def call_text(call: CallPlan) -> str:
    """A call as the language writes it."""
    arguments = [_value(value) for value in call.positional]
    arguments += [f"{name} = {_value(value)}" for name, value in call.named.items()]
    return f"{call.name}({', '.join(arguments)})" if arguments else call.name


def _value(value: Any) -> str:
    return call_text(value) if isinstance(value, CallPlan) else plain_value(value)
