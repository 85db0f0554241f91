"""How much memory the machine, or the container of this process, has left. Nothing here imports JAX."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_GROUP: Final = Path("/sys/fs/cgroup")


def available_memory() -> int | None:
    """Bytes of memory that can still be used, None where the system does not tell."""
    found = [size for size in (_free(), _allowed()) if size is not None]
    return min(found, default=None)


def gib(size: int) -> str:
    """A size as people read it; small ones in MiB."""
    return f"{size / 2**30:.1f} GiB" if size >= 2**30 / 10 else f"{size / 2**20:.1f} MiB"


def _free() -> int | None:
    """What the machine has free."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    return None


def _allowed() -> int | None:
    """What the container of this process leaves, None where there is no limit."""
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        try:
            return int((_GROUP / limit).read_text()) - int((_GROUP / used).read_text())
        except (OSError, ValueError):
            continue
    return None
