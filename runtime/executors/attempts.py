"""Work that is tried again where the process that did it ended, and every attempt's cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from dync.runtime.lanes.lane import Lane, LaneReport, LaneResult, Watch

SPARE: Final = 2
"""Attempts that a lane has beyond its first and the `retries` of the limits: that a worker ends is seldom its fault."""


@dataclass(frozen=True)
class Attempt:
    """An attempt that came to nothing: the lanes that were left of it, which one it was (from 1), and why it ended."""

    lanes: tuple[str, ...]
    number: int
    cause: str


@dataclass(frozen=True)
class Portion:
    """Lanes that one worker trains, and why earlier attempts at them ended.

    With `measures`, the key of their group, the worker trains nothing: it measures which mode is fastest for them.
    """

    lanes: tuple[Lane, ...]
    causes: tuple[str, ...] = ()
    measures: str | None = None

    def without(self, lane: str) -> Portion:
        """The rest, when one lane is done."""
        return replace(self, lanes=tuple(found for found in self.lanes if found.name != lane))

    def again(self, cause: str) -> tuple[Portion, ...]:
        """What to try when an attempt ended: the same once more; then each lane by itself, to find the one at fault."""
        causes = (*self.causes, cause)
        if self.measures is not None or len(causes) == 1 or len(self.lanes) == 1:
            return (replace(self, causes=causes),)
        return tuple(Portion((lane,), causes) for lane in self.lanes)


def given_up(portion: Portion) -> tuple[LaneResult, ...]:
    """The results of lanes that no attempt brought to an end."""
    causes = "; ".join(f"{n}: {cause}" for n, cause in enumerate(portion.causes, 1))
    error = f"the worker that trained it ended in each of {len(portion.causes)} attempts ({causes})"
    return tuple(LaneResult(lane.name, "failed", (), {}, {}, 0.0, error) for lane in portion.lanes)


class Verdicts:
    """A watch that hears of every evaluation once, however often a lane is trained: a repetition gets what was said."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._known: dict[tuple[str, int], str] = {}

    def __call__(self, report: LaneReport) -> str:
        """`go on` or `prune`."""
        key = report.lane, report.epoch
        if key not in self._known:
            self._known[key] = self._watch(report)
        return self._known[key]


def verify_names(lanes: Sequence[Lane]) -> None:
    """Raise ValueError where two lanes share a name, by which their results are told apart."""
    if len({lane.name for lane in lanes}) < len(lanes):
        raise ValueError("two lanes of the same name cannot be told apart")
