"""Strategies by their names: what proposes the trials of a sweep.

A proposal depends on the spec and the trials of the rounds before it alone, so it can be made again from the log.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, Final, Protocol

import numpy as np

from dync.compiler.pipeline_plan import CallPlan, SweepPlan
from dync.grammar.diagnostic import nearest
from dync.runtime.error import RunError
from dync.runtime.sweep.space import Space
from dync.runtime.sweep.trial import History, Proposal

LONGEST: Final = 100_000
"""A grid with more combinations than this is refused where all of them are to be tried."""


class Strategy(Protocol):
    """Proposes trials."""

    looks_back: bool
    """Whether it makes anything of what came of earlier trials."""

    def most(self) -> int | None:
        """How many trials there are at most, None where there is no end."""
        ...

    def propose(self, number: int, history: History) -> Proposal:
        """The trial of this number, from the rounds before its own."""
        ...


def make_strategy(plan: SweepPlan) -> Strategy:
    """The strategy that a plan names; raises RunError for one that there is not, or that lacks its packages."""
    space = Space.of(plan.search)
    makers = _makers()
    name = plan.strategy.name
    if name not in makers:
        guess = nearest(name, makers)
        raise RunError(
            f"there is no strategy {name!r}: " + (f"did you mean {guess!r}?" if guess else f"take {', '.join(makers)}")
        )
    return makers[name](plan, space)


def _makers() -> Mapping[str, Callable[[SweepPlan, Space], Strategy]]:
    from dync.runtime.sweep import evolution, sequence, studies

    return {
        "grid": lambda plan, space: _Listed(plan, space, shuffled=False),
        "bruteforce": lambda plan, space: _Listed(plan, space, shuffled=True),
        "random": lambda plan, space: _Random(plan.seed, space),
        "qmc": sequence.make,
        "cma": evolution.make,
        **dict.fromkeys(studies.SAMPLERS, studies.make),
    }


def arguments(call: CallPlan, **defaults: Any) -> dict[str, Any]:
    """The arguments of a strategy or pruner by name, in the order of the defaults; raises RunError for others."""
    names = list(defaults)
    given = {**dict(zip(names, call.positional, strict=False)), **call.named}
    unknown = [name for name in given if name not in defaults]
    if unknown or len(call.positional) > len(names):
        shown = ", ".join(names) or "no arguments"
        raise RunError(f"{call.name} takes {shown}, not {', '.join(unknown) or len(call.positional)}")
    return {**defaults, **given}


def seed_of(*parts: int) -> int:
    """One seed from several numbers."""
    return int(np.random.SeedSequence(parts).generate_state(1)[0])


class _Listed:
    """Every combination once: in order, or in an order drawn from the seed."""

    looks_back = False

    def __init__(self, plan: SweepPlan, space: Space, *, shuffled: bool) -> None:
        arguments(plan.strategy)
        most = LONGEST + 1 if plan.trials is None or shuffled else plan.trials
        found = list(islice(space.all(), most))
        if len(found) > LONGEST and most > LONGEST:
            raise RunError(f"the grid has more than {LONGEST:,} combinations: search fewer values, or by random or tpe")
        if shuffled:
            order = np.random.Generator(np.random.PCG64(plan.seed)).permutation(len(found))
            found = [found[n] for n in order]
        self._found = found

    def most(self) -> int:
        """All combinations."""
        return len(self._found)

    def propose(self, number: int, history: History) -> Proposal:
        """The combination of this number."""
        del history
        return Proposal(number, self._found[number])


class _Random:
    """Every setting at random, each trial from a stream of its own."""

    looks_back = False

    def __init__(self, seed: int, space: Space) -> None:
        self._seed, self._space = seed, space

    def most(self) -> None:
        """There is no end."""
        return

    def propose(self, number: int, history: History) -> Proposal:
        """A random point."""
        del history
        drawn = np.random.Generator(np.random.PCG64([self._seed, number])).random(len(self._space.searches))
        return Proposal(number, self._space.at(drawn.tolist()))
