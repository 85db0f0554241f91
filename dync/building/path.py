"""Where something stands in a mapping, and how that is said."""

from __future__ import annotations

from typing import Final

from dync.grammar.render import safe
from dync.runtime.error import RunError

Path = tuple[str, ...]
"""The keys on the way to a value; the number of an element of a list is a key, too."""

LONGEST: Final = 80
"""Values are shown up to so many characters."""


def shown(path: Path) -> str:
    """`fit.optimizer.sgd.learning_rate`, on one line and not too long."""
    return clipped(".".join(path))


def clipped(text: str) -> str:
    """A text on one line, and not too long."""
    return safe(text if len(text) <= LONGEST else text[: LONGEST - 1] + "…")


def refused(path: Path, sentence: str) -> RunError:
    """The error for a value that cannot serve: where it stands and why."""
    return RunError(f"{shown(path)}: {sentence}")
