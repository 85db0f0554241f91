"""What settings of baselines have in common."""

from __future__ import annotations

from math import isfinite

from dync.runtime.error import RunError


def verify_count(owner: str, name: str, value: int | None, most: int = 2**20) -> None:
    """Raises RunError for a count that is not from 1 to `most`; None is fine."""
    if value is not None and not 1 <= value <= most:
        raise RunError(f"{owner} has {name} = {value}: give a whole number from 1 to {most}")


def verify_rate(owner: str, rate: float) -> None:
    """Raises RunError for a learning rate that is not above zero."""
    if not (isfinite(rate) and rate > 0):
        raise RunError(f"{owner} has learning_rate = {rate}: give a number above 0, such as 0.001")
