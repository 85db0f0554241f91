"""Writing files so that a crash at any moment leaves either the old or the new, whole.

What is written first goes to a temporary name in the same folder, `.dync-HOST-PROCESS-TOKEN.partial`, is synced, and is
then renamed. A folder that is replaced waits as `.dync-….NAME.replaced` between two renames. `remove_stale` tidies what
killed processes left, and puts a waiting folder back where its replacement never came.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from dync.runtime.alive import is_alive

_HOST: Final = hashlib.sha256(platform.node().encode()).hexdigest()[:8]
_LEFTOVER: Final = re.compile(
    r"\.dync-(?P<host>[0-9a-f]{8})-(?P<process>\d+)-[0-9a-f]{8}\.(partial|(?P<name>.+)\.replaced)"
)


def write_file(path: Path, data: bytes) -> None:
    """Write a file, replacing one that is there, in one step: nobody ever sees half of it."""
    temporary = _temporary(path.parent, "partial")
    try:
        _write_synced(temporary, data)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def write_folder(path: Path, files: Mapping[str, bytes]) -> None:
    """Write a folder of files by name, replacing one that is there; it appears only when all of it is on the disk.

    The old folder goes only after the new one is in place. Raises ValueError for a name that is not a plain file name.
    """
    for name in files:
        if name in ("", ".", "..") or Path(name).name != name:
            raise ValueError(f"{name!r} is not the name of a file")
    temporary = _temporary(path.parent, "partial")
    try:
        temporary.mkdir()
        for name, data in files.items():
            _write_synced(temporary / name, data)
        sync_folder(temporary)
        _put_in_place(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def remove_stale(folder: Path) -> tuple[str, ...]:
    """Remove what processes of this machine that live no more left in a folder; the names of what was removed.

    A folder whose replacement was cut off in the middle gets its own name back. What living processes, or those of
    other machines, are writing stays.
    """
    removed = []
    for entry in sorted(folder.iterdir()) if folder.is_dir() else ():
        match = _LEFTOVER.fullmatch(entry.name)
        if match is None or match["host"] != _HOST or is_alive(int(match["process"])):
            continue
        if match["name"] is not None and not (folder / match["name"]).exists():
            entry.rename(folder / match["name"])
            sync_folder(folder)
        else:
            _remove(entry)
            removed.append(entry.name)
    return tuple(removed)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder outlast a power failure."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _put_in_place(temporary: Path, path: Path) -> None:
    """Rename the new folder to its name, setting aside what has it now."""
    old = _temporary(path.parent, f"{path.name}.replaced") if path.exists() else None
    if old is not None:
        path.rename(old)
    try:
        temporary.rename(path)
    except OSError:
        if old is not None:
            old.rename(path)
        raise
    sync_folder(path.parent)
    if old is not None:
        _remove(old)


def _write_synced(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _temporary(folder: Path, ending: str) -> Path:
    return folder / f".dync-{_HOST}-{os.getpid()}-{secrets.token_hex(4)}.{ending}"


def _remove(entry: Path) -> None:
    """Remove a file or a folder; one that another process removes at the same time is fine."""
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry, ignore_errors=True)
    else:
        entry.unlink(missing_ok=True)
