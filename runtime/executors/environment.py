"""The environment that a worker process starts with: what JAX has to find before it is imported."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from dync.compiler.pipeline_plan import Limits

THREADS: Final = ("NPROC", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""What XLA's pool of threads on a CPU, and the libraries under NumPy, go by."""

MEMORY: Final = "XLA_CLIENT_MEM_FRACTION"
"""The fraction of a GPU's memory that JAX takes."""

SHARED: Final = 0.9
"""The part of a GPU's memory that workers share out among themselves where no limit is set."""


def limited(limits: Limits) -> dict[str, str]:
    """The variables that the limits ask for, and no others."""
    found = {} if limits.threads is None else dict.fromkeys(THREADS, str(limits.threads))
    if limits.gpu_memory_fraction is not None:
        found[MEMORY] = f"{limits.gpu_memory_fraction:g}"
    return found


def worker_environment(limits: Limits, jobs: int, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment of one of `jobs` workers, from that of the process that starts it.

    `limit threads N` and `limit gpu_memory_fraction F` are each worker's. Without them the processors and, of a GPU,
    nine tenths of the memory are shared out evenly; a variable that is set already stays.
    """
    shares = dict.fromkeys(THREADS, str(max(1, processors() // jobs)))
    if jobs > 1:
        shares[MEMORY] = f"{SHARED / jobs:.3f}"
    return shares | dict(environ) | limited(limits) | {"PYTHONUNBUFFERED": "1"}


def processors() -> int:
    """The processors that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
