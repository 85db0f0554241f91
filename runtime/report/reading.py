"""Reading the files of a run's folder, none of which is believed to be small, whole or well-meant."""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dync.runtime.error import RunError
from dync.runtime.report.fields import Field, clean, clean_text

MIB: Final = 2**20
LARGEST_JSON: Final = 64 * MIB
LARGEST_TEXT: Final = MIB
LARGEST_LINE: Final = 16 * MIB
MOST_SCORES: Final = 64 * MIB
KEPT_EVENTS: Final = 200
"""Events kept from the beginning of a log, and as many from its end."""


def read_json(path: Path) -> Field | None:
    """A JSON file, None where there is none; raises RunError where it is damaged or far too large."""
    data = read_bytes(path, LARGEST_JSON)
    if data is None:
        return None
    try:
        return Field(path.name, clean(json.loads(data)))
    except (ValueError, RecursionError):
        raise RunError(f"{path} is damaged: it is not JSON that dync could have written") from None


def read_text(path: Path) -> str | None:
    """A text file, None where there is none; raises RunError as `read_json` does."""
    data = read_bytes(path, LARGEST_TEXT)
    return None if data is None else clean_text(data.decode("utf-8", "replace").replace("\r\n", "\n"), LARGEST_TEXT)


def read_bytes(path: Path, largest: int) -> bytes | None:
    """A file of at most so many bytes, None where there is none."""
    try:
        with path.open("rb") as file:
            data = file.read(largest + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > largest:
        raise RunError(f"{path} is larger than {largest // MIB} MiB, which no run of dync writes: move it away")
    return data


@dataclass(frozen=True)
class Events:
    """A log in short: its first and last events, those of stages and epochs, the scores of a comparison with their
    histories, and how many events there were of each kind."""

    first: tuple[Field, ...] = ()
    last: tuple[Field, ...] = ()
    stages: tuple[Field, ...] = ()
    epochs: tuple[Field, ...] = ()
    scores: tuple[Field, ...] = ()
    counts: tuple[tuple[str, int], ...] = ()

    @property
    def total(self) -> int:
        """How many events there were."""
        return sum(count for _, count in self.counts)

    @property
    def left_out(self) -> int:
        """How many there were between the first and the last, scores not counted."""
        return self.total - dict(self.counts).get("score", 0) - len(self.first) - len(self.last)


def read_events(path: Path) -> Events:
    """The log of a run, without a torn last line; raises RunError for damage elsewhere. Nothing where there is none."""
    first: list[Field] = []
    last: deque[Field] = deque(maxlen=KEPT_EVENTS)
    stages: deque[Field] = deque(maxlen=1000)
    epochs: deque[Field] = deque(maxlen=20_000)
    scores: list[Field] = []
    room = MOST_SCORES
    counts: Counter[str] = Counter()
    for event, size in _events(path):
        kind = event["event"].text()
        counts[kind] += 1
        if kind != "score":  # they are long, and shown elsewhere
            first.append(event) if len(first) < KEPT_EVENTS else last.append(event)
        if kind.startswith("stage_") or kind.startswith("run_"):
            stages.append(event)
        if kind == "epoch":
            epochs.append(event)
        if kind == "score" and size <= room:
            scores.append(event)
            room -= size
    return Events(tuple(first), tuple(last), tuple(stages), tuple(epochs), tuple(scores), tuple(counts.items()))


def _events(path: Path) -> Iterator[tuple[Field, int]]:
    """The events, and of how many bytes they are."""
    try:
        with path.open("rb") as file:
            number = 0
            while line := file.readline(LARGEST_LINE + 1):
                number += 1
                event = _event(line)
                if event is not None:
                    yield Field(f"{path.name}, line {number}", event), len(line)
                elif line.endswith(b"\n") or len(line) > LARGEST_LINE:
                    raise RunError(f"{path}, line {number} is no event: the file was changed or damaged; move it away")
    except FileNotFoundError:
        return
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror}") from None


def _event(line: bytes) -> dict[str, Any] | None:
    try:
        found = clean(json.loads(line))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
