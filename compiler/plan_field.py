"""Fields of the plan that it did not always have."""

from __future__ import annotations

from dataclasses import field
from typing import Any


def added(default: Any) -> Any:
    """A field that the plan did not always have: where it is at its default, it is not written, and older plans, which
    lack it, are read and have the digest that they had."""
    return field(default=default, metadata={"added": True})
