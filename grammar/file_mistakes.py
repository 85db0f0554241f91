"""Mistakes with a file as a whole: it is missing, cannot be read, is no text, or is too much (E0120 to E0124)."""

from __future__ import annotations

from dync.grammar.diagnostic import Diagnostic, Note

_GOOD = "network N {\n  input x (4)\n  output y (4)\n  edge x -> y dense\n}\n"


class TooManyMistakes(Diagnostic, frozen=True):
    """So many mistakes that going on helps nobody: the file is most likely not a `.dyn` file, or damaged."""

    code = "E0120"
    wrong = "network N {\n" + "  param p = $ $\n" * 600 + "}\n"
    right = "network N {\n  param p = 1\n}\n"

    limit: int

    @property
    def message(self) -> str:
        """The sentence."""
        return f"there are more than {self.limit} mistakes; the rest of the file was not looked at"


class MissingFile(Diagnostic, frozen=True):
    """There is no file of this name. Relative paths start from the folder in which the command is given."""

    code = "E0121"
    wrong = "# dync check digit.dyn, while the file is called digits.dyn\n" + _GOOD
    right = "# dync check digits.dyn\n" + _GOOD

    near: str | None = None

    @property
    def message(self) -> str:
        """The sentence."""
        return f"there is no file `{self.span.source.name}`"

    @property
    def notes(self) -> tuple[Note, ...]:
        """A file beside it whose name is much alike."""
        return (Note(f"there is one called `{self.near}`"),) if self.near else ()


class UnreadableFile(Diagnostic, frozen=True):
    """The file exists but the system does not let it be read: a folder, missing rights, a broken disk."""

    code = "E0122"
    wrong = "# dync check specs, where specs is a folder\n" + _GOOD
    right = "# dync check specs/digits.dyn\n" + _GOOD

    reason: str

    @property
    def message(self) -> str:
        """The sentence, with the system's reason."""
        return f"the file `{self.span.source.name}` cannot be read: {self.reason}"


class NotText(Diagnostic, frozen=True):
    """The file is not text in UTF-8: most likely an archive, a picture, or text in an older encoding."""

    code = "E0123"
    wrong = "# a comment with letters that were saved as Latin-1, not as UTF-8\n" + _GOOD
    right = "# a comment with letters that were saved as UTF-8\n" + _GOOD

    offset: int

    @property
    def message(self) -> str:
        """The sentence, with the first byte that does not fit."""
        return f"the file `{self.span.source.name}` is not UTF-8 text: byte {self.offset} fits no character"


class TextTooLarge(Diagnostic, frozen=True):
    """The text is larger than a `.dyn` file may be. Data belong into files of their own, which `data` names."""

    code = "E0124"
    wrong = "# imagine a million lines like this one\n" + _GOOD
    right = _GOOD

    limit: int

    @property
    def message(self) -> str:
        """The sentence."""
        return f"`{self.span.source.name}` is larger than {self.limit // 1024} KiB, the most that a .dyn file may have"
