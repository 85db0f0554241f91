"""Drawing seeds again with replacement, within each task."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dync.runtime.statistics.aggregate import Floats, interquartile_mean
from dync.runtime.statistics.intervals import Interval, expanded_interval


@dataclass(frozen=True)
class Resamples:
    """The stratified bootstrap of scores `[tasks, seeds]`: for each resample and task as many seeds as there were.

    `seeds` are their positions `[resamples, tasks, seeds]`. The same positions are used for every entry, which keeps
    what is paired paired. Tasks are strata, not a sample: intervals are about these tasks. What a seed does on one task
    is taken as independent of what it does on another (Efron & Tibshirani 1993, An introduction to the bootstrap;
    Agarwal et al. 2021). `correlation` is that between seeds on a task: 1/folds where they stand for the folds of a
    cross-validation.
    """

    seeds: NDArray[np.intp]
    correlation: float = 0.0

    @classmethod
    def draw(cls, tasks: int, seeds: int, resamples: int, seed: int, correlation: float = 0.0) -> Resamples:
        """Draw them; the same arguments draw the same."""
        drawn = np.random.default_rng([seed, 1]).integers(seeds, size=(resamples, tasks, seeds))
        return cls(drawn, correlation)

    @cached_property
    def weights(self) -> Floats:
        """How often each seed was drawn, as a share: `[resamples, tasks, seeds]`, the sum over seeds is 1."""
        resamples, tasks, n = self.seeds.shape
        cells = np.arange(resamples * tasks).reshape(resamples, tasks, 1) * n + self.seeds
        counts = np.bincount(cells.ravel(), minlength=resamples * tasks * n)
        return np.asarray(counts.reshape(resamples, tasks, n) / n)

    @cached_property
    def by_task(self) -> tuple[Resamples, ...]:
        """The resamples of each task alone."""
        return tuple(Resamples(self.seeds[:, [task]], self.correlation) for task in range(self.seeds.shape[1]))

    def means(self, scores: Floats) -> Floats:
        """The mean over seeds, then over tasks, of each resample of scores `[tasks, seeds]`: `[resamples]`."""
        if np.isfinite(scores).all():
            return np.asarray(self.weights.reshape(len(self.seeds), -1) @ scores.ravel() / len(scores))
        with np.errstate(invalid="ignore"):
            return np.asarray(self._drawn(scores).mean(axis=2).mean(axis=1))

    def interquartile_means(self, scores: Floats) -> Floats:
        """The interquartile mean over tasks and seeds of each resample of scores `[tasks, seeds]`: `[resamples]`."""
        with np.errstate(invalid="ignore"):
            return interquartile_mean(self._drawn(scores).reshape(len(self.seeds), -1))

    def interval(self, resampled: Floats) -> Interval | None:
        """The 95% interval of a statistic from its resamples `[resamples]`; None of a single seed.

        Seeds that correlate are spread less than what they are drawn from: their resamples are moved apart by the
        factor that Nadeau & Bengio (2003, Inference for the generalization error) give for a mean.
        """
        n = self.seeds.shape[2]
        if n < 2:
            return None
        if self.correlation and np.isfinite(resampled).all():
            centre, factor = resampled.mean(), np.sqrt(1 + n * self.correlation / (1 - self.correlation))
            resampled = centre + factor * (resampled - centre)
        return expanded_interval(resampled, n)

    def _drawn(self, scores: Floats) -> Floats:
        return np.asarray(np.take_along_axis(scores[None], self.seeds, axis=2))
