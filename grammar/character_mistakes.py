"""Mistakes in single words, numbers, strings and marks: what the lexer finds (E0105 to E0118)."""

from __future__ import annotations

from dync.grammar.diagnostic import Diagnostic, Fix, Note


def shown(text: str, limit: int = 40) -> str:
    """A piece of a file inside a sentence: marked as such, cut where long, what cannot be seen as escapes."""
    short = text if len(text) <= limit else text[: limit - 1] + "…"
    return "`" + "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in short) + "`"


class UnexpectedCharacter(Diagnostic, frozen=True):
    """A character that means nothing in a `.dyn` file. The language is written with letters, digits, the operators
    of arithmetic, brackets and commas; other characters may stand in comments and in strings only."""

    code = "E0105"
    wrong = "network N {\n  param price = $5\n}\n"
    right = "network N {\n  param price = 5\n}\n"

    @property
    def message(self) -> str:
        """What was found, by its number where it cannot be seen."""
        character = self.span.text[:1]
        code = "" if character.isprintable() and character.isascii() else f" (U+{ord(character or '?'):04X})"
        return f"the character {shown(character)}{code} has no meaning here"


class OpenText(Diagnostic, frozen=True):
    """A string whose closing quote is missing. A string begins and ends with `"` on the same line."""

    code = "E0106"
    wrong = 'pipeline p training {\n  data npz("digits.npz)\n}\n'
    right = 'pipeline p training {\n  data npz("digits.npz")\n}\n'

    @property
    def message(self) -> str:
        """The sentence."""
        return f"the string {shown(self.span.text)} has no closing quote"

    @property
    def fix(self) -> Fix:
        """Close it."""
        return Fix("close the string", self.span, self.span.text + '"')


class MalformedNumber(Diagnostic, frozen=True):
    """A number that is written in a way that the language does not know. Numbers are decimal: digits, perhaps a point
    and further digits, perhaps an exponent, as in `16`, `0.5` and `1e-3`. A range has two points: `1..4`."""

    code = "E0107"
    wrong = "network N {\n  param rate = 0.1.5\n}\n"
    right = "network N {\n  param rate = 0.15\n}\n"

    @property
    def message(self) -> str:
        """The sentence."""
        return f"{shown(self.span.text)} is not a number"

    @property
    def notes(self) -> tuple[Note, ...]:
        """How numbers are written."""
        return (Note("numbers are written like 16, 0.5 or 1e-3; names cannot begin with a digit"),)

    @property
    def fix(self) -> Fix | None:
        """Without the underscores, where these are all that is wrong."""
        digits = self.span.text.replace("_", "")
        return Fix("leave out the underscores", self.span, digits) if digits.isdecimal() else None


class Semicolon(Diagnostic, frozen=True):
    """A semicolon. Statements begin with their keyword, so nothing has to stand between them."""

    code = "E0109"
    wrong = "network N {\n  input x (64);\n  output y (10);\n}\n"
    right = "network N {\n  input x (64)\n  output y (10)\n}\n"

    @property
    def message(self) -> str:
        """The sentence."""
        return "statements do not end with `;`"

    @property
    def fix(self) -> Fix:
        """Take it away."""
        return Fix("remove the `;`", self.span, "")


class ForeignMark(Diagnostic, frozen=True):
    """A mark of another language, or of print, where the language has its own: `and` for `&&`, `->` for an arrow."""

    code = "E0113"
    wrong = "network N {\n  input x (4)\n  output y (4)\n  edge x => y dense\n}\n"
    right = "network N {\n  input x (4)\n  output y (4)\n  edge x -> y dense\n}\n"

    meant: str

    @property
    def message(self) -> str:
        """The sentence."""
        return f"{shown(self.span.text)} is written `{self.meant}`"

    @property
    def fix(self) -> Fix:
        """Our own mark."""
        space = " " if self.meant.isalpha() else ""
        return Fix(f"write `{self.meant}`", self.span, f"{space}{self.meant}{space}")


class ForeignName(Diagnostic, frozen=True):
    """A name with letters beyond a to z. Names become names of arrays and files, and letters that look alike would make
    two names that look the same, so they consist of the letters a to z and A to Z, digits and `_`."""

    code = "E0114"
    wrong = "network N {\n  param größe = 5\n}\n"
    right = "network N {\n  param groesse = 5\n}\n"

    @property
    def message(self) -> str:
        """The name and the first letter that cannot stand in it."""
        letter = next((c for c in self.span.text if not c.isascii()), "")
        return f"the name {shown(self.span.text)} holds {shown(letter)}; names are made of a-z, A-Z, 0-9 and _"


class WrongQuotes(Diagnostic, frozen=True):
    """A string in other quotes than `"`: in single ones, or in those of print that a word processor makes of them."""

    code = "E0115"
    wrong = "pipeline p training {\n  data npz('digits.npz')\n}\n"
    right = 'pipeline p training {\n  data npz("digits.npz")\n}\n'

    @property
    def message(self) -> str:
        """The sentence."""
        return f"strings stand in double quotes, found {self.span.text[:1]}"

    @property
    def fix(self) -> Fix:
        """The same in double quotes."""
        return Fix("use double quotes", self.span, '"' + self.span.text[1:-1].replace('"', "") + '"')


class CommentMark(Diagnostic, frozen=True):
    """A comment in the manner of another language. A comment begins with `#` and ends with its line."""

    code = "E0116"
    wrong = "network N {\n  /* the pixels */\n  input x (64)\n}\n"
    right = "network N {\n  # the pixels\n  input x (64)\n}\n"

    @property
    def message(self) -> str:
        """The sentence."""
        return f"comments begin with `#`, found `{self.span.text[:2]}`"


class UnknownEscape(Diagnostic, frozen=True):
    r"""A backslash in a string before a character that makes no escape. The escapes are `\"`, `\\`, `\n` and `\t`; a
    folder of Windows is written with doubled backslashes, or with `/`."""

    code = "E0117"
    wrong = 'pipeline p training {\n  data npz("data\\digits.npz")\n}\n'
    right = 'pipeline p training {\n  data npz("data/digits.npz")\n}\n'

    @property
    def message(self) -> str:
        """The sentence."""
        return f"{shown(self.span.text)} is not an escape in a string"

    @property
    def fix(self) -> Fix:
        """A backslash that stands for itself."""
        return Fix("double the backslash", self.span, "\\" + self.span.text)


class NumberTooLarge(Diagnostic, frozen=True):
    """A number beyond what a computer's floating-point numbers reach, about 1.8e308, or with hundreds of digits."""

    code = "E0118"
    wrong = "network N {\n  param rate = 1e999\n}\n"
    right = "network N {\n  param rate = 1e9\n}\n"

    @property
    def message(self) -> str:
        """The sentence."""
        return f"the number {shown(self.span.text, 20)} is too large"
