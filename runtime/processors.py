"""The processors that this process may use."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

XLA: Final = "NPROC"
"""What XLA's pool of threads on a CPU goes by, and hence a limit of threads."""


def processors() -> int:
    """Those that it may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads(environ: Mapping[str, str] = os.environ) -> int:
    """How many threads may compute at once: a processor each, and no more than `limit threads` grants."""
    granted = environ.get(XLA, "")
    return min(processors(), max(1, int(granted))) if granted.isascii() and granted.isdigit() else processors()
