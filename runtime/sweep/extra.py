"""Packages that only some sweeps need."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from dync.runtime.error import RunError


def package(name: str, what: str) -> ModuleType:
    """The package of this name; raises RunError that says how to install it where it is missing."""
    try:
        return import_module(name)
    except ImportError:
        raise RunError(
            f"{what} needs the package {name}, which is not installed: pip install 'dync[sweep]', or take the strategy"
            " grid or random"
        ) from None
