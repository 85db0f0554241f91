"""Mistakes in the structure of a text: what the parser finds (E0101 to E0104, E0108, E0110 to E0112, E0119).

`MISTAKES` lists every mistake of the package.
"""

from __future__ import annotations

import re
from typing import Final

from dync.grammar import character_mistakes as characters
from dync.grammar import file_mistakes as file
from dync.grammar.character_mistakes import shown
from dync.grammar.diagnostic import Diagnostic, Fix, Note
from dync.grammar.source import Span


def found(span: Span) -> str:
    """What stands at a place, for a sentence."""
    return shown(span.text) if span.text else "the end of the file"


class Unexpected(Diagnostic, frozen=True):
    """Something stands where the grammar asks for something else: a part of a statement is missing, doubled or in the
    wrong order. The sentence says what could have stood there."""

    code = "E0101"
    wrong = "network N {\n  input x (4)\n  output y (4)\n  edge x y dense\n}\n"
    right = "network N {\n  input x (4)\n  output y (4)\n  edge x -> y dense\n}\n"

    expected: str
    after: str
    change: Fix | None = None

    @property
    def message(self) -> str:
        """What was expected where, and what was found."""
        after = f" after {self.after}" if self.after else ""
        return f"expected {self.expected}{after}, found {found(self.span)}"

    @property
    def notes(self) -> tuple[Note, ...]:
        """Whose shape the data can say, where they are to say that of another layer."""
        line = self.span.source.text[: self.span.start].rpartition("\n")[2]
        if self.span.text == "*" and re.search(r"\b(layer|constant) [^(]*\($", line):
            return (Note("only inputs and outputs take their shape from the data"),)
        return ()

    @property
    def fix(self) -> Fix | None:
        """The one change after which the text goes on well, where there is one."""
        return self.change


class MisspeltKeyword(Diagnostic, frozen=True):
    """A word that is nearly a keyword, where only a keyword can stand."""

    code = "E0102"
    wrong = "network N {\n  input x (4)\n  output y (4)\n  egde x -> y dense\n}\n"
    right = "network N {\n  input x (4)\n  output y (4)\n  edge x -> y dense\n}\n"

    meant: str

    @property
    def message(self) -> str:
        """The sentence."""
        return f"unknown keyword {found(self.span)}"

    @property
    def fix(self) -> Fix:
        """The keyword that is meant."""
        return Fix(f"did you mean `{self.meant}`?", self.span, self.meant)


class UnclosedBracket(Diagnostic, frozen=True):
    """A bracket or brace that is opened and not closed before something comes that cannot stand inside it."""

    code = "E0103"
    wrong = "network N {\n  phase p {\n    steps 1\n  phase q { steps 2 }\n}\n"
    right = "network N {\n  phase p {\n    steps 1\n  }\n  phase q { steps 2 }\n}\n"

    opening: Span
    closing: str
    where: Span | None
    """An empty span where the closing one could stand, if that is known."""

    @property
    def message(self) -> str:
        """The sentence."""
        return f"expected `{self.closing}` before {found(self.span)}"

    @property
    def notes(self) -> tuple[Note, ...]:
        """Where it was opened."""
        return (Note(f"this `{self.opening.text}` is not closed", self.opening),)

    @property
    def fix(self) -> Fix | None:
        """Close it."""
        return Fix(f"add `{self.closing}`", self.where, self.closing) if self.where else None


class StrayBracket(Diagnostic, frozen=True):
    """A closing bracket or brace with nothing to close: it is one too many, or the opening one is missing."""

    code = "E0104"
    wrong = "network N {\n  phase p { steps 1 } }\n  train p\n}\n"
    right = "network N {\n  phase p { steps 1 }\n  train p\n}\n"

    @property
    def message(self) -> str:
        """The sentence."""
        return f"this {found(self.span)} closes nothing"

    @property
    def fix(self) -> Fix:
        """Take it away."""
        return Fix(f"remove the {found(self.span)}", self.span, "")


class WrongAssignment(Diagnostic, frozen=True):
    """`=` and `==` confused: `=` gives a name its value, `==` asks whether two values are equal."""

    code = "E0108"
    wrong = "rule r {\n  update [pre = 1] * post\n}\n"
    right = "rule r {\n  update [pre == 1] * post\n}\n"

    @property
    def message(self) -> str:
        """Which of the two is meant."""
        if self.span.text == "=":
            return "`=` gives a name its value; whether two values are equal is asked with `==`"
        return "`==` asks whether two values are equal; a name is given its value with `=`"

    @property
    def fix(self) -> Fix:
        """The other one."""
        other = "==" if self.span.text == "=" else "="
        return Fix(f"write `{other}`", self.span, other)


class TooDeep(Diagnostic, frozen=True):
    """Expressions within expressions, or repetitions within repetitions, beyond the limit of 100 levels. A long sum
    counts one level for each term; `let` gives a part of it a name."""

    code = "E0110"
    wrong = "network N {\n  param p = " + "-" * 101 + "1\n}\n"
    right = "network N {\n  param p = -1\n}\n"

    limit: int

    @property
    def message(self) -> str:
        """The sentence."""
        return f"this is nested more than {self.limit} levels deep"


class ChainedComparison(Diagnostic, frozen=True):
    """Two comparisons in a row. A comparison gives a truth value, which cannot be compared further."""

    code = "E0112"
    wrong = "rule r {\n  update [0 < pre < 1] * post\n}\n"
    right = "rule r {\n  update [0 < pre and pre < 1] * post\n}\n"

    @property
    def message(self) -> str:
        """The sentence."""
        return f"comparisons cannot be chained, found a second one, {found(self.span)}"

    @property
    def notes(self) -> tuple[Note, ...]:
        """How it is written instead."""
        return (Note("write `a < b and b < c` for `a < b < c`"),)


class Misplaced(Diagnostic, frozen=True):
    """A statement in a place where it does not belong: an edge outside of a network, a setting of a pipeline in a
    network, a network within a network."""

    code = "E0119"
    wrong = "network N {\n  input x (4)\n  epochs 5\n}\n"
    right = "network N {\n  input x (4)\n}\npipeline p training {\n  network N\n  epochs 5\n}\n"

    place: str
    home: str

    @property
    def message(self) -> str:
        """Where it stands and where it belongs."""
        return f"{found(self.span)} cannot stand {self.place}; it belongs {self.home}"


MISTAKES: Final[tuple[type[Diagnostic], ...]] = (
    Unexpected,
    MisspeltKeyword,
    UnclosedBracket,
    StrayBracket,
    characters.UnexpectedCharacter,
    characters.OpenText,
    characters.MalformedNumber,
    WrongAssignment,
    characters.Semicolon,
    TooDeep,
    ChainedComparison,
    characters.ForeignMark,
    characters.ForeignName,
    characters.WrongQuotes,
    characters.CommentMark,
    characters.UnknownEscape,
    characters.NumberTooLarge,
    Misplaced,
    file.TooManyMistakes,
    file.MissingFile,
    file.UnreadableFile,
    file.NotText,
    file.TextTooLarge,
)
"""Every mistake that this package finds, in the order of the codes."""
