"""A score: what one entry reached on one task with one seed; and the scores of a comparison, kept in its log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final, Literal

from dync.compiler.pipeline_plan import Metric
from dync.runtime.error import RunError
from dync.runtime.event_log import EventLogError, read_events
from dync.runtime.lanes.lane import Measures
from dync.runtime.run_folder import EVENTS, RunFolder

EVENT: Final = "score"

Unit = tuple[str, str, int]
"""Entry, task, seed."""


@dataclass(frozen=True)
class Score:
    """What became of an entry on a task with a seed: of a complete one its measures by part, of a failed one why.

    `history` has a record an epoch, where there was a training; `key` is the hash of what was done.
    """

    entry: str
    task: str
    seed: int
    status: Literal["complete", "failed"]
    measures: Measures
    seconds: float
    error: str | None
    history: Sequence[Mapping[str, Any]] = ()
    key: str = ""

    @property
    def unit(self) -> Unit:
        """What it is the score of."""
        return self.entry, self.task, self.seed

    @property
    def is_done(self) -> bool:
        """Whether it has measures."""
        return self.status == "complete"

    def value(self, metric: Metric) -> float | None:
        """The value of a metric, None where there is none or it is not finite: a failed seed, never a number."""
        found = self.measures.get(metric.part, {}).get(metric.measure) if self.is_done else None
        return found if found is not None and isfinite(found) else None

    def shown(self) -> dict[str, Any]:
        """The score as `result.json` lists it."""
        names = ("entry", "task", "seed", "status", "measures", "seconds", "error")
        return {name: getattr(self, name) for name in names}


def failed(unit: Unit, error: str, key: str, seconds: float = 0.0) -> Score:
    """The score of something that has none."""
    entry, task, seed = unit
    return Score(entry, task, seed, "failed", {}, seconds, error, (), key)


def log_score(folder: RunFolder, score: Score) -> None:
    """Append a score to the log of the run: from then on it is done."""
    folder.event(EVENT, **score.shown(), history=list(score.history), key=score.key)


def logged_scores(folder: RunFolder) -> dict[Unit, Score]:
    """The scores that a run has already, of each unit those of the last key; raises RunError for a damaged log."""
    try:
        events = read_events(folder.path / EVENTS) if (folder.path / EVENTS).exists() else []
    except EventLogError as error:
        raise RunError(str(error)) from None
    found: dict[Unit, Score] = {}
    for event in events:
        if event.get("event") == EVENT:
            score = _score(event)
            if score.unit not in found or found[score.unit].key != score.key:
                found[score.unit] = score
    return found


def _score(event: Mapping[str, Any]) -> Score:
    match event:
        case {
            "entry": str(entry), "task": str(task), "seed": int(seed), "status": "complete" | "failed" as status,
            "measures": dict(measures), "seconds": int() | float() as seconds, "error": str() | None as error,
            "history": list(history), "key": str(key),
        }:  # fmt: skip
            return Score(entry, task, seed, status, _measures(measures), float(seconds), error, tuple(history), key)
    raise RunError(f"{EVENTS} has a score that cannot be read: the file was changed or is of another version")


def _measures(found: Mapping[str, Any]) -> Measures:
    """Measures as they were logged; what was not finite is not there any more, and is so again."""
    return {
        part: {name: float("nan") if value is None else float(value) for name, value in values.items()}
        for part, values in found.items()
    }
