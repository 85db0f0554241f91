"""Training many lanes: group by group, each as one compiled program whose places are filled again as they fall free."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Literal

from dync.runtime.error import RunError
from dync.runtime.lanes.checked_files import ChangedDataError
from dync.runtime.lanes.course import Course, prepared_for
from dync.runtime.lanes.decision import Choice, Decision, Mode
from dync.runtime.lanes.groups import Group, groups
from dync.runtime.lanes.lane import Lane, LaneReport, LaneResult, Watch
from dync.runtime.lanes.prepared import Prepared
from dync.runtime.lanes.slots import Slots, Turn, make_slots
from dync.runtime.lanes.timing import WIDTH, measured, said, width_of
from dync.runtime.learner import Learner
from dync.runtime.optimizers import OptimizerError
from dync.runtime.pipelines.training.preparation import Preparation
from dync.runtime.processors import threads

Verdict = Literal["go on", "prune"]


Decisions = MutableMapping[str, Decision]
"""What was decided for each group by its key; given to a later call it is not measured again."""


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
    tick: Callable[[], None] = lambda: None,
) -> Iterator[LaneResult]:
    """Train all lanes, and give the result of each as soon as it is there.

    Lanes that differ in numbers alone train as one program with at most `width` of them side by side. With `exact` and
    `off` every lane comes to the bits of a single run; with `fast` to about the same numbers, always the same for the
    same lanes in the same order. `auto` measures on the lanes themselves which is fastest, and says it; what was
    decided is kept in `decisions` (`total` is how many lanes there will be in all, where they come in several
    calls). `watch` hears of every evaluation on the way, and may end a lane there. `tick` is called between the calls
    of the program, and may raise StageTimeoutError to end it all. Baselines train one after another.

    A lane that cannot be trained or whose numbers are no longer finite is a failed result; the others go on. Raises
    ChangedDataError where data files are not those that were checked.
    """
    means = _Means(
        mode, watch, width or WIDTH, {} if decisions is None else decisions, prepared or Prepared(), total, say, tick
    )
    for group in groups(lanes):
        if group.lanes[0].baseline is not None:
            from dync.runtime.baselines.lanes import train_baselines  # which builds on what a lane is

            yield from train_baselines(group.lanes, tick)
        else:
            yield from _Fleet(group, means).run()


@dataclass(frozen=True, eq=False)
class _Means:
    """How lanes are trained, as `train_lanes` was told."""

    mode: Choice
    watch: Watch
    width: int
    known: Decisions
    prepared: Prepared
    total: int
    say: Callable[[str], None]
    tick: Callable[[], None]


class _Fleet:
    """The lanes of one group."""

    def __init__(self, group: Group, means: _Means) -> None:
        self.group, self.means = group, means
        self.queue = deque(group.lanes)
        self.courses: dict[int, Course] = {}
        self.slots: Slots
        self.pool = ThreadPoolExecutor(threads())
        self.compiled = False

    def run(self) -> Iterator[LaneResult]:
        """Train them all."""
        try:
            self.shared, self.arrays = self.means.prepared.of(self.group)
            self.slots = self._slots()
        except ChangedDataError:
            raise
        except RunError as error:
            yield from (_failed(lane, str(error)) for lane in self.group.lanes)
            return
        yield from self._fill()
        while self.courses:
            self.means.tick()
            yield from self._call()
            yield from self._fill()

    # --- the mode and the places ---

    def _slots(self) -> Slots:
        width = width_of(self.group, self.shared, self.means.width)
        mode = self._mode(width) if self.means.mode == "auto" else self.means.mode
        return make_slots(mode, self.shared.optimizer, self.arrays, width)

    def _mode(self, width: int) -> Mode:
        known, key = self.means.known, self.group.key
        if len(self.group.lanes) == 1 and key not in known:
            return "off"
        if key not in known:
            found = measured(self.group, self.shared, self.arrays, width, self.means.total)
            self.means.say(said(found, self.group.lanes))
            known[key] = found
        return known[key].mode

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
            if learned.finite:
                self.courses[slot].learned(calls[slot].count, learned.steps, share)
        ended = [slot for slot, learned in found.items() if learned.finite and self.courses[slot].at_end_of_epoch]
        self._measure([slot for slot in ended if self.courses[slot].is_measured])
        for slot, learned in found.items():
            if not learned.finite:
                yield self._end(slot, _diverged(self.courses[slot], calls[slot].count))
            elif slot in ended:
                yield from self._end_epoch(slot, self.courses[slot])

    def _measure(self, slots: Sequence[int]) -> None:
        """Measure some lanes, on a thread each but for the first, which compiles the program."""
        work = [partial(self.courses[slot].measure, self.slots.learner(slot).orchestrator) for slot in slots]
        alone = 0 if self.compiled else 1
        for measure in work[:alone]:
            measure()
            self.compiled = True
        list(self.pool.map(lambda measure: measure(), work[alone:]))

    def _end_epoch(self, slot: int, course: Course) -> Iterator[LaneResult]:
        """Evaluate where that is due, and take the lane out where it is done or is pruned."""
        verdict: Verdict = "go on"
        if course.is_due:
            found = course.end_evaluated_epoch(self.slots.learner(slot).orchestrator)
            verdict = self.means.watch(LaneReport(course.lane.name, course.position.epoch, found))
        else:
            course.end_epoch()
        if course.is_done:
            yield self._end(slot, _result(course, self.slots.learner(slot)))
        elif verdict == "prune":
            yield self._end(slot, _result(course, self.slots.learner(slot), pruned=True))

    def _end(self, slot: int, result: LaneResult) -> LaneResult:
        del self.courses[slot]
        return result


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
