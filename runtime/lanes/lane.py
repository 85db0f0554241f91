"""A lane: one training among many, as data that any process can be given; and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from numpy.typing import NDArray

from dync.compiler.pipeline_plan import CallPlan, TrainingPlan
from dync.compiler.plan import Plan

Measures = Mapping[str, Mapping[str, float]]
"""Measures by part: `{"validation": {"accuracy": 0.93}}`."""


@dataclass(frozen=True)
class Lane:
    """A training that is one of many. `name` is its own among them; `pipeline.seed` its seed.

    `start` are the arrays that it starts from (as `saved_arrays` names them), None where they are drawn from the seed.
    With a `baseline` that model is trained in place of the network, in the way of the pipeline; `start` is None.
    `files` are the data files as they were checked, the SHA-256 of each by its absolute path.
    """

    name: str
    pipeline: TrainingPlan
    plan: Plan
    start: Mapping[str, NDArray[Any]] | None = None
    baseline: CallPlan | None = None
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LaneReport:
    """An evaluation on the way: so many epochs are done, and these are the measures."""

    lane: str
    epoch: int
    measures: Measures


Watch = Callable[[LaneReport], Literal["go on", "prune"]]
"""Hears of every evaluation on the way, and may end a lane there."""


@dataclass(frozen=True)
class LaneResult:
    """What became of a lane. `arrays` are its weights and numbers at the end (of a failed lane, none).

    `history` has a record an epoch, as `result.json` shows them; `evaluation` the measures at the end. `error` says why
    a lane failed, divergence included: a failed lane has no evaluation.
    """

    lane: str
    status: Literal["complete", "pruned", "failed"]
    history: tuple[Mapping[str, Any], ...]
    evaluation: Measures
    arrays: Mapping[str, NDArray[Any]]
    seconds: float
    error: str | None = None
