"""The environment that a worker process starts with: what JAX has to find before it is imported."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from dync.compiler.pipeline_plan import Limits
from dync.runtime.limits import MEMORY, THREADS, variables
from dync.runtime.processors import processors

SHARED: Final = 0.9
"""The part of a GPU's memory that workers share out among themselves where no limit is set."""


def worker_environment(limits: Limits, jobs: int, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment of one of `jobs` workers, from that of the process that starts it.

    `limit threads N` and `limit gpu_memory_fraction F` are each worker's. Without them the processors and, of a GPU,
    nine tenths of the memory are shared out evenly; a variable that is set already stays.
    """
    shares = dict.fromkeys(THREADS, str(max(1, processors() // jobs)))
    if jobs > 1:
        shares[MEMORY] = f"{SHARED / jobs:.3f}"
    return shares | dict(environ) | variables(limits) | {"PYTHONUNBUFFERED": "1"}
