"""What mistakes about unknown names have in common: the nearest name that is known, and the fix."""

from __future__ import annotations

from functools import cached_property
from itertools import islice
from typing import ClassVar

from dync.compiler.mistakes.several import several
from dync.grammar.diagnostic import Diagnostic, Fix, Note, nearest

SHOWN = 12
"""How many known names a note lists at most."""

COMPARED = 300
"""How many known names a misspelt one is compared with at most."""


class Unknown(Diagnostic, frozen=True, dict=True):
    """A name that nothing bears; `known` are the names that could stand there."""

    noun: ClassVar[str]
    nouns: ClassVar[str]

    name: str
    known: tuple[str, ...] = ()

    @cached_property
    def near(self) -> str | None:
        """The nearest name that is known, looked for among the first `COMPARED` of about the same length."""
        alike = (name for name in self.known if 2 * abs(len(name) - len(self.name)) <= len(name) + len(self.name))
        return nearest(self.name, islice(alike, COMPARED))

    @property
    def message(self) -> str:
        """Names the thing, and the nearest one that exists."""
        return f"there is no {self.noun} `{self.name}`" + (f"; did you mean `{self.near}`?" if self.near else "")

    @property
    def notes(self) -> tuple[Note, ...]:
        """The names that are known, where they are not too many to read."""
        if not self.known:
            return (Note(f"there are no {self.nouns} here"),)
        return (Note(f"the {self.nouns} are {several(self.known, SHOWN)}"),)

    @property
    def fix(self) -> Fix | None:
        """Put the nearest name."""
        return Fix(f"write `{self.near}`", self.span, self.near) if self.near else None


class UnknownOf(Unknown, frozen=True):
    """A name that a thing does not have; `of` is the thing."""

    of: str = ""

    @property
    def message(self) -> str:
        """Names the thing, and the nearest name that it has."""
        hint = f"; did you mean `{self.near}`?" if self.near else ""
        return f"`{self.of}` has no {self.noun} `{self.name}`{hint}"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The names that it has."""
        return super().notes if self.known else (Note(f"`{self.of}` has no {self.nouns} at all"),)
