"""A log of events, one JSON object a line, that survives a kill in the middle of a line."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, Final

from dync.compiler.expression import JSON
from dync.runtime.files import sync_folder

_BLOCK: Final = 65536


class EventLogError(Exception):
    """A log that is damaged elsewhere than at its end; the sentence names the file and the line."""


def append_event(path: Path, event: Mapping[str, JSON], *, synced: bool = True) -> None:
    """Add one line to a log, which is made where there is none; the event is on the disk when this returns.

    A line that a killed process left torn is cut off first. An event that is not `synced` survives a kill of the
    process all the same, and a failure of the power only once a later one was. Raises ValueError for numbers that JSON
    cannot hold.
    """
    line = json.dumps(event, allow_nan=False, ensure_ascii=False).encode() + b"\n"
    new = not path.exists()
    with path.open("a+b") as file:
        _mend_end(file)
        file.write(line)
        file.flush()
        if synced:
            os.fsync(file.fileno())
    if new:
        sync_folder(path.parent)


def read_events(path: Path) -> list[dict[str, JSON]]:
    """The events of a log in their order, without a torn last line; raises EventLogError for damage elsewhere."""
    *lines, rest = path.read_bytes().split(b"\n")
    events = []
    for number, line in enumerate(lines, start=1):
        event = _parsed(line)
        if event is None:
            raise EventLogError(f"{path}, line {number} is no event: the file was changed or damaged; move it away")
        events.append(event)
    last = _parsed(rest)
    return [*events, last] if last is not None else events


def _parsed(line: bytes) -> dict[str, JSON] | None:
    """The event that a line holds, None where it holds none."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None


def _mend_end(file: BinaryIO) -> None:
    """Cut a torn last line off, or end it where it is whole and lacks its line end alone."""
    end = file.seek(0, os.SEEK_END)
    start, tail = end, b""
    while start > 0 and b"\n" not in tail:
        start = max(0, start - _BLOCK)
        file.seek(start)
        tail = file.read(end - start)
    torn = tail.rpartition(b"\n")[2]
    if not torn:
        return
    if _parsed(torn) is not None:
        file.write(b"\n")
    else:
        file.truncate(end - len(torn))
