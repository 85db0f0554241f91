"""Every attempt at every stage of a run, as its events tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from dync.compiler.expression import JSON
from dync.runtime.store.run_data import Attempt, AttemptStatus, moment, now

MOST_ATTEMPTS: Final = 10_000
"""Of a run with more attempts at its stages only these are kept."""

CUT: Final = "its process ended"
_ENDS: Final[Mapping[str, AttemptStatus]] = {
    "stage_completed": "completed",
    "stage_failed": "failed",
    "stage_interrupted": "interrupted",
    "attempt": "failed",
}
_BEGINS: Final = ("run_started", "run_resumed")


class AttemptLog:
    """Hears the events of a run, `{"event": …, "time": …, "stage": …}`, and keeps the attempts that they mean."""

    def __init__(self, attempts: Iterable[Attempt] = ()) -> None:
        self._attempts = list(attempts)
        self._open = {a.stage: place for place, a in enumerate(self._attempts) if a.status == "running"}
        self._failed: dict[str, tuple[str | None, str]] = {}
        self._counts = Counter(attempt.stage for attempt in self._attempts)

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """All attempts in the order in which they began."""
        return tuple(self._attempts)

    @property
    def interrupted(self) -> bool:
        """Whether the person who started the run ended it: that is the last that happened."""
        return any(last.status == "interrupted" and last.ended is not None for last in self._attempts[-1:])

    def hear(self, event: Mapping[str, JSON]) -> tuple[Attempt, ...]:
        """The attempts that an event began or ended; most events do neither."""
        kind, stage, cause = event.get("event"), event.get("stage"), event.get("error")
        if kind in _BEGINS:
            return self.interrupt()
        if not isinstance(stage, str):
            return ()
        when = moment(event.get("time")) or now()
        if kind == "stage_started":
            self._failed.pop(stage, None)
            return self._start(stage, when)
        status = _ENDS.get(kind) if isinstance(kind, str) else None
        if status is None:
            return ()
        cause = cause if isinstance(cause, str) else None
        if cause is not None and cause.startswith("KeyboardInterrupt"):
            status = "interrupted"
        return self._end(stage, when, status, cause, last=kind != "attempt")

    def interrupt(self) -> tuple[Attempt, ...]:
        """Whatever was under way is no more, since an unknown time; the attempts that this changed."""
        return tuple(cut for stage in tuple(self._open) for cut in self._close(stage, None, "interrupted", CUT))

    def _end(
        self, stage: str, when: str, status: AttemptStatus, cause: str | None, *, last: bool
    ) -> tuple[Attempt, ...]:
        """An attempt ended. Events begin a stage once: what ends again without a beginning was a further attempt.

        That a stage failed only sums up the attempt that failed last, where that one was told already.
        """
        if stage not in self._open and stage in self._failed:
            told, since = self._failed[stage]
            if last and status == "failed" and cause == told:
                return ()
            self._start(stage, since)
        if not last:
            self._failed[stage] = cause, when
        return self._close(stage, when, status, cause)

    def _start(self, stage: str, when: str) -> tuple[Attempt, ...]:
        if len(self._attempts) >= MOST_ATTEMPTS:
            return ()
        cut = self._close(stage, None, "interrupted", CUT)
        self._counts[stage] += 1
        self._open[stage] = len(self._attempts)
        self._attempts.append(Attempt(self._counts[stage], stage, when))
        return (*cut, self._attempts[-1])

    def _close(
        self, stage: str, when: str | None, status: AttemptStatus, cause: str | None = None
    ) -> tuple[Attempt, ...]:
        """End the attempt at a stage that is under way, if there is one."""
        place = self._open.pop(stage, None)
        if place is None:
            return ()
        self._attempts[place] = replace(self._attempts[place], ended=when, status=status, cause=cause)
        return (self._attempts[place],)
