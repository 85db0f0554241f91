"""Where a stage of the compiler puts the mistakes that it finds, so that it can go on and find the others."""

from __future__ import annotations

from collections.abc import Iterable

from dync.grammar.diagnostic import Diagnostic, has_errors


class Collector:
    """The mistakes found so far, one of a code at a place: what a `for` repeats is said once."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, int, int], Diagnostic] = {}

    def add(self, diagnostic: Diagnostic) -> None:
        """Keep a mistake, unless one of its code stands at its place already."""
        span = diagnostic.span
        self._found.setdefault((diagnostic.code, span.source.name, span.start, span.end), diagnostic)

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Keep each of several."""
        for diagnostic in diagnostics:
            self.add(diagnostic)

    @property
    def has_errors(self) -> bool:
        """Whether any of them is an error."""
        return has_errors(self._found.values())

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """All of them, in the order of the text."""
        return in_order(self._found.values())


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Mistakes file by file, in the order of the text that they point at, then of their codes."""
    return tuple(sorted(diagnostics, key=lambda d: (d.span.source.name, d.span.start, d.span.end, d.code, d.message)))
