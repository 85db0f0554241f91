"""What every part of the elaboration shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dync.compiler.elaboration.budget import Budget
from dync.compiler.elaboration.collector import Collector
from dync.compiler.library import Library


@dataclass(frozen=True)
class Context:
    """The rules and activations that can be used, where mistakes go, and how much work is left.

    `shapes` are those of inputs and outputs that leave theirs to the data, as far as they are known.
    """

    library: Library
    mistakes: Collector
    budget: Budget
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
