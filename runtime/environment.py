"""What a run depends on: packages, device, code; and whether the machine has the room that it needs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Any, Final

import jax

from dync.compiler.pipeline_plan import Limits
from dync.runtime.checkpoint import installed, package_versions
from dync.runtime.error import RunError
from dync.runtime.limits import MEMORY, THREADS, unbound
from dync.runtime.memory import available_memory, gib

FLAGS: Final = ("XLA_FLAGS", "JAX_PLATFORMS", MEMORY, *THREADS)
"""Variables of the environment that change how a run goes."""

OWN_FILES: Final = 2**20
"""Bytes on disk that a run takes for its events, its result and its report."""

_COMMIT: Final = "# branch.oid "


def environment_record() -> dict[str, Any]:
    """Versions, device and flags of this process, and the state of the code that it was started in."""
    device = jax.devices()[0]
    return {
        "versions": dict(package_versions()),
        "device": {"platform": device.platform, "kind": device.device_kind, "count": jax.device_count()},
        "cpus": os.cpu_count(),
        "flags": {name: os.environ[name] for name in FLAGS if name in os.environ},
        "git": _git_state(),
    }


def verify_surroundings(limits: Limits, say: Callable[[str], None]) -> None:
    """What every pipeline needs: packages and devices. Raises RunError; `say` hears of limits that do no harm."""
    verify_packages()
    for sentence in verify_devices(limits):
        say(sentence)


def verify_packages() -> None:
    """Raises RunError where a package that dync requires is missing or too old."""
    try:
        found = requires("dync") or []
    except PackageNotFoundError:
        return
    for requirement in (r for r in found if "extra ==" not in r):
        match = re.fullmatch(r"([A-Za-z0-9._-]+)\s*(?:>=\s*([0-9.]+))?.*", requirement)
        if match is None:
            continue
        try:
            present = installed(match[1])
        except PackageNotFoundError:
            raise RunError(f"{match[1]} is not installed: pip install '{requirement}'") from None
        if _numbers(present) < _numbers(match[2] or "0"):
            raise RunError(f"{match[1]} {present} is too old: pip install -U '{requirement}'")


def verify_devices(limits: Limits) -> tuple[str, ...]:
    """Raises RunError where JAX has no device, or where a GPU's memory is not limited as it should be.

    Gives sentences on the limits that do not bind and do no harm.
    """
    try:
        platform = jax.devices()[0].platform
    except RuntimeError as error:
        reason = str(error).partition("\n")[0]
        raise RunError(
            f"JAX finds no device ({reason}): install jax for this machine, or set JAX_PLATFORMS=cpu"
        ) from None
    late = unbound(limits)
    if platform == "gpu" and any("gpu_memory_fraction" in sentence for sentence in late):
        raise RunError(late[0])
    return tuple(s for s in late if platform == "gpu" or "gpu_memory_fraction" not in s)


def device_memory() -> int | None:
    """Bytes that are free on the first device: on a processor those of the machine; None where nobody tells."""
    device = jax.devices()[0]
    if device.platform == "cpu":
        return available_memory()
    stats = device.memory_stats() or {}
    limit = stats.get("bytes_limit")
    return None if limit is None else int(limit) - int(stats.get("bytes_in_use", 0))


def verify_room(needed_memory: int, needed_disk: int, folder: Path) -> None:
    """Raises RunError where the memory of the device or the disk cannot hold what a run needs, in bytes."""
    verify_memory(needed_memory, "this", "make the layers or the batch smaller")
    verify_disk(needed_disk, folder, "the checkpoints", "keep fewer, or give another folder with --out")


def verify_memory(needed: int, what: str, advice: str) -> None:
    """Raises RunError where the memory of the device is less than `what` needs, in bytes."""
    free = device_memory()
    if free is not None and needed > free:
        raise RunError(f"{what} needs about {gib(needed)} of memory and {gib(free)} are free: {advice}")


def verify_disk(needed: int, folder: Path, what: str, advice: str) -> None:
    """Raises RunError where the disk of a folder has less room than `what` need, in bytes."""
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise RunError(f"{what} need about {gib(needed)} of disk and {gib(free)} are free in {folder}: {advice}")


def _numbers(text: str) -> tuple[int, ...]:
    match = re.match(r"\d+(\.\d+)*", text)
    found = [int(part) for part in match[0].split(".")] if match else []
    while found and found[-1] == 0:
        found.pop()
    return tuple(found)


def _git_state() -> Mapping[str, Any] | None:
    """Commit of the working folder and whether files differ from it; None outside git or before the first commit."""
    command = ["git", "--no-optional-locks", "status", "--porcelain=v2", "--branch"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    lines = done.stdout.splitlines()
    commits = [line.removeprefix(_COMMIT) for line in lines if line.startswith(_COMMIT)]
    if commits in ([], ["(initial)"]):
        return None
    return {"commit": commits[0], "changed": any(not line.startswith("# ") for line in lines)}
