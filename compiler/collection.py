"""Compiling without pauses of Python's collector of circular garbage."""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def without_collections(stage: Callable[P, R]) -> Callable[P, R]:
    """A stage of the compiler during which the collector rests.

    Trees, models and plans are many small objects without circles: looking for them again and again finds nothing,
    takes time, and leaves the collector with a whole pass over the heap of every library to make soon after.
    """

    @wraps(stage)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if not gc.isenabled():
            return stage(*args, **kwargs)
        gc.disable()
        try:
            return stage(*args, **kwargs)
        finally:
            gc.enable()

    return run
