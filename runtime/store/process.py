"""Which process a run belongs to, and whether that still lives."""

from __future__ import annotations

import hashlib
import os
import platform
from dataclasses import dataclass
from pathlib import Path

from dync.runtime.alive import is_alive


@dataclass(frozen=True)
class ProcessMark:
    """A process: the machine's name (hashed), its number, and when it started, where the system tells.

    Numbers are given out again, so the start is what makes a mark belong to one process alone.
    """

    host: str
    process: int
    start: str | None


def this_process() -> ProcessMark:
    """The mark of the calling process."""
    return ProcessMark(_host(), os.getpid(), _start(os.getpid()))


def lives(mark: ProcessMark) -> bool | None:
    """Whether a process lives; None for one of another machine, of which nothing can be known here."""
    if mark.host != _host():
        return None
    if mark.start is not None and (start := _start(mark.process)) != mark.start:
        return start is None and not _has_proc() and is_alive(mark.process)
    return is_alive(mark.process)


def _host() -> str:
    return hashlib.sha256(platform.node().encode()).hexdigest()[:16]


def _has_proc() -> bool:
    return Path("/proc/self/stat").exists()


def _start(process: int) -> str | None:
    """The start of a process in ticks since this boot, and the boot; None where it is over or the system has none."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except OSError:
        return None
    over = fields[0] in ("Z", "X")
    return None if over else f"{fields[19]}@{boot}"
