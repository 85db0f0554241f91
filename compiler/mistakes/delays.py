"""Mistakes about delays."""

from __future__ import annotations

from dync.compiler.mistakes.examples import IN, OUT, with_layers
from dync.compiler.plan import MOST_DELAY
from dync.grammar.diagnostic import Diagnostic, Note


class DelayOutOfRange(Diagnostic, frozen=True):
    """A delay is counted in whole steps: 1 is the state at the end of the step before. An edge without `delay` carries
    the new state or the old one, as the schedule has it. What a sender held is kept for as long as the longest delay,
    so there is a limit."""

    code = "E0345"
    wrong = with_layers(IN, OUT, "edge h -> h dense delay 0")
    right = with_layers(IN, OUT, "edge h -> h dense delay 1")

    steps: int

    @property
    def message(self) -> str:
        """The delay that was found, and what it may be."""
        found = str(self.steps) if abs(self.steps) < 10**15 else "a number of more than 15 digits"
        return f"a delay is a whole number of steps from 1 to {MOST_DELAY}, and this is {found}"

    @property
    def notes(self) -> tuple[Note, ...]:
        """What no delay means."""
        if self.steps > 0:
            return ()
        return (Note("without `delay` an edge carries the new state or the old one, as the schedule has it"),)
