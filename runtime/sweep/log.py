"""The log of a sweep: its trials and what was decided on the way, in `events.jsonl`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dync.runtime.error import RunError
from dync.runtime.event_log import EventLogError, read_events
from dync.runtime.lanes.decision import Decision
from dync.runtime.run_folder import EVENTS, RunFolder
from dync.runtime.sweep.trial import Trial


class SweepLog:
    """What was logged so far. Trials are the truth that a resumed sweep goes on from."""

    def __init__(self, folder: RunFolder, *, resume: bool) -> None:
        self._folder = folder
        self.trials: dict[int, Trial] = {}
        self.decisions: dict[str, Decision] = {}
        self.compared: dict[tuple[int, int], Mapping[str, Any]] = {}
        for event in _events(folder) if resume else ():
            self._read(event)

    def _read(self, event: Mapping[str, Any]) -> None:
        match event:
            case {"event": "stage_outdated", "stage": "sweep_execution"}:
                self.forget()
            case {"event": "trial"}:
                trial = Trial.from_json(event)
                self.trials[trial.number] = trial
            case {"event": "fused", "group": str(key), "mode": "fast" | "exact" | "off" as mode, "why": str(why)}:
                self.decisions[key] = Decision(mode, why, dict(event.get("seconds") or {}))
            case {"event": "compared", "trial": int(trial), "seed": int(seed)}:
                self.compared[trial, seed] = event

    def forget(self) -> None:
        """What was logged so far counts no more: the sweep is done again on something else."""
        for known in (self.trials, self.decisions, self.compared):
            known.clear()

    def trial(self, trial: Trial) -> None:
        """A trial is over; it is on the disk when this returns."""
        self._folder.event("trial", **trial.to_json())
        self.trials[trial.number] = trial

    def decided(self, found: Mapping[str, Decision]) -> None:
        """What `fused auto` chose for groups that are not in the log."""
        for key, decision in found.items():
            if key not in self.decisions:
                self._folder.event("fused", group=key, mode=decision.mode, why=decision.why, seconds=decision.seconds)
                self.decisions[key] = decision

    def compare(self, trial: int, seed: int, **facts: Any) -> None:
        """A fresh training of one of the best is over."""
        self._folder.event("compared", trial=trial, seed=seed, **facts)
        self.compared[trial, seed] = {"trial": trial, "seed": seed, **facts}


def _events(folder: RunFolder) -> list[dict[str, Any]]:
    path = folder.path / EVENTS
    if not path.exists():
        return []
    try:
        return [dict(event) for event in read_events(path)]
    except EventLogError as error:
        raise RunError(str(error)) from None
