"""`qmc`: points that fill the space evenly (Sobol 1967; Halton 1960), scrambled from the seed."""

from __future__ import annotations

import warnings

from dync.compiler.pipeline_plan import SweepPlan
from dync.runtime.error import RunError
from dync.runtime.sweep.space import Space
from dync.runtime.sweep.strategy import Strategy, arguments
from dync.runtime.sweep.trial import History, Proposal


def make(plan: SweepPlan, space: Space) -> Strategy:
    """`qmc(method = sobol, scramble = true)`; raises RunError."""
    given = arguments(plan.strategy, method="sobol", scramble=True)
    if given["method"] not in ("sobol", "halton"):
        raise RunError(f"the methods of qmc are sobol and halton, not {given['method']!r}")
    return _Sequence(plan.seed, space, given["method"], bool(given["scramble"]))


class _Sequence:
    """The points of one sequence, in order."""

    looks_back = False

    def __init__(self, seed: int, space: Space, method: str, scramble: bool) -> None:
        self._seed, self._space, self._method, self._scramble = seed, space, method, scramble

    def most(self) -> None:
        """There is no end."""
        return

    def propose(self, number: int, history: History) -> Proposal:
        """The point of this number."""
        from scipy.stats import qmc

        del history
        kinds = {"sobol": qmc.Sobol, "halton": qmc.Halton}
        sequence = kinds[self._method](len(self._space.searches), scramble=self._scramble, seed=self._seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that Sobol points are best taken in powers of two
            point = (sequence.fast_forward(number) if number else sequence).random(1)[0]
        return Proposal(number, self._space.at(point.tolist()))
