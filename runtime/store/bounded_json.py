"""Reading JSON that somebody else wrote: never more than so many bytes, parts and levels, whatever it says."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Final, Never

from dync.compiler.expression import JSON
from dync.runtime.error import RunError
from dync.runtime.plain_json import plain_json

MOST_BYTES: Final = 2**25
"""A file of more bytes is not read."""

MOST_PARTS: Final = 1_000_000
"""A text with more commas and brackets than this is not parsed: each may cost a hundred bytes."""

DEEPEST: Final = 64
"""Lists and objects that stand inside each other, at most."""


def read_bounded(path: Path, most: int = MOST_BYTES) -> bytes:
    """The bytes of a regular file; raises RunError where it is none, cannot be read, or has more than `most` bytes."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise RunError(f"{path} cannot be read ({error.strerror})") from None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise RunError(f"{path} is not a file")
        content = file.read(most + 1)
    if len(content) > most:
        raise RunError(f"{path} has more than the {most:,} bytes that are read of such a file")
    return content


def read_json(path: Path) -> JSON:
    """The JSON of a file, numbers that are not finite as null; raises RunError for one that is damaged or too much."""
    return parse(read_bounded(path), str(path))


def parse(content: bytes, name: str) -> JSON:
    """JSON from bytes; raises RunError, which says the `name`, for what is none or too much."""
    if sum(map(content.count, (b",", b"[", b"{"))) > MOST_PARTS:
        raise RunError(f"{name} has more than the {MOST_PARTS:,} parts that are read of such a file")
    try:
        data: JSON = json.loads(content, parse_constant=_refuse)
        if b"\\ud" in content.lower():
            json.dumps(data, ensure_ascii=False).encode()  # half a character cannot be written anywhere
    except (ValueError, RecursionError):
        raise RunError(f"{name} is damaged: it is not JSON") from None
    if _too_deep(data):
        raise RunError(f"{name} has lists or objects more than {DEEPEST} levels deep")
    return plain_json(data)


def _refuse(constant: str) -> Never:
    raise ValueError(f"JSON has no {constant}")


def _too_deep(data: JSON) -> bool:
    level: list[JSON] = [data]
    for _ in range(DEEPEST + 1):
        level = [part for whole in level for part in _parts(whole)]
        if not level:
            return False
    return True


def _parts(data: JSON) -> list[JSON]:
    match data:
        case dict():
            return list(data.values())
        case list():
            return data
    return []
