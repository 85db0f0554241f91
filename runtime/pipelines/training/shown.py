"""Measures as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dync.compiler.plan import GIVEN_MEASURES


def headline(record: Mapping[str, Any]) -> str:
    """The measure that people look at first, on the first part that was measured."""
    for part, measures in record.items():
        if isinstance(measures, dict) and part != "steps":
            for name in (*GIVEN_MEASURES, *measures):
                if name in measures:
                    return f"{part} {name} {number(name, measures[name])}"
    return ""


def listed(measures: Mapping[str, float]) -> str:
    """All measures of a part in one line."""
    return ", ".join(f"{name} {number(name, value)}" for name, value in measures.items())


def number(name: str, value: float) -> str:
    """One measure: shares in per cent."""
    return f"{value:.2%}" if name.removesuffix(".std").endswith(("accuracy", "agreement")) else f"{value:.4g}"
