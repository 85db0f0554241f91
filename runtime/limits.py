"""Limits of a process that bind: they are put into the environment before JAX is imported.

This module does not import JAX.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Final

from dync.compiler.pipeline_plan import Limits
from dync.runtime.processors import XLA

MEMORY: Final = "XLA_CLIENT_MEM_FRACTION"
"""The fraction of a GPU's memory that XLA takes, read when JAX first asks for its devices."""

THREADS: Final = (XLA, "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Threads: of XLA's processor pools (`NPROC`), and of the libraries behind NumPy."""


def variables(limits: Limits) -> dict[str, str]:
    """What the environment of a process must hold for these limits; a worker process can be started with it."""
    found: dict[str, str] = {}
    if limits.gpu_memory_fraction is not None:
        found[MEMORY] = f"{limits.gpu_memory_fraction:g}"
    if limits.threads is not None:
        found |= dict.fromkeys(THREADS, str(limits.threads))
    return found


def apply_limits(limits: Limits) -> tuple[str, ...]:
    """Put the limits into this process's environment; sentences on those that come too late, JAX being imported."""
    wanted = variables(limits)
    late = unbound(limits) if "jax" in sys.modules else ()
    os.environ.update(wanted)
    return late


def unbound(limits: Limits, environment: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Sentences on the limits that the environment does not hold, each with the way out."""
    given = os.environ if environment is None else environment
    missing = [(name, value) for name, value in variables(limits).items() if given.get(name) != value]
    words = {MEMORY: "gpu_memory_fraction", THREADS[0]: "threads"}
    return tuple(
        f"limit {words[name]} {value} does not bind: JAX was there before it; run it with `dync run`, or set"
        f" {name}={value} before Python starts"
        for name, value in missing
        if name in words
    )
