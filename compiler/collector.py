"""Where a stage of the compiler puts the mistakes that it finds, so that it can go on and find the others."""

from __future__ import annotations

from collections.abc import Iterable

from dync.grammar.diagnostic import Diagnostic
from dync.grammar.source import Span


class Collector:
    """The mistakes found so far, one of a code at a place: what a `for` repeats is said once."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, int, int], Diagnostic] = {}

    def add(self, diagnostic: Diagnostic) -> None:
        """Keep a mistake, unless one of its code stands at its place already."""
        span: Span = diagnostic.span
        self._found.setdefault((diagnostic.code, span.start, span.end), diagnostic)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """All of them, in the order of the text."""
        return in_order(self._found.values())


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Mistakes in the order of the text that they point at, then of their codes."""
    return tuple(sorted(diagnostics, key=lambda d: (d.span.start, d.span.end, d.code, d.message)))
