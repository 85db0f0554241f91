"""A trial: settings that were tried, and what came of it; the line of the log that stands for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from dync.compiler.expression import JSON
from dync.runtime.error import RunError
from dync.runtime.lanes.lane import Measures
from dync.runtime.plain_json import plain_json

Status = Literal["complete", "pruned", "failed"]


@dataclass(frozen=True)
class Proposal:
    """Settings to try, by number; `notes` are what the strategy wants to know of this trial later."""

    number: int
    params: Mapping[str, str]
    notes: Mapping[str, JSON] = field(default_factory=dict)


@dataclass(frozen=True)
class Trial:
    """What became of a proposal.

    `value` is the objective, the mean over the seeds whose own values are `seeds`; a failed or pruned trial has none,
    and none has one without an objective. `intermediate` are epochs and the objective on the way, the mean over the
    seeds, up to the epoch in which it was pruned. `measures` are means over the seeds at the end.
    """

    number: int
    params: Mapping[str, str]
    status: Status
    value: float | None
    seeds: tuple[float | None, ...]
    intermediate: tuple[tuple[int, float], ...]
    measures: Measures
    error: str | None
    seconds: float
    notes: Mapping[str, JSON] = field(default_factory=dict)

    def to_json(self) -> dict[str, JSON]:
        """As the log and the result have it."""
        found = plain_json(self)
        assert isinstance(found, dict)
        return found

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Trial:
        """Read back what `to_json` gave; raises RunError for anything else."""
        try:
            return cls(
                number=int(data["number"]),
                params={str(k): str(v) for k, v in data["params"].items()},
                status=_status(data["status"]),
                value=None if data["value"] is None else float(data["value"]),
                seeds=tuple(None if v is None else float(v) for v in data["seeds"]),
                intermediate=tuple((int(epoch), float(value)) for epoch, value in data["intermediate"]),
                measures={part: {m: _float(v) for m, v in found.items()} for part, found in data["measures"].items()},
                error=data["error"],
                seconds=float(data["seconds"]),
                notes=dict(data["notes"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            raise RunError("a trial in events.jsonl is damaged: the file was changed; begin anew with --out") from None


def _status(text: object) -> Status:
    match text:
        case "complete" | "pruned" | "failed":
            return text
    raise ValueError(text)


def _float(value: Any) -> float:
    return float("nan") if value is None else float(value)


def shown_params(params: Mapping[str, str]) -> str:
    """Settings in one line, long numbers cut short."""
    return ", ".join(f"{key} = {_short(value)}" for key, value in params.items())


def plain_params(params: Mapping[str, str]) -> dict[str, JSON]:
    """Settings as results show them: numbers as numbers, all else as the language writes it."""
    return {key: _plain(value) for key, value in params.items()}


def _plain(text: str) -> JSON:
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text


def _short(text: str) -> str:
    try:
        return f"{float(text):.4g}" if len(text) > 6 else text
    except ValueError:
        return text


History = tuple[tuple[Trial, ...], ...]
"""All trials of each round, by number; a round is proposed from the rounds before it."""


def flat(history: History) -> list[Trial]:
    """All trials in the order of their numbers."""
    return [trial for one in history for trial in one]
