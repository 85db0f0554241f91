"""The wall clock of a stage, and its limit."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from dync.runtime.error import RunError


class StageTimeoutError(RunError):
    """A stage ran for longer than `limit stage_seconds` allows. It is not tried again."""


class StageClock:
    """Counts the seconds of the present stage.

    The limit is cooperative: a stage calls `check` between its steps, so it ends at the first step after the limit.
    """

    def __init__(self, limit: float | None = None) -> None:
        self.limit = limit
        self.start()

    def start(self) -> None:
        """A stage begins."""
        self._began = time.monotonic()
        self._made: Callable[[], Mapping[str, Any]] = dict

    def makes(self, made: Callable[[], Mapping[str, Any]]) -> None:
        """What the present stage has made so far, for whoever calls `check` without knowing it."""
        self._made = made

    @property
    def seconds(self) -> float:
        """How long the stage has run."""
        return time.monotonic() - self._began

    @property
    def left(self) -> float | None:
        """The seconds that are left, None without a limit."""
        return None if self.limit is None else self.limit - self.seconds

    def check(self, outputs: Mapping[str, Any] | None = None) -> None:
        """Raise StageTimeoutError where the limit is reached; `outputs` is what was made all the same.

        Without them they are what the stage said that it `makes`.
        """
        if self.limit is not None and self.seconds >= self.limit:
            raise StageTimeoutError(
                f"it reached its limit of {self.limit:g} s (`limit stage_seconds`); what was made stays: raise the"
                " limit, or go on with --resume, which gives it as long again",
                self._made() if outputs is None else outputs,
            )
