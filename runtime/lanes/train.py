"""Training many lanes: group by group, each as one compiled program whose places are filled again as they fall free."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import jax
import jax.numpy as jnp

from dync.runtime.data.error import DataError
from dync.runtime.error import RunError
from dync.runtime.lanes.course import Course, prepared_for
from dync.runtime.lanes.decision import Choice, Decision, Mode, Timing, decide
from dync.runtime.lanes.groups import Group, groups
from dync.runtime.lanes.lane import Lane, LaneReport, LaneResult, Watch
from dync.runtime.lanes.slots import Arrays, Slots, Turn, make_slots
from dync.runtime.learner import Learner
from dync.runtime.network import Network
from dync.runtime.optimizers import OptimizerError, make_optimizer
from dync.runtime.pipelines.training.preparation import Preparation, load_parts, schedule_of, verify_protocols

WIDTH: Final = 32
"""Lanes that train side by side at most."""

ROOM: Final = 2**30
"""Bytes that the learners side by side may take. What free memory there is at the moment must not decide, for `fast`
lanes may give other last bits side by side with others."""

TIMED: Final = 16
"""Batches by which the modes are timed."""

REMEMBERED: Final = 4
"""Groups whose data stay in memory."""

Verdict = Literal["go on", "prune"]


Decisions = MutableMapping[str, Decision]
"""What was decided for each group by its key; given to a later call it is not measured again."""


@dataclass
class Prepared:
    """What a later call need not read again: the data of the last few groups, by their keys."""

    shared: dict[str, tuple[Preparation, Arrays]] = field(default_factory=dict)

    def of(self, group: Group) -> tuple[Preparation, Arrays]:
        """What the lanes of a group share, and the training data on the device; raises RunError."""
        if group.key not in self.shared:
            found = _prepare(group.lanes[0])
            train = found.dataset.parts["train"].arrays
            arrays = {name: jnp.asarray(array.reshape(len(array), -1)) for name, array in train.items()}
            while len(self.shared) >= REMEMBERED:
                del self.shared[next(iter(self.shared))]
            self.shared[group.key] = found, arrays
        return self.shared[group.key]


def watch_nothing(report: LaneReport) -> Verdict:
    """Lets every lane go on."""
    del report
    return "go on"


def train_lanes(
    lanes: Sequence[Lane],
    mode: Choice,
    watch: Watch,
    *,
    width: int | None = None,
    decisions: Decisions | None = None,
    prepared: Prepared | None = None,
    total: int = 0,
    say: Callable[[str], None] = lambda text: None,
) -> Iterator[LaneResult]:
    """Train all lanes, and give the result of each as soon as it is there.

    Lanes that differ in numbers alone train as one program with at most `width` of them side by side. With `exact` and
    `off` every lane comes to the bits of a single run; with `fast` to about the same numbers, always the same for the
    same lanes in the same order. `auto` measures on the lanes themselves which is fastest, and says it; what was
    decided is kept in `decisions` (`total` is how many lanes there will be in all, where they come in several
    calls). `watch` hears of every evaluation on the way, and may end a lane there.

    A lane that cannot be trained or whose numbers are no longer finite is a failed result; the others go on.
    """
    known = {} if decisions is None else decisions
    read = prepared or Prepared()
    for group in groups(lanes):
        yield from _Fleet(group, mode, watch, width or WIDTH, known, read, total, say).run()


class _Fleet:
    """The lanes of one group."""

    def __init__(
        self, group: Group, mode: Choice, watch: Watch, width: int, known: Decisions, prepared: Prepared,
        total: int, say: Callable[[str], None],
    ) -> None:  # fmt: skip
        self.group, self.mode, self.watch, self.width = group, mode, watch, width
        self.known, self.prepared, self.total, self.say = known, prepared, total, say
        self.queue = deque(group.lanes)
        self.courses: dict[int, Course] = {}
        self.slots: Slots

    def run(self) -> Iterator[LaneResult]:
        """Train them all."""
        try:
            self.shared, self.arrays = self.prepared.of(self.group)
            self.slots = self._slots()
        except RunError as error:
            yield from (_failed(lane, str(error)) for lane in self.group.lanes)
            return
        yield from self._fill()
        while self.courses:
            yield from self._call()
            yield from self._fill()

    # --- the mode and the places ---

    def _width(self) -> int:
        """How many lanes train side by side."""
        learner = Course(self.group.lanes[0], self.shared).learner()
        bytes_each = sum(leaf.nbytes for leaf in jax.tree.leaves(learner))
        return int(max(1, min(self.width, len(self.group.lanes), ROOM // bytes_each)))

    def _slots(self) -> Slots:
        width = self._width()
        mode = self._mode(width) if self.mode == "auto" else self.mode
        return make_slots(mode, self.shared.optimizer, self.arrays, width)

    def _mode(self, width: int) -> Mode:
        if len(self.group.lanes) == 1 and self.group.key not in self.known:
            return "off"
        if self.group.key not in self.known:
            batches = self.shared.batches
            lanes = max(self.total, len(self.group.lanes))
            found = decide(lanes, batches.total, lambda mode: self._time(mode, width))
            name = self.group.lanes[0].plan.structure.network
            self.say(f"{len(self.group.lanes)} trainings of {name} run as `fused {found.mode}`: {found.why}")
            self.known[self.group.key] = found
        return self.known[self.group.key].mode

    def _time(self, mode: Mode, width: int) -> Timing:
        """Train the first lanes for a few batches, some times over."""
        slots = make_slots(mode, self.shared.optimizer, self.arrays, width)
        for slot in range(slots.width):
            slots.put(slot, Course(self.group.lanes[0], self.shared).learner())
        rows, count = next(self.shared.batches.calls(0))
        some = min(count, TIMED)
        turns = dict.fromkeys(range(slots.width), Turn(rows, some, jax.random.fold_in(self.shared.key, 1)))
        first, *rest = (_seconds(lambda: slots.learn(turns)) for _ in range(5))
        return Timing(first, min(rest) / (some * slots.width))

    # --- lanes come and go ---

    def _fill(self) -> Iterator[LaneResult]:
        """Give every free place the next lane that can be trained."""
        for slot in range(self.slots.width):
            while slot not in self.courses and self.queue:
                lane = self.queue.popleft()
                try:
                    course = Course(lane, _own(lane, self.shared))
                    learner = course.learner()
                except RunError as error:
                    yield _failed(lane, str(error))
                    continue
                if course.is_done:
                    yield _result(course, learner)
                    continue
                self.slots.put(slot, learner)
                self.courses[slot] = course

    def _call(self) -> Iterator[LaneResult]:
        """One call of the program, and what follows from it for every lane."""
        began = time.monotonic()
        calls = {slot: course.call() for slot, course in self.courses.items()}
        if self.slots.together:
            least = min(call.count for call in calls.values())
            calls = {slot: course.call(least) for slot, course in self.courses.items()}
        turns = {slot: Turn(call.rows, call.count, self.courses[slot].key) for slot, call in calls.items()}
        found = self.slots.learn(turns)
        share = (time.monotonic() - began) / len(turns)
        for slot, learned in found.items():
            course = self.courses[slot]
            if not learned.finite:
                yield self._end(slot, _diverged(course, calls[slot].count))
                continue
            course.learned(calls[slot].count, learned.steps, share)
            if course.at_end_of_epoch:
                yield from self._end_epoch(slot, course)

    def _end_epoch(self, slot: int, course: Course) -> Iterator[LaneResult]:
        """Evaluate where that is due, and take the lane out where it is done or is pruned."""
        verdict: Verdict = "go on"
        if course.is_due:
            found = course.end_evaluated_epoch(self.slots.learner(slot).orchestrator)
            verdict = self.watch(LaneReport(course.lane.name, course.position.epoch, found))
        else:
            course.end_epoch()
        if course.is_done:
            yield self._end(slot, _result(course, self.slots.learner(slot)))
        elif verdict == "prune":
            yield self._end(slot, _result(course, self.slots.learner(slot), pruned=True))

    def _end(self, slot: int, result: LaneResult) -> LaneResult:
        del self.courses[slot]
        return result


def _prepare(lane: Lane) -> Preparation:
    """What the lanes of a group share, as the first of them has it; raises RunError."""
    network = Network(lane.plan)
    verify_protocols(network)
    try:
        optimizer = make_optimizer(lane.pipeline.optimizer)
        dataset, held_out = load_parts(lane.pipeline, network)
    except (OptimizerError, DataError) as error:
        raise RunError(str(error)) from error
    batches = schedule_of(lane.pipeline, dataset)
    return Preparation(jax.random.key(lane.pipeline.seed), optimizer, dataset, held_out, batches)


def _own(lane: Lane, shared: Preparation) -> Preparation:
    try:
        return prepared_for(lane, shared)
    except OptimizerError as error:
        raise RunError(str(error)) from error


def _failed(lane: Lane, error: str) -> LaneResult:
    return LaneResult(lane.name, "failed", (), {}, {}, 0.0, error)


def _diverged(course: Course, count: int) -> LaneResult:
    first = course.updates + 1
    error = (
        f"the training diverged between the updates {first} and {first + count - 1}: a state or weight is no longer"
        " finite. Lower the learning rate or the strengths"
    )
    return LaneResult(course.lane.name, "failed", course.position.history, {}, {}, round(course.seconds, 3), error)


def _result(course: Course, learner: Learner, *, pruned: bool = False) -> LaneResult:
    """The result of a lane at its end."""
    shown = course.shown(learner.orchestrator)
    status: Literal["pruned", "complete"] = "pruned" if pruned else "complete"
    history = course.position.history
    return LaneResult(course.lane.name, status, history, shown.measures, shown.arrays, round(course.seconds, 3))


def _seconds(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began
