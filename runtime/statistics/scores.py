"""The scores of a comparison as one array, and what stands in for a training that failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite

import numpy as np
from numpy.typing import NDArray

from dync.runtime.statistics.aggregate import Floats

Scores = Mapping[str, Mapping[str, Sequence[tuple[int, float | None]]]]
"""Entry, task, then (seed, value); None where that training failed."""

Scale = tuple[float, float]
"""The lowest and the highest value that a measure can have; infinite where there is no end."""


def scale_of(measure: str) -> Scale:
    """The scale of a measure by its name: `accuracy` and `agreement` 0..1, errors from 0 on, others without an end."""
    shares, errors = dict.fromkeys(("accuracy", "agreement"), (0.0, 1.0)), dict.fromkeys(("mse", "nrmse"), (0.0, inf))
    return (shares | errors).get(measure.rpartition(".")[2], (-inf, inf))


@dataclass(frozen=True)
class ScoreTable:
    """Scores `[entries, tasks, seeds]`, NaN where a training failed.

    No failed seed is dropped. Where one number must stand for it, it is the worst of the scale (accuracy 0); where a
    decision hangs on it, both ends of the scale are tried (Manski 2003, Partial identification of probability
    distributions, ch. 1).
    """

    entries: tuple[str, ...]
    tasks: tuple[str, ...]
    seeds: tuple[int, ...]
    values: Floats
    larger_is_better: bool
    scale: Scale

    @classmethod
    def of(cls, scores: Scores, larger_is_better: bool, scale: Scale | None = None) -> ScoreTable:
        """Check and order the scores. Without a `scale`: 0..1 where larger is better, from 0 on where it is not, and
        without an end where a value lies outside that. Raises ValueError where entries differ in tasks or seeds."""
        entries, (tasks, seeds) = tuple(scores), _shape(scores)
        values = np.array([[_values(scores[e][t], e, t, seeds) for t in tasks] for e in entries], dtype=np.float64)
        return cls(entries, tasks, seeds, values, larger_is_better, _checked_scale(values, larger_is_better, scale))

    @property
    def failed(self) -> NDArray[np.bool_]:
        """Which trainings failed, `[entries, tasks, seeds]`."""
        return np.isnan(self.values)

    def with_failed_at(self, end: str) -> Floats:
        """The scores with every failed one at the `best` or `worst` end of the scale."""
        low, high = self.scale
        return np.where(self.failed, high if (end == "best") == self.larger_is_better else low, self.values)

    def goodness(self, end: str) -> Floats:
        """The same, larger always being better."""
        return self.with_failed_at(end) * (1.0 if self.larger_is_better else -1.0)


def _shape(scores: Scores) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The tasks and seeds, which are the same everywhere."""
    found = {tuple(sorted(tasks)) for tasks in scores.values()}
    if len(found) != 1 or () in found:
        raise ValueError("every entry has scores on the same tasks, at least one")
    tasks = tuple(next(iter(scores.values())))
    lists = [[seed for seed, _ in pairs] for by_task in scores.values() for pairs in by_task.values()]
    seeds = sorted(set(lists[0]))
    if not seeds or any(sorted(found) != seeds for found in lists):
        raise ValueError("every entry has one score for each seed on each task, and the seeds are shared")
    return tasks, tuple(seeds)


def _values(pairs: Sequence[tuple[int, float | None]], entry: str, task: str, seeds: tuple[int, ...]) -> list[float]:
    by_seed = dict(pairs)
    if any(value is not None and not isfinite(value) for value in by_seed.values()):
        raise ValueError(f"a score of {entry} on {task} is not a finite number; a failed training has None")
    return [np.nan if (value := by_seed[seed]) is None else value for seed in seeds]


def _checked_scale(values: Floats, larger_is_better: bool, scale: Scale | None) -> Scale:
    low, high = scale or ((0.0, 1.0) if larger_is_better else (0.0, inf))
    known = values[~np.isnan(values)]
    if known.size == 0 or (known.min() >= low and known.max() <= high):
        return low, high
    if scale is not None:
        raise ValueError(f"scores lie between {known.min():g} and {known.max():g}, outside the scale {low:g}..{high:g}")
    return -inf, inf
