"""`cma`: covariance matrix adaptation (Hansen and Ostermeier 2001) over the unit cube of the searched settings.

The distribution is rebuilt from the log: generation after generation of the trials so far, then one draw from the
trial's own stream. So nothing but plain trials has to be kept.
"""

from __future__ import annotations

from itertools import islice

import numpy as np

from dync.compiler.pipeline_plan import Choices, SweepPlan
from dync.runtime.error import RunError
from dync.runtime.sweep.extra import package
from dync.runtime.sweep.space import Space
from dync.runtime.sweep.strategy import Strategy, arguments, seed_of
from dync.runtime.sweep.trial import History, Proposal, flat


def make(plan: SweepPlan, space: Space) -> Strategy:
    """`cma(startup = 1, sigma = 1 / 6)`; raises RunError for spaces that it cannot move through."""
    given = arguments(plan.strategy, startup=1, sigma=1 / 6)
    package("cmaes", plan.strategy.name)
    for search in space.searches:
        if isinstance(search.space, Choices) or search.condition is not None:
            raise RunError(
                f"cma moves through ranges alone, and {search.key} is a set or has a condition: take tpe, or give it a"
                " range"
            )
    if len(space.searches) < 2:
        raise RunError("cma adapts how settings vary together, and one alone is searched: take tpe")
    return _Evolution(plan, space, int(given["startup"]), float(given["sigma"]))


class _Evolution:
    """CMA-ES, ask by ask."""

    looks_back = True

    def __init__(self, plan: SweepPlan, space: Space, startup: int, sigma: float) -> None:
        self._seed, self._space, self._startup, self._sigma = plan.seed, space, startup, sigma
        self._sign = -1.0 if plan.direction == "maximize" else 1.0

    def most(self) -> None:
        """There is no end."""
        return

    def propose(self, number: int, history: History) -> Proposal:
        """A draw from the distribution that the generations so far have led to; at first at random."""
        if number < self._startup:
            stream = np.random.Generator(np.random.PCG64([self._seed, number]))
            point = stream.random(len(self._space.searches))
        else:
            point = self._draw(number, history)
        return Proposal(number, self._space.at(point.tolist()), {"point": point.tolist()})

    def _draw(self, number: int, history: History) -> np.ndarray:
        cmaes = package("cmaes", "cma")
        dimensions = len(self._space.searches)
        bounds = np.tile([0.0, 1.0], (dimensions, 1))
        optimizer = cmaes.CMA(np.full(dimensions, 0.5), self._sigma, bounds=bounds, seed=self._seed % 2**31)
        trials = iter(self._scored(history))
        while len(generation := list(islice(trials, optimizer.population_size))) == optimizer.population_size:
            optimizer.tell(generation)
        optimizer.reseed_rng(seed_of(self._seed, number) % 2**31)
        return np.asarray(optimizer.ask(), np.float64)

    def _scored(self, history: History) -> list[tuple[np.ndarray, float]]:
        """Where the trials lay and how good they were, smaller being better; those without a value are the worst."""
        return [
            (
                np.asarray(trial.notes["point"], np.float64),
                np.inf if trial.value is None else self._sign * trial.value,
            )
            for trial in flat(history)
        ]
