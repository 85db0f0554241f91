"""What an expression about single pairs of units may name."""

from __future__ import annotations

from typing import Final

from dync.compiler.mistakes.between import UnknownBetweenUnits
from dync.compiler.rules.scope import Scope

BETWEEN: Final = Scope(
    "what holds between units",
    ("i", "j", "fan_in", "fan_out", "uniform", "normal"),
    (),
    UnknownBetweenUnits,
    ("i", "j"),
)
