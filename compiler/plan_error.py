"""What is raised where data that should be a plan are none."""

from __future__ import annotations


class PlanError(ValueError):
    """A text or a value that is not a plan of this version: damaged, foreign or made up."""


def require(condition: bool, sentence: str) -> None:
    """Raise PlanError with the sentence, unless the condition holds."""
    if not condition:
        raise PlanError(f"not a plan: {sentence}")
