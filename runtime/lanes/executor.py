"""What trains lanes: in this process, or wherever another executor takes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from dync.runtime.lanes.decision import Choice
from dync.runtime.lanes.lane import Lane, LaneResult, Watch
from dync.runtime.lanes.train import Decisions, Prepared, train_lanes


class Executor(Protocol):
    """What trains lanes, in whatever process and order."""

    def run(self, lanes: Sequence[Lane], mode: Choice, watch: Watch) -> Iterator[LaneResult]:
        """What became of each lane, as soon as it is known."""
        ...


@dataclass
class InProcess:
    """Trains lanes in this process, `width` of a group side by side at most.

    `total` is how many lanes there will be in all; `decisions` are the modes that groups were found to train fastest
    in.
    """

    say: Callable[[str], None] = lambda text: None
    width: int | None = None
    total: int = 0
    decisions: Decisions = field(default_factory=dict)
    prepared: Prepared = field(default_factory=Prepared)

    def run(self, lanes: Sequence[Lane], mode: Choice, watch: Watch) -> Iterator[LaneResult]:
        """Group by group."""
        return train_lanes(
            lanes, mode, watch, width=self.width, decisions=self.decisions, prepared=self.prepared, total=self.total,
            say=self.say,
        )  # fmt: skip
