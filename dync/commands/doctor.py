"""`dync doctor`: whether this machine has what dync needs."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Annotated, Literal

import typer

from dync.version import VERSION

Verdict = Literal["ok", "optional", "warning", "missing"]

LEAST_PYTHON = (3, 11)
LITTLE_MEMORY = 2 * 2**30
LITTLE_DISK = 2**30

EXTRAS = {
    "cluster": "--cluster",
    "report": "reports",
    "sweep": "the strategies of Optuna and cma",
    "test": "`dync test`, `dync.testing` and the plugin of pytest",
    "yaml": "pipelines in YAML",
}
"""What each optional part is for."""

FOR_DEVELOPERS = ("all", "dev")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `advice` is what to do where it is not as it should be."""

    verdict: Verdict
    subject: str
    found: str
    advice: str = ""


def doctor(
    cluster: Annotated[
        str | None, typer.Option("--cluster", metavar="ADDRESS", help="Also a Dask cluster: tcp://HOST:PORT.")
    ] = None,
) -> None:
    """Check Python, packages, devices, memory and disk, and a cluster; say what to do about what is missing."""
    from dync.compiler.report.text_table import table

    findings = list(findings_here())
    if cluster is not None:
        from dync.commands.cluster_health import cluster as cluster_health

        findings += cluster_health(cluster)
    print(f"dync {VERSION}")
    print("\n".join(table([[f.verdict, f.subject, f.found] for f in findings], most=len(findings))))
    for finding in findings:
        if finding.advice:
            print(f"{finding.verdict}: {finding.subject}: {finding.advice}")
    if any(finding.verdict == "missing" for finding in findings):
        raise typer.Exit(1)
    print("everything that is needed is here")


def findings_here() -> Iterator[Finding]:
    """All that can be found out about this machine, part by part."""
    yield python()
    yield from packages()
    yield from extras()
    parts: tuple[Callable[[], Finding], ...] = (devices, memory, disk, threads)
    for part in parts:
        yield part()


def python() -> Finding:
    """The interpreter."""
    found = f"{platform.python_version()}, {platform.system()} {platform.machine()}"
    if sys.version_info >= LEAST_PYTHON:
        return Finding("ok", "python", found)
    return Finding("missing", "python", found, "install Python 3.11 or newer")


def packages() -> Iterator[Finding]:
    """What dync says that it requires, without its optional parts."""
    for requirement in requires("dync") or ():
        if "extra ==" not in requirement:
            yield package(requirement)


def extras() -> Iterator[Finding]:
    """The optional parts, each with the packages that it takes; nothing is wrong where one is not there."""
    found: dict[str, list[Finding]] = {}
    for requirement in requires("dync") or ():
        match = re.fullmatch(r"(.*?)\s*;\s*extra == ['\"](.+)['\"]", requirement)
        if match and match[2] not in FOR_DEVELOPERS:
            found.setdefault(match[2], []).append(package(match[1]))
    for name, parts in found.items():
        shown = ", ".join(f"{part.subject} {part.found}" for part in parts)
        if all(part.verdict == "ok" for part in parts):
            yield Finding("ok", f"dync[{name}]", shown)
        else:
            purpose = f" where you want {EXTRAS[name]}" if name in EXTRAS else ""
            yield Finding("optional", f"dync[{name}]", shown, f"pip install 'dync[{name}]'{purpose}")


def package(requirement: str) -> Finding:
    """One package against the least version that is required of it, as in `jax>=0.9`."""
    match = re.fullmatch(r"([A-Za-z0-9._-]+)\s*(?:>=\s*([0-9.]+))?.*", requirement)
    name, least = (match[1], match[2] or "0") if match else (requirement, "0")
    try:
        found = version(name)
    except PackageNotFoundError:
        return Finding("missing", name, "not installed", f"pip install '{requirement}'")
    if numbers(found) < numbers(least):
        return Finding("missing", name, f"{found}, and {least} is needed", f"pip install -U '{requirement}'")
    return Finding("ok", name, found)


def numbers(text: str) -> tuple[int, ...]:
    """The leading numbers of a version, without trailing zeros."""
    match = re.match(r"\d+(\.\d+)*", text)
    found = [int(part) for part in match[0].split(".")] if match else []
    while found and found[-1] == 0:
        found.pop()
    return tuple(found)


def devices() -> Finding:
    """The devices that JAX computes on, tried by a small product."""
    try:
        import jax
        import jax.numpy as jnp

        found = jax.devices()
        tried = float(jnp.ones((8, 8)).dot(jnp.ones((8, 8))).sum())
    except (ImportError, RuntimeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        return Finding("missing", "devices", reason, "install jax for this machine, or set JAX_PLATFORMS=cpu")
    if tried != 512:
        return Finding(
            "missing", "devices", f"{found[0]} computes wrongly", "check the driver and the installation of jax"
        )
    return Finding("ok", "devices", ", ".join(f"{device.platform} ({device.device_kind})" for device in found))


def memory() -> Finding:
    """What is free of the memory."""
    from dync.runtime.memory import available_memory, gib

    free = available_memory()
    if free is None:
        return Finding("warning", "memory", "unknown", "this system does not say how much memory is free")
    if free < LITTLE_MEMORY:
        return Finding("warning", "memory", f"{gib(free)} free", "large networks will not fit: close other programs")
    return Finding("ok", "memory", f"{gib(free)} free")


def disk() -> Finding:
    """What is free on the disk of the current folder, where runs go, and whether it can be written."""
    from dync.runtime.memory import gib

    here = Path.cwd()
    free = shutil.disk_usage(here).free
    if not os.access(here, os.W_OK):
        return Finding("warning", "disk", f"{here} is not writable", "give `dync run` a folder with --out")
    if free < LITTLE_DISK:
        return Finding("warning", "disk", f"{gib(free)} free", "checkpoints need room: give another folder with --out")
    return Finding("ok", "disk", f"{gib(free)} free")


def threads() -> Finding:
    """The processors that this process may use."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Finding("ok", "processors", f"{usable} of {os.cpu_count()}")
