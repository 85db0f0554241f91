"""Finding the folders of runs below another, and taking them into the store."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dync.runtime.error import RunError
from dync.runtime.store.folder import is_run, read_run
from dync.runtime.store.store import Store

MOST_RUNS: Final = 10_000
MOST_ENTRIES: Final = 500_000
DEEPEST: Final = 8
"""Limits of one scan: runs, entries of folders that are looked at, and levels of folders."""


@dataclass(frozen=True)
class Scanned:
    """What a scan came to: ids that were taken over, those that a process still works on, and what was refused, why.

    `stopped` says which limit ended the scan early.
    """

    adopted: tuple[str, ...]
    busy: tuple[str, ...]
    refused: tuple[str, ...]
    stopped: str | None


class _LimitError(Exception):
    """The scan has seen enough."""


def scan(store: Store, folder: Path) -> Scanned:
    """Take every run in or below a folder into the store; what lies inside a run's folder belongs to that run.

    Links are not followed. Raises RunError where the folder cannot be read.
    """
    if not folder.is_dir():
        raise RunError(f"{folder} is no folder: name one that holds runs")
    adopted: list[str] = []
    busy: list[str] = []
    refused: list[str] = []
    stopped = None
    try:
        for count, place in enumerate(_run_folders(folder)):
            if count >= MOST_RUNS:
                raise _LimitError(f"the scan stopped after {MOST_RUNS:,} runs: scan the folders below one by one")
            try:
                found = read_run(place)
                (adopted if store.adopt(found) else busy).append(found.new.id)
            except RunError as error:
                refused.append(str(error))
    except _LimitError as limit:
        stopped = str(limit)
    return Scanned(tuple(adopted), tuple(busy), tuple(refused), stopped)


def _run_folders(folder: Path) -> Iterator[Path]:
    """Folders of runs, in the order of their names, without those that lie inside another."""
    waiting, seen = [(folder, 0)], 0
    while waiting:
        place, depth = waiting.pop()
        if is_run(place):
            yield place
            continue
        inside = []
        for entry in _entries(place):
            seen += 1
            if seen > MOST_ENTRIES:
                raise _LimitError(f"the scan stopped after {MOST_ENTRIES:,} files: scan the folders below one by one")
            if depth < DEEPEST and entry.is_dir(follow_symlinks=False):
                inside.append((Path(entry.path), depth + 1))
        waiting += sorted(inside, reverse=True)


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """What a folder holds; nothing where it may not be read."""
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except OSError:
        return
