"""What every part of the elaboration shares."""

from __future__ import annotations

from dataclasses import dataclass

from dync.compiler.elaboration.budget import Budget
from dync.compiler.elaboration.collector import Collector
from dync.compiler.library import Library


@dataclass(frozen=True)
class Context:
    """The rules and activations that can be used, where mistakes go, and how much work is left."""

    library: Library
    mistakes: Collector
    budget: Budget
