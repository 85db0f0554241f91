"""What became of a trial, from what became of its seeds; and the watch that ends seeds whose trial is decided.

The outcome follows from the seeds' histories alone. The watch only saves work: a seed goes on until the decision about
its trial cannot change any more, whatever ran when and where.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isfinite
from typing import Any

import numpy as np

from dync.compiler.pipeline_plan import Metric, TrainingPlan
from dync.runtime.lanes.lane import LaneReport, LaneResult, Measures
from dync.runtime.lanes.train import Verdict
from dync.runtime.pipelines.training.decisions import value_of
from dync.runtime.sweep.pruning import Pruning
from dync.runtime.sweep.trial import Proposal, Trial

Values = Mapping[int, float | None]
"""The objective by epoch."""


def lane_name(number: int, seed: int) -> str:
    """The name of a lane: of a trial and the number of its seed among the trial's."""
    return f"trial {number} seed {seed}"


def lane_of(name: str) -> tuple[int, int]:
    """The trial and the number of the seed that a lane belongs to."""
    _, number, _, seed = name.split()
    return int(number), int(seed)


def outcome(
    proposal: Proposal,
    training: TrainingPlan,
    results: Sequence[LaneResult],
    metric: Metric | None,
    pruning: Pruning | None,
) -> Trial:
    """The trial whose seeds came to these results, in their order."""
    steps = () if metric is None else tuple(mean_steps([_values(r.history, metric) for r in results]))
    epoch = None if pruning is None else pruning.pruned_at(proposal.number, steps)
    ended = Trial(
        number=proposal.number, params=proposal.params, status="failed", value=None, seeds=(None,) * len(results),
        intermediate=steps, measures={}, error=None, seconds=round(sum(result.seconds for result in results), 3),
        notes=proposal.notes,
    )  # fmt: skip
    if epoch is not None and epoch < _last_epoch(training, results):
        return replace(ended, status="pruned", intermediate=tuple(step for step in steps if step[0] <= epoch))
    values, error = _final(results, metric)
    if error is not None:
        return replace(ended, seeds=values, error=error)
    measures = mean_measures([result.evaluation for result in results])
    mean = None if metric is None else float(np.mean([value for value in values if value is not None]))
    return replace(ended, status="complete", value=mean, seeds=values, measures=measures)


def _final(results: Sequence[LaneResult], metric: Metric | None) -> tuple[tuple[float | None, ...], str | None]:
    """The objective of every seed at its end, and the first reason why the trial has none."""
    values: list[float | None] = []
    errors = []
    for number, result in enumerate(results):
        value = None if metric is None or result.status != "complete" else value_of(result.evaluation, metric)
        values.append(value)
        if result.status == "failed":
            errors.append(f"seed {number}: {result.error}" if len(results) > 1 else str(result.error))
        elif metric is not None and result.status == "complete" and value is None:
            errors.append(f"{metric.part}.{metric.measure} is not a finite number")
        elif result.status == "pruned":
            errors.append(f"seed {number} was ended, and nobody knows why")
    return tuple(values), errors[0] if errors else None


def mean_steps(by_seed: Sequence[Values]) -> list[tuple[int, float]]:
    """Means over the seeds, epoch by epoch, up to the first epoch that not all seeds have a number for."""
    found = []
    for epoch in sorted(set().union(*by_seed)):
        values = [values.get(epoch) for values in by_seed]
        numbers = [value for value in values if value is not None]
        if len(numbers) < len(values):
            break
        found.append((epoch, float(np.mean(numbers))))
    return found


def mean_measures(all_of: Sequence[Measures]) -> dict[str, dict[str, float]]:
    """The mean of each measure over seeds."""
    first = all_of[0]
    return {
        part: {name: float(np.mean([found[part][name] for found in all_of])) for name in measures}
        for part, measures in first.items()
    }


def _values(history: Sequence[Mapping[str, Any]], metric: Metric) -> Values:
    return {int(record["epoch"]): value_of(record, metric) for record in history if metric.part in record}


def _last_epoch(training: TrainingPlan, results: Sequence[LaneResult]) -> int:
    """The epoch in which the training is over by its plan, where nothing is to be saved any more."""
    if training.epochs is not None:
        return training.epochs
    first = next(record for result in results for record in result.history)
    return -(-(training.updates or 0) // int(first["updates"]))


class TrialWatch:
    """Ends the seeds of a trial once it is pruned, or as good as failed."""

    def __init__(self, metric: Metric | None, seeds: int, pruning: Pruning | None) -> None:
        self._metric, self._seeds, self._pruning = metric, seeds, pruning
        self._values: dict[int, list[dict[int, float | None]]] = {}
        self._stops: dict[int, int] = {}

    def __call__(self, report: LaneReport) -> Verdict:
        """Whether a seed is to go on."""
        number, seed = lane_of(report.lane)
        if self._metric is not None and self._pruning is not None and number not in self._stops:
            by_seed = self._values.setdefault(number, [{} for _ in range(self._seeds)])
            by_seed[seed][report.epoch] = _value(report.measures, self._metric)
            epoch = self._pruning.pruned_at(number, mean_steps(by_seed))
            if epoch is not None:
                self._stops[number] = epoch
        stop = self._stops.get(number)
        return "prune" if stop is not None and report.epoch >= stop else "go on"

    def failed(self, lane: str, epochs: int) -> None:
        """A seed failed after so many whole epochs: the others need not go on beyond that."""
        number, _ = lane_of(lane)
        self._stops.setdefault(number, epochs + 1)


def _value(measures: Measures, metric: Metric) -> float | None:
    value = measures.get(metric.part, {}).get(metric.measure)
    return value if value is not None and isfinite(value) else None
