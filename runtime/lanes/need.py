"""What lanes need of the processes that train them, known before any of them is trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dync.compiler.pipeline_plan import TrainingPlan
from dync.compiler.plan import Plan
from dync.runtime.error import RunError
from dync.runtime.lanes.checked_files import files_of
from dync.runtime.lanes.timing import ROOM, WIDTH
from dync.runtime.network import Network
from dync.runtime.optimizers import OptimizerError, make_optimizer
from dync.runtime.pipelines.training.parts import Parts
from dync.runtime.pipelines.training.room import Room, room_of


@dataclass(frozen=True)
class Need:
    """What lanes need wherever they are trained: there are `lanes` of them, and the largest takes so much `room`.

    `files` are the data files that they read: the SHA-256 of the content by the absolute path.
    """

    lanes: int = 0
    room: Room | None = None
    files: Mapping[str, str] = field(default_factory=dict)

    def processes(self, most: int) -> int:
        """How many of `most` processes there is work for."""
        return min(most, self.lanes)

    def peak(self, processes: int = 1, width: int | None = None) -> int:
        """Bytes of memory that each of so many processes needs which share the lanes, so many of them side by side."""
        if self.room is None or not self.lanes:
            return 0
        share = -(-self.lanes // max(1, processes))
        together = min(WIDTH if width is None else width, share, ROOM // max(1, self.room.learner))
        return self.room.peak(together)

    def together(self, other: Need) -> Need:
        """What the lanes of both need, which train one after another: the room of the larger."""
        rooms = [some.room for some in (self, other) if some.room is not None]
        room = max(rooms, key=lambda found: found.peak(), default=None)
        return Need(self.lanes + other.lanes, room, {**self.files, **other.files})


def need_of(training: TrainingPlan, plan: Plan, parts: Parts, lanes: int) -> Need:
    """What so many trainings of this kind need, whose data these are; raises RunError."""
    try:
        optimizer = make_optimizer(training.optimizer)
    except OptimizerError as error:
        raise RunError(str(error)) from error
    room = room_of(training, Network(plan), optimizer, parts.dataset, parts.held_out)
    return Need(lanes, room, files_of(training, parts))
