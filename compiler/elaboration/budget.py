"""How much a network may make the compiler do."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.collector import Collector
from dync.grammar.source import Span

ITEMS: Final = 100_000
"""How many layers, edges, members of groups and repetitions of `for` a network may have together."""

SIZE: Final = 2**31 - 1
"""How many units a layer, weights an edge and steps a phase may have: indices are 32 bits wide."""


class Budget(Struct):
    """What is left of `ITEMS`."""

    mistakes: Collector
    left: int = ITEMS
    exceeded: bool = False

    def take(self, amount: int, what: str, span: Span) -> bool:
        """Use some of it up; False where that is more than is left, and a mistake when that happens first."""
        if not self.has(amount, what, span):
            return False
        self.left -= amount
        return True

    def has(self, amount: int, what: str, span: Span) -> bool:
        """Whether so much is left; the first time that it is not, a mistake."""
        if amount <= self.left:
            return True
        if not self.exceeded:
            together = f"layers, edges and repetitions together, with {what}"
            self.mistakes.add(wrong.shapes.TooLarge(span, together, ITEMS - self.left + amount, ITEMS))
        self.exceeded = True
        return False
