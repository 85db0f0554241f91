"""What a run depends on: packages, device, code; and whether the machine has the room that it needs."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax

from dync.runtime.checkpoint import package_versions
from dync.runtime.error import RunError


def environment_record() -> dict[str, Any]:
    """Versions, device and flags of this process, and the state of the code that it was started in."""
    device = jax.devices()[0]
    return {
        "versions": dict(package_versions()),
        "device": {"platform": device.platform, "kind": device.device_kind, "count": jax.device_count()},
        "cpus": os.cpu_count(),
        "flags": {name: os.environ[name] for name in ("XLA_FLAGS", "JAX_PLATFORMS") if name in os.environ},
        "git": _git_state(),
    }


def available_memory() -> int | None:
    """Bytes of memory that can still be used, None where the system does not tell."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    return None


def verify_room(needed_memory: int, needed_disk: int, folder: Path) -> None:
    """Raises RunError where the memory or the disk cannot hold what a run needs, in bytes."""
    memory = available_memory()
    if memory is not None and needed_memory > memory:
        raise RunError(
            f"this needs about {_gib(needed_memory)} of memory and {_gib(memory)} are free: make the layers"
            " or the batch smaller"
        )
    disk = shutil.disk_usage(folder).free
    if needed_disk > disk:
        raise RunError(
            f"the checkpoints need about {_gib(needed_disk)} of disk and {_gib(disk)} are free in {folder}: keep"
            " fewer, or give another folder with --out"
        )


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB"


def _git_state() -> Mapping[str, Any] | None:
    """Commit of the working folder and whether files differ from it; None outside git."""
    try:
        commit = _git("rev-parse", "HEAD")
        return {"commit": commit, "changed": bool(_git("status", "--porcelain"))}
    except (OSError, subprocess.SubprocessError):
        return None


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True, timeout=10)
    return done.stdout.strip()
