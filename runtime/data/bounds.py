"""How much memory data may take: what a file or a number in a spec claims is checked before anything is allocated."""

from __future__ import annotations

from typing import Final

from dync.runtime.data.error import DataError

MAX_BYTES: Final = 8 * 2**30
"""The most bytes that one array or one decompressed file may have."""


def verify_bytes(size: int, what: str, most: int | None = None) -> None:
    """Raise DataError where `what` would take more than `most` bytes (default: MAX_BYTES)."""
    bound = MAX_BYTES if most is None else most
    if size > bound:
        raise DataError(f"{what} would take {size:,} bytes, more than the {bound:,} that dync allows: make it smaller")
