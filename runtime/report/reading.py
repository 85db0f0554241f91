"""Reading the files of a run's folder, none of which is believed to be small, whole or well-meant."""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dync.runtime.error import RunError
from dync.runtime.report.fields import LONGEST_TEXT, Field, clean, clean_text
from dync.runtime.report.wording import shown

MIB: Final = 2**20
LARGEST_JSON: Final = 64 * MIB
LARGEST_TEXT: Final = MIB
LARGEST_LINE: Final = 16 * MIB
LARGEST_LOG: Final = 128 * MIB
"""Of a longer log the beginning is read, and the page says so."""
MOST_TOLD: Final = 64 * MIB
"""Bytes of the epochs, trials and scores that are kept of a log."""
LARGEST_SHOWN: Final = 2**16
"""Bytes of an event that is shown with its facts."""
MOST_OF_A_KIND: Final = 100_000
MOST_KINDS: Final = 200
KEPT_EVENTS: Final = 200
"""Events kept from the beginning of a log, and as many from its end."""
_KEYS: Final = {
    "epoch": ("epoch",), "trial": ("number",), "compared": ("trial", "seed"), "score": ("entry", "task", "seed"),
}  # fmt: skip
"""The kinds of events that tell of work done, and what tells two of a kind apart."""


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
    """A log in short: its first and last events, those of stages, how many there were of each kind, and what it tells
    of the work: epochs, trials, fresh trainings of the best (`compared`), scores with their histories, claims.

    What was told again after a resumption counts as it was told last. `cut`: only the beginning was read.
    """

    first: tuple[Field, ...] = ()
    last: tuple[Field, ...] = ()
    stages: tuple[Field, ...] = ()
    epochs: tuple[Field, ...] = ()
    trials: tuple[Field, ...] = ()
    compared: tuple[Field, ...] = ()
    scores: tuple[Field, ...] = ()
    claims: Field | None = None
    counts: tuple[tuple[str, int], ...] = ()
    cut: bool = False

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
    found = _Log()
    for event, size in _events(path):
        if found.read + size > LARGEST_LOG:
            found.cut = True
            break
        found.read += size
        found.hear(event, size)
    return found.events()


class _Log:
    """What is kept of a log while it is read: never more than so many events, nor more than so many bytes."""

    def __init__(self) -> None:
        self.read, self.cut = 0, False
        self._first: list[Field] = []
        self._last: deque[Field] = deque(maxlen=KEPT_EVENTS)
        self._stages: deque[Field] = deque(maxlen=1000)
        self._told: dict[str, dict[str, Field]] = {kind: {} for kind in _KEYS}
        self._room = MOST_TOLD
        self._claims: Field | None = None
        self._counts: Counter[str] = Counter()

    def hear(self, event: Field, size: int) -> None:
        """An event, and of how many bytes it is."""
        kind = event["event"].text()
        if kind in self._counts or len(self._counts) < MOST_KINDS:
            self._counts[kind] += 1
        else:
            self._counts["other"] += 1
        if kind in _KEYS and size <= self._room:
            self._room -= size
            told = self._told[kind]
            key = "/".join(shown(event[name].value, 80) for name in _KEYS[kind])
            told.pop(key, None)
            told[key] = event
            if len(told) > MOST_OF_A_KIND:
                del told[next(iter(told))]
        short = event if size <= LARGEST_SHOWN else _without_facts(event)
        if kind != "score":  # they are long, and shown elsewhere
            self._first.append(short) if len(self._first) < KEPT_EVENTS else self._last.append(short)
        if kind.startswith(("stage_", "run_")):
            self._stages.append(short)
        if kind == "claims_registered":
            self._claims = short

    def events(self) -> Events:
        """All that was kept."""
        epochs, trials, compared, scores = (tuple(self._told[kind].values()) for kind in _KEYS)
        return Events(
            tuple(self._first), tuple(self._last), tuple(self._stages), epochs, trials, compared, scores,
            self._claims, tuple(self._counts.items()), self.cut,
        )  # fmt: skip


def _without_facts(event: Field) -> Field:
    """A very long event, its kind, time and stage alone."""
    kept = {name: event[name].text()[:200] for name in ("time", "event", "stage") if isinstance(event[name].value, str)}
    return Field(event.place, {**kept, "facts": "too long to be shown"})


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
        found = json.loads(line)
        found = found if _is_plain(line) else clean(found)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _is_plain(line: bytes) -> bool:
    """Whether nothing in a line can need cleaning, which most of a long log's time went to otherwise."""
    return len(line) <= LONGEST_TEXT and line.isascii() and b"\\" not in line and b"\x7f" not in line
