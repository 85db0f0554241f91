"""What is wrong with a file, as data: every mistake is one class, with a code that never changes its meaning.

The classes themselves stand beside what finds them: `grammar/mistakes.py` for the text, `compiler/mistakes/` for the
meaning. Texts and JSON are made by one renderer, `grammar/render.py`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import ClassVar, Literal

from msgspec import Struct

from dync.grammar.source import Span

Severity = Literal["error", "warning"]


class Note(Struct, frozen=True):
    """A further sentence, with the second place that it speaks of where there is one."""

    message: str
    span: Span | None = None


class Fix(Struct, frozen=True):
    """A change that mends the mistake: replace the text of `span` by `replacement` (an empty span inserts)."""

    message: str
    span: Span
    replacement: str


class Diagnostic(Struct, frozen=True):
    """One mistake at one place. Subclasses add what their sentence needs and set the class variables.

    `dync explain CODE` shows the docstring of the subclass, which says in plain words what the mistake is and why it is
    one, and two whole files: `wrong`, which has the mistake, and `right`, which has not.
    """

    code: ClassVar[str]
    severity: ClassVar[Severity] = "error"
    wrong: ClassVar[str]
    right: ClassVar[str]

    span: Span

    @property
    @abstractmethod
    def message(self) -> str:
        """One sentence, without a full stop, that says what was found and what was expected."""

    @property
    def notes(self) -> tuple[Note, ...]:
        """Further sentences and places."""
        return ()

    @property
    def fix(self) -> Fix | None:
        """The way out, where one is known."""
        return None


class DiagnosticError(Exception):
    """Raised by functions that cannot go on: carries all the mistakes that were found."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__("; ".join(f"{d.code}: {d.message}" for d in diagnostics))
        self.diagnostics = tuple(diagnostics)


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether any of them is an error rather than a warning."""
    return any(d.severity == "error" for d in diagnostics)


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that a misspelt word most likely means, if one is near enough."""
    matches = get_close_matches(word, sorted(set(candidates)), n=1, cutoff=0.6)
    return matches[0] if matches else None
