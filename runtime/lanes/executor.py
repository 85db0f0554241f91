"""What trains lanes: in this process, or wherever another executor takes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from dync.runtime.environment import verify_memory
from dync.runtime.lanes.decision import Choice
from dync.runtime.lanes.lane import Lane, LaneResult, Watch
from dync.runtime.lanes.need import Need
from dync.runtime.lanes.prepared import Prepared
from dync.runtime.lanes.train import Decisions, train_lanes


class Executor(Protocol):
    """What trains lanes, in whatever process and order.

    `total` is how many lanes there will be in all (0: nobody knows); `decisions` are the modes that `auto` chose, one
    for a group by its key. Those that are put there before are kept to.
    """

    total: int
    decisions: Decisions

    @property
    def name(self) -> str:
        """Which processes train, as far as it matters to how fast they do."""
        ...

    def verify(self, need: Need) -> None:
        """Raises RunError where such lanes cannot be trained: no workers, other versions or data, too little memory."""
        ...

    def run(self, lanes: Sequence[Lane], mode: Choice, watch: Watch) -> Iterator[LaneResult]:
        """What became of each lane, as soon as it is known."""
        ...


@dataclass
class InProcess:
    """Trains lanes in this process, `width` of a group side by side at most.

    `tick` is called between the calls of its programs, and may raise StageTimeoutError to end it all.
    """

    say: Callable[[str], None] = lambda text: None
    width: int | None = None
    total: int = 0
    tick: Callable[[], None] = lambda: None
    decisions: Decisions = field(default_factory=dict)
    prepared: Prepared = field(default_factory=Prepared)

    @property
    def name(self) -> str:
        """One process, and how many lanes at most stand side by side in it."""
        return "this process" if self.width is None else f"this process, {self.width} lanes"

    def verify(self, need: Need) -> None:
        """Whether the device has the memory."""
        verify_memory(need.peak(width=self.width), "this", "make the layers or the batch smaller")

    def run(self, lanes: Sequence[Lane], mode: Choice, watch: Watch) -> Iterator[LaneResult]:
        """Group by group."""
        return train_lanes(
            lanes, mode, watch, width=self.width, decisions=self.decisions, prepared=self.prepared, total=self.total,
            say=self.say, tick=self.tick,
        )  # fmt: skip
