"""The standard library: the `.dyn` file that ships with the package."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from dync.grammar.source import Source


@cache
def standard_source() -> Source:
    """The text of `std.dyn`: the activations and rules that every file may use."""
    return Source("std.dyn", Path(__file__).with_name("std.dyn").read_text(encoding="utf-8"))
