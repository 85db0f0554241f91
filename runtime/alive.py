"""Whether a process of this machine is alive."""

from __future__ import annotations

import os


def is_alive(process: int) -> bool:
    """Whether a process of this number runs, whoever it belongs to."""
    if process <= 0:  # groups of processes, to the system
        return False
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
