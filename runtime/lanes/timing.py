"""How fast a group trains in each mode, measured on its own lanes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import jax

from dync.runtime.error import RunError
from dync.runtime.lanes.course import Course
from dync.runtime.lanes.decision import Decision, Mode, Timing, decide
from dync.runtime.lanes.groups import Group, groups
from dync.runtime.lanes.lane import Lane
from dync.runtime.lanes.prepared import Prepared
from dync.runtime.lanes.slots import Arrays, Turn, make_slots
from dync.runtime.pipelines.training.preparation import Preparation

WIDTH: Final = 32
"""Lanes that train side by side at most."""

ROOM: Final = 2**30
"""Bytes that the learners side by side may take. What free memory there is at the moment must not decide, for `fast`
lanes may give other last bits side by side with others."""

TIMED: Final[Mapping[Mode, int]] = {"off": 5, "exact": 2, "fast": 2}
"""Calls by which the modes are timed, after the first; `off` takes turns between one thread and several. A call is as
long as those of the training, for what a call costs beside its batches differs between the modes."""


def width_of(group: Group, shared: Preparation, most: int = WIDTH) -> int:
    """How many lanes of a group train side by side, `most` at most; raises RunError where none can start."""
    learner = Course(group.lanes[0], shared).learner()
    bytes_each = sum(leaf.nbytes for leaf in jax.tree.leaves(learner))
    return int(max(1, min(most, len(group.lanes), ROOM // bytes_each)))


def measured(group: Group, shared: Preparation, arrays: Arrays, width: int, total: int = 0) -> Decision:
    """The mode that trains a group fastest with `width` lanes side by side; `total` lanes there will be at least."""

    def measure(mode: Mode) -> Timing:
        return _time(mode, group, shared, arrays, width)

    return decide(max(total, len(group.lanes)), shared.batches.total, measure)


def measured_decisions(lanes: Sequence[Lane], prepared: Prepared, total: int = 0) -> dict[str, Decision]:
    """The same for every group of some lanes, by its key. One that cannot be trained has none; training says why."""
    found = {}
    for group in groups(lanes):
        try:
            shared, arrays = prepared.of(group)
            found[group.key] = measured(group, shared, arrays, width_of(group, shared), total)
        except RunError:
            continue  # its lanes fail with this very sentence when they are trained
    return found


def said(decision: Decision, lanes: Sequence[Lane]) -> str:
    """What people read of a decision about some lanes."""
    name = lanes[0].plan.structure.network
    return f"{len(lanes)} trainings of {name} run as `fused {decision.mode}`: {decision.why}"


def _time(mode: Mode, group: Group, shared: Preparation, arrays: Arrays, width: int) -> Timing:
    """Train the first lane in every place for a few calls."""
    slots = make_slots(mode, shared.optimizer, arrays, width)
    for slot in range(slots.width):
        slots.put(slot, Course(group.lanes[0], shared).learner())
    rows, count = next(shared.batches.calls(0))
    turns = dict.fromkeys(range(slots.width), Turn(rows, count, jax.random.fold_in(shared.key, 1)))
    first, *rest = (_seconds(lambda: slots.learn(turns)) for _ in range(1 + TIMED[mode]))
    return Timing(first, min(rest) / (count * slots.width))


def _seconds(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began
