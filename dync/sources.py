"""Data sources that others add, as far as the compiler has to know them: their names."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Final

from dync.compiler.pipelines.signatures import SOURCES, Signature

GROUP: Final = "dync.sources"
"""The group of entry points by which an installed package adds sources; `dync.runtime.data.sources` loads them."""


def added_sources() -> Mapping[str, Signature]:
    """Sources of installed packages, and those that this process registered. Nothing is imported to find them."""
    names = {point.name for point in entry_points(group=GROUP)}
    runtime = sys.modules.get("dync.runtime.data.sources")
    if runtime is not None:
        names |= set(runtime.source_signatures())
    return {name: Signature(open=True) for name in sorted(names - set(SOURCES))}
