"""Reading a file that a `.dyn` file names: whole, bounded, with its hash, gzipped or not."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final, cast

from dync.runtime.data.bounds import verify_bytes
from dync.runtime.data.content import FileRecord
from dync.runtime.data.error import DataError

_GZIP: Final = b"\x1f\x8b"


@dataclass(frozen=True)
class InputFile:
    """A file as read: its path as written, and its bytes."""

    path: str
    content: bytes = field(repr=False)

    @property
    def record(self) -> FileRecord:
        """The path and the SHA-256 of the bytes on disk."""
        return FileRecord(self.path, hashlib.sha256(self.content).hexdigest())

    @property
    def compressed(self) -> bool:
        """Whether the bytes are gzipped, whatever the name says."""
        return self.content.startswith(_GZIP)


class Reader:
    """The decompressed bytes of a file, a few at a time: nothing is allocated before it is asked for."""

    def __init__(self, file: InputFile) -> None:
        raw = BytesIO(file.content)
        self._path = file.path
        self._stream = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if file.compressed else raw

    def read(self, size: int) -> bytes:
        """Up to `size` bytes, fewer only at the end; raises DataError for a damaged file."""
        try:
            return self._stream.read(size)
        except EOFError:
            raise DataError(f"{self._path} is cut short: its gzip stream has no end; fetch it again") from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise DataError(f"{self._path} is damaged: {error}; fetch it again") from None

    def read_all(self, most: int) -> bytes:
        """Everything, or DataError where that is more than `most` bytes."""
        content = self.read(most + 1)
        if len(content) > most:
            raise DataError(f"{self._path} holds more than the {most:,} bytes that dync allows: make it smaller")
        return content


def read_file(base: Path, path: str) -> InputFile:
    """The file at `path`, which is relative to the folder `base`; raises DataError where it cannot be read.

    Where there is none, but one with `.gz` behind its name, or without the `.gz` that it has, that one is read.
    """
    try:
        path = _packed_or_not(base, path)
        place = base / path
        if not place.exists():
            raise DataError(f"{path} does not exist in {base}: paths are relative to the .dyn file")
        if not place.is_file():
            raise DataError(f"{path} is not a file: name a file")
        verify_bytes(place.stat().st_size, path)
        return InputFile(path, place.read_bytes())
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise DataError(f"{path} cannot be read: {reason}") from None


def _packed_or_not(base: Path, path: str) -> str:
    """The path as the file is really called."""
    other = path.removesuffix(".gz") if path.endswith(".gz") else f"{path}.gz"
    return other if not (base / path).exists() and (base / other).is_file() else path
