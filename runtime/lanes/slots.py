"""Places in which learners are trained side by side by one compiled program: one place, or many over a leading axis."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from math import inf
from time import monotonic
from typing import Any, Final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array, lax
from numpy.typing import NDArray

from dync.runtime.lanes.decision import Mode
from dync.runtime.learner import Feed, Learner, Outcome, Program, learning_function, learning_program
from dync.runtime.processors import threads

TRIED: Final = (False, True, False, False, True)
"""Which of the first calls go on several threads. The first compiles, once and not once a thread; after it each way has
a call in an even and one in an odd place, for where an epoch takes two calls, one of them is short."""

Arrays = Mapping[str, Array]
"""The training data by layer, `[examples, units]`: the same for every place."""


@dataclass(frozen=True, eq=False)
class Turn:
    """What one place learns in one call: the rows of its batches `[batches, batch]`, how many count, and its key."""

    rows: NDArray[np.int32]
    count: int
    key: Array


@dataclass(frozen=True, eq=False)
class Learned:
    """What became of a turn: whether all stayed finite, and the steps of the phases that settle, summed."""

    finite: bool
    steps: tuple[int, ...]


class Slots(ABC):
    """`width` places, each of them empty or with a learner. Those without a turn in a call are left alone, or learn
    something that nobody looks at."""

    width: int
    together: bool
    """Whether all turns of a call have to count the same number of batches."""

    @abstractmethod
    def put(self, slot: int, learner: Learner) -> None:
        """Give a place a learner, whatever was there."""

    @abstractmethod
    def learn(self, turns: Mapping[int, Turn]) -> dict[int, Learned]:
        """One call of the program: the turn of each place by its number."""

    @abstractmethod
    def learner(self, slot: int) -> Learner:
        """The learner of a place as it is now, for as long as the place does not learn."""


def make_slots(mode: Mode, optimizer: optax.GradientTransformation, arrays: Arrays, width: int) -> Slots:
    """Places for learners of this optimizer's form; `off` has one a thread at most, whatever the width."""
    if mode == "off" or width == 1:
        return _Each(learning_program(optimizer), arrays, min(width, threads()))
    return _Many(_programs(learning_function(optimizer), mode), arrays, width, together=mode == "fast")


class _Each(Slots):
    """Places of their own, each with the program of single runs, in turn or on a thread each, whichever is faster.

    The program of a small network fills one processor; that of a large one fills them all by itself. The bits are the
    same either way, so the first calls may take turns and the rest go the faster way.
    """

    together = False

    def __init__(self, program: Program, arrays: Arrays, width: int) -> None:
        self.width = width
        self._program, self._arrays = program, dict(arrays)
        self._learners: dict[int, Learner] = {}
        self._pool = ThreadPoolExecutor(width)
        self._calls = 0
        self._seconds = {True: inf, False: inf}

    def put(self, slot: int, learner: Learner) -> None:
        self._learners[slot] = learner

    def learn(self, turns: Mapping[int, Turn]) -> dict[int, Learned]:
        threaded, began = self._is_threaded, monotonic()
        apply = self._pool.map if threaded else map
        found = dict(zip(turns, apply(self._learn, turns.keys(), turns.values()), strict=True))
        if self._calls and len(turns) == self.width:  # the first call compiles, and one place alone tells nothing
            batches = sum(turn.count for turn in turns.values())
            self._seconds[threaded] = min(self._seconds[threaded], (monotonic() - began) / max(batches, 1))
        self._calls += 1
        return found

    @property
    def _is_threaded(self) -> bool:
        if self._calls < len(TRIED):
            return TRIED[self._calls]
        return self._seconds[True] < self._seconds[False]

    def _learn(self, slot: int, turn: Turn) -> Learned:
        feed = Feed(self._arrays, jnp.asarray(turn.rows), jnp.int32(turn.count), turn.key)
        self._learners[slot], outcome = self._program(feed, self._learners[slot])
        return Learned(bool(outcome.finite), tuple(outcome.steps.tolist()))

    def learner(self, slot: int) -> Learner:
        return self._learners[slot]


class _Many(Slots):
    """Places along a leading axis of every array of a learner."""

    def __init__(self, program: Callable[..., Any], arrays: Arrays, width: int, *, together: bool) -> None:
        self.width, self.together = width, together
        self._program, self._arrays = program, dict(arrays)
        self._stack: Learner | None = None

    def put(self, slot: int, learner: Learner) -> None:
        if self._stack is None:
            self._stack = _repeated(learner, self.width)
        else:
            self._stack = _placed((jnp.int32(slot), learner), self._stack)

    def learn(self, turns: Mapping[int, Turn]) -> dict[int, Learned]:
        some = next(iter(turns.values()))
        idle = Turn(np.zeros_like(some.rows), 0, some.key)
        whole = [turns.get(slot, idle) for slot in range(self.width)]
        rows = jnp.asarray(np.stack([turn.rows for turn in whole]))
        counts = jnp.asarray(np.array([turn.count for turn in whole], np.int32))
        keys = jnp.stack([turn.key for turn in whole])
        self._stack, outcome = self._program((self._arrays, rows, counts, keys), self._stack)
        finite, steps = np.asarray(outcome.finite), np.asarray(outcome.steps)
        return {slot: Learned(bool(finite[slot]), tuple(steps[slot].tolist())) for slot in turns}

    def learner(self, slot: int) -> Learner:
        assert self._stack is not None
        return _taken(self._stack, jnp.int32(slot))


Fixed = tuple[dict[str, Array], Array, Array, Array]
"""Data, and for every place rows, count and key."""


@lru_cache(maxsize=64)
def _programs(learn: Program, mode: Mode) -> Callable[..., Any]:
    """The compiled program over a leading axis; the stack of learners is donated."""

    @eqx.filter_jit(donate="all-except-first")
    def exact(fixed: Fixed, stack: Learner) -> tuple[Learner, Outcome]:
        arrays, *turns = fixed
        found: tuple[Learner, Outcome] = lax.map(lambda one: learn(Feed(arrays, *one[0]), one[1]), (turns, stack))
        return found

    @eqx.filter_jit(donate="all-except-first")
    def fast(fixed: Fixed, stack: Learner) -> tuple[Learner, Outcome]:
        arrays, rows, counts, keys = fixed
        count = jnp.max(counts)  # one number for all, so that the loop over the batches stays one loop
        found: tuple[Learner, Outcome] = jax.vmap(lambda r, k, one: learn(Feed(arrays, r, count, k), one))(
            rows, keys, stack
        )
        return found

    return exact if mode == "exact" else fast


@eqx.filter_jit
def _repeated(learner: Learner, width: int) -> Learner:
    found: Learner = jax.tree.map(lambda leaf: jnp.stack([leaf] * width), learner)
    return found


@eqx.filter_jit(donate="all-except-first")
def _placed(new: tuple[Array, Learner], stack: Learner) -> Learner:
    slot, learner = new
    found: Learner = jax.tree.map(lambda whole, one: whole.at[slot].set(one), stack, learner)
    return found


@eqx.filter_jit
def _taken(stack: Learner, slot: Array) -> Learner:
    found: Learner = jax.tree.map(lambda leaf: lax.dynamic_index_in_dim(leaf, slot, keepdims=False), stack)
    return found
