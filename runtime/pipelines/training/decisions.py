"""What a training decides from its history alone, so that a resumed run decides the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from dync.compiler.pipeline_plan import Metric, StopPlan, TrainingPlan

History = Sequence[Mapping[str, Any]]
"""A record an epoch; those that were evaluated hold measures by part."""


def value_of(record: Mapping[str, Any], metric: Metric) -> float | None:
    """The metric in a record, None where the epoch was not evaluated or the measure is not finite."""
    measures = record.get(metric.part)
    value = measures.get(metric.measure) if isinstance(measures, Mapping) else None
    return float(value) if isinstance(value, int | float) and isfinite(value) else None


def best_epoch(history: History, metric: Metric) -> int | None:
    """The first epoch, counted from 1, with the best value; None where nothing was evaluated."""
    found = [(value, record["epoch"]) for record in history if (value := value_of(record, metric)) is not None]
    if not found:
        return None
    sign = 1 if metric.larger_is_better else -1
    return int(max(found, key=lambda pair: sign * pair[0])[1])


def is_best(history: History, metric: Metric) -> bool:
    """Whether the last epoch is better than all before it."""
    return bool(history) and best_epoch(history, metric) == history[-1]["epoch"]


def evaluations_since_best(history: History, metric: Metric) -> int:
    """How many evaluations in a row brought nothing better; those that gave no finite measure count too."""
    best = best_epoch(history, metric) or 0
    return sum(1 for record in history if metric.part in record and record["epoch"] > best)


def has_stopped(history: History, stop: StopPlan | None) -> bool:
    """Whether `stop after N without better PART.MEASURE` ends the training here."""
    return stop is not None and evaluations_since_best(history, stop.metric) >= stop.after


def evaluates(plan: TrainingPlan, epoch: int, epochs: int) -> bool:
    """Whether the epoch, counted from 1, is evaluated: as the plan says, every one where a metric decides and it says
    nothing, and then the last one too."""
    every = plan.evaluate_every or (1 if plan.metrics else 0)
    return bool(every and epoch % every == 0) or (bool(plan.metrics) and epoch == epochs)
