"""Frames on a pipe: two lengths, JSON, and the bytes of arrays. Nothing in them is ever executed or unpickled."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import IO, Any, Final

_HEADER: Final = struct.Struct(">4sQQ")
_MARK: Final = b"dync"
MOST: Final = 2**36
"""Bytes that a part of a frame may have: more is no frame, but something else that was written to the pipe."""


class FrameError(Exception):
    """What came through the pipe is no frame."""


@dataclass(frozen=True)
class Frame:
    """A message: what it says, as JSON data, and arrays as safetensors bytes (empty: none)."""

    says: dict[str, Any]
    arrays: bytes = b""

    @property
    def kind(self) -> str:
        """What the message is about."""
        return str(self.says.get("kind"))

    def to_bytes(self) -> bytes:
        """The frame as it goes through a pipe; not-a-number is written as JavaScript writes it."""
        said = json.dumps(self.says, separators=(",", ":"), default=_number).encode()
        return _HEADER.pack(_MARK, len(said), len(self.arrays)) + said + self.arrays


def write_frame(stream: IO[bytes], frame: Frame) -> None:
    """Send a frame."""
    stream.write(frame.to_bytes())
    stream.flush()


def read_frame(stream: IO[bytes]) -> Frame | None:
    """The next frame; None where the other side has closed the pipe, be it in the middle of one.

    Raises FrameError for anything else.
    """
    header = _read(stream, _HEADER.size)
    if header is None:
        return None
    mark, said, arrays = _HEADER.unpack(header)
    if mark != _MARK or max(said, arrays) > MOST:
        raise FrameError("this is no frame of dync")
    text, content = _read(stream, said), _read(stream, arrays)
    if text is None or content is None:
        return None
    return Frame(_object(text), content)


def frame_from_bytes(data: bytes) -> Frame:
    """The frame that these bytes are; raises FrameError where they are not one."""
    if len(data) < _HEADER.size:
        raise FrameError("this is no frame of dync")
    mark, said, arrays = _HEADER.unpack_from(data)
    if mark != _MARK or len(data) != _HEADER.size + said + arrays:
        raise FrameError("this is no frame of dync")
    start = _HEADER.size
    return Frame(_object(data[start : start + said]), data[start + said :])


def _object(text: bytes) -> dict[str, Any]:
    try:
        says = json.loads(text)
    except ValueError as error:
        raise FrameError(f"a frame that holds no JSON: {error}") from None
    if not isinstance(says, dict):
        raise FrameError("a frame that holds no JSON object")
    return says


def _read(stream: IO[bytes], size: int) -> bytes | None:
    """So many bytes, None where the stream ends before."""
    parts, left = [], size
    while left:
        part = stream.read(min(left, 2**24))
        if not part:
            return None
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _number(value: Any) -> Any:
    """A NumPy number as a plain one."""
    if getattr(value, "ndim", None) == 0:
        return value.item()
    raise TypeError(f"{type(value).__name__} has no place in a frame")
