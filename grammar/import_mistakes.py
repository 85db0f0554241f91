"""Mistakes with `import`: the file is missing or cannot be read, files import each other, it is too much (E0125 to
E0128)."""

from __future__ import annotations

from dync.grammar.diagnostic import Diagnostic, Fix, Note
from dync.grammar.source import Span

_NETWORK = "network N {\n  input x (4)\n  output y (4)\n  edge x -> y dense learn own\n}\n"
_RULE = "rule own { update pre * post / batch }\n"
_IMPORTED = f'import "rules.dyn"\n{_NETWORK}# and in rules.dyn, in the same folder:\n# {_RULE}'


class MissingImport(Diagnostic, frozen=True):
    """There is no file at the path of an `import`. Paths start from the folder of the file that says `import`."""

    code = "E0125"
    wrong = "# where the file is called rules.dyn\n" + _IMPORTED.replace('"rules.dyn"', '"rule.dyn"')
    right = _IMPORTED

    path: str
    near: str | None = None

    @property
    def message(self) -> str:
        """The sentence, with the path from where the command was given."""
        return f"there is no file `{self.path}` to import"

    @property
    def notes(self) -> tuple[Note, ...]:
        """Where it was looked for."""
        return (Note(f"the path starts from the folder of `{self.span.source.name}`"),)

    @property
    def fix(self) -> Fix | None:
        """A file beside it whose name is much alike."""
        if self.near is None:
            return None
        folder, slash, _ = self.span.text[1:-1].rpartition("/")
        written = f'"{folder}{slash}{self.near}"'
        return Fix(f"write {written}", self.span, written)


class UnreadableImport(Diagnostic, frozen=True):
    """An imported file is there, but it is no text that can be read: a folder, a device, an archive, too large."""

    code = "E0126"
    wrong = "# where rules is a folder\n" + _IMPORTED.replace('"rules.dyn"', '"rules"')
    right = _IMPORTED

    reason: str

    @property
    def message(self) -> str:
        """The sentence, with the reason."""
        return self.reason


class ImportCircle(Diagnostic, frozen=True):
    """A file imports itself, directly or through others. What each of them needs should stand in a further file."""

    code = "E0127"
    wrong = '# rules.dyn, where nets.dyn says `import "rules.dyn"`\nimport "nets.dyn"\n' + _RULE
    right = "# rules.dyn, which needs nothing\n" + _RULE

    names: tuple[str, ...]
    """The files round the circle, from the one that is imported again to the one that does so."""
    places: tuple[Span, ...]
    """The imports on the way, without the last."""

    @property
    def message(self) -> str:
        """The way round."""
        way = " imports ".join(f"`{name}`" for name in (*self.names, self.names[0]))
        return f"files import each other in a circle: {way}"

    @property
    def notes(self) -> tuple[Note, ...]:
        """Each import on the way."""
        return tuple(
            Note(f"`{name}` is imported here", place) for name, place in zip(self.names[1:], self.places, strict=True)
        )


class TooMuchImported(Diagnostic, frozen=True):
    """The imports lead to more files, or to larger ones together, or deeper, than a compiler should follow."""

    code = "E0128"
    wrong = "# imagine a hundred lines like this one, and a hundred files\n" + _IMPORTED
    right = _IMPORTED

    what: str
    limit: int

    @property
    def message(self) -> str:
        """Which limit."""
        return f"the imports lead to more than {self.limit} {self.what}"


OF_IMPORTS = (MissingImport, UnreadableImport, ImportCircle, TooMuchImported)
"""All of them."""
