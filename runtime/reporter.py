"""Progress on the screen: a bar on a terminal, plain lines elsewhere, nothing where nobody looks."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

QUIET_SECONDS = 5.0
"""Plain progress lines come no more often than this, and at the end of every epoch."""


@dataclass(frozen=True)
class TrainingProgress:
    """Where a training stands: updates made and wanted, and what was last measured.

    `batches_per_second` is the speed of learning alone, 0 where it is not known yet: the time to compile does not
    count. `other_seconds` is what evaluations and checkpoints will still take.
    """

    epoch: int
    epochs: int
    updates: int
    total: int
    batches_per_second: float
    measured: str
    other_seconds: float = 0.0

    @property
    def seconds_left(self) -> float | None:
        """The time left at the present speed, None where it is not known."""
        if self.batches_per_second <= 0:
            return None
        return (self.total - self.updates) / self.batches_per_second + self.other_seconds


class Reporter:
    """Hears what a pipeline does and shows nothing; the base of those that show something."""

    def stage_started(self, name: str) -> None:
        """A stage begins."""

    def stage_completed(self, name: str) -> None:
        """A stage is done."""

    def stage_failed(self, name: str, error: str) -> None:
        """A stage cannot go on."""

    def message(self, text: str) -> None:
        """A sentence worth reading."""

    def progress(self, progress: TrainingProgress) -> None:
        """Some batches later."""

    def epoch(self, progress: TrainingProgress) -> None:
        """The end of an epoch."""

    def close(self) -> None:
        """Nothing more will come."""


@dataclass
class PlainReporter(Reporter):
    """Lines of plain text."""

    stream: TextIO = field(default_factory=lambda: sys.stdout)
    _last: float = field(default=0.0, init=False)

    def stage_started(self, name: str) -> None:
        """A line for the stage."""
        self.message(f"[{name}]")
        self._last = time.monotonic()

    def stage_failed(self, name: str, error: str) -> None:
        """The error, once more at the end of the run."""
        self.message(f"[{name}] failed: {error}")

    def message(self, text: str) -> None:
        """The sentence."""
        print(text, file=self.stream, flush=True)

    def progress(self, progress: TrainingProgress) -> None:
        """A line, when the last was some time ago."""
        if time.monotonic() - self._last >= QUIET_SECONDS:
            self.epoch(progress)

    def epoch(self, progress: TrainingProgress) -> None:
        """A line."""
        self._last = time.monotonic()
        self.message(describe(progress))


def describe(progress: TrainingProgress) -> str:
    """Progress as one line."""
    parts = [
        f"epoch {progress.epoch}/{progress.epochs}",
        f"update {progress.updates}/{progress.total}",
        speed(progress),
        progress.measured,
        "" if progress.seconds_left is None else f"{clock(progress.seconds_left)} left",
    ]
    return "  ".join(part for part in parts if part)


def speed(progress: TrainingProgress) -> str:
    """Batches a second in words, nothing where they are not known."""
    return f"{progress.batches_per_second:.0f} batches/s" if progress.batches_per_second > 0 else ""


def clock(seconds: float) -> str:
    """Seconds as `m:ss` or `h:mm:ss`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


class RichReporter(Reporter):
    """A bar that moves, on a terminal, with one line kept for every epoch."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress: Progress | None = None

    def stage_started(self, name: str) -> None:
        """Show the stage; a training gets its bar when its first batches are through."""
        self._console.print(Text.assemble(("● ", "cyan"), name))

    def stage_completed(self, name: str) -> None:
        """Take the bar away."""
        self.close()

    def stage_failed(self, name: str, error: str) -> None:
        """The error, in red."""
        self.close()
        self._console.print(Text.assemble(("✗ ", "bold red"), (f"{name}: ", "bold"), error))

    def message(self, text: str) -> None:
        """The sentence."""
        self._console.print(Text(f"  {text}"))

    def progress(self, progress: TrainingProgress) -> None:
        """Move the bar."""
        if self._progress is None:
            self._progress = Progress(
                SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[speed]}"),
                TextColumn("{task.fields[measured]}"), TimeRemainingColumn(), console=self._console, transient=True,
            )  # fmt: skip
            self._progress.add_task("", total=progress.total, speed="", measured="")
            self._progress.start()
        self._progress.update(
            self._progress.task_ids[0],
            completed=progress.updates,
            description=f"epoch {progress.epoch}/{progress.epochs}",
            speed=speed(progress),
            measured=progress.measured,
        )

    def epoch(self, progress: TrainingProgress) -> None:
        """Move the bar, and keep a line above it."""
        self.progress(progress)
        self.message(describe(progress))

    def close(self) -> None:
        """Take the bar away."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None
