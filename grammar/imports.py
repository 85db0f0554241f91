"""A file with all that it imports: each file read once, however many ways lead to it."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct, field

from dync.grammar import syntax
from dync.grammar.diagnostic import Diagnostic, DiagnosticError
from dync.grammar.file_mistakes import MissingFile, UnreadableFile
from dync.grammar.import_mistakes import OF_IMPORTS, ImportCircle, MissingImport, TooMuchImported, UnreadableImport
from dync.grammar.reader import load_source, read
from dync.grammar.source import Source, Span

MOST_FILES: Final = 200
"""How many files may be imported."""

MOST_CHARACTERS: Final = 4 * 1024 * 1024
"""How many characters they may have together."""

DEEPEST: Final = 32
"""How many imports may lead from one file to the next."""


BROUGHT: Final = (syntax.Network, syntax.Rule, syntax.Activation)
"""What an import brings in. Pipelines say what to do with one file, and stay there."""


class Files(Struct, frozen=True):
    """A file and those that it imports, each as a tree. `imports` says which each imports itself, by their names.

    `mistakes` are those of syntax and of the imports, of all the files.
    """

    main: syntax.File
    imported: tuple[syntax.File, ...] = ()
    imports: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    mistakes: tuple[Diagnostic, ...] = ()

    @property
    def every(self) -> tuple[syntax.File, ...]:
        """All of them, the file itself first."""
        return (self.main, *self.imported)

    @property
    def import_failed(self) -> bool:
        """Whether an import led nowhere: names that nothing seems to declare may stand there."""
        return any(isinstance(mistake, OF_IMPORTS) for mistake in self.mistakes)

    def seen_from(self, name: str) -> tuple[syntax.File, ...]:
        """The files that the file of this name imports, directly or through others, without itself."""
        met = {name}
        waiting = [name]
        while waiting:
            for other in self.imports.get(waiting.pop(), ()):
                if other not in met:
                    met.add(other)
                    waiting.append(other)
        return tuple(file for file in self.every if file.source.name in met and file.source.name != name)


def read_files(source: Source) -> Files:
    """A text and, from the disk, what it imports; its name says from which folder its paths start.

    Raises nothing: what is wrong with an import is a mistake at its place.
    """
    main, mistakes = read(source)
    if not any(isinstance(node, syntax.Import) for node in main.declarations):
        return Files(main, mistakes=mistakes)
    walk = _Walk()
    walk.enter(main, mistakes, _Place(_identity(source.name), None))
    return Files(main, tuple(walk.files[1:]), walk.imports, tuple(walk.mistakes))


def read_alone(source: Source) -> Files:
    """A text whose imports are not looked for: to import anything is a mistake."""
    main, mistakes = read(source)
    missing = tuple(
        MissingImport(node.path.span, path_of(node)) for node in main.declarations if isinstance(node, syntax.Import)
    )
    return Files(main, mistakes=(*mistakes, *missing))


def path_of(node: syntax.Import) -> str:
    """The path of an imported file, relative to where that of the importing one starts."""
    return str(Path(node.span.source.name).parent / node.path.value)


class _Place(Struct, frozen=True):
    """A file on the way from the first one: which it is, and the import that led to it."""

    identity: str
    node: syntax.Import | None


class _Walk(Struct):
    """Follows imports, depth first and in the order of the text."""

    files: list[syntax.File] = field(default_factory=list)
    imports: dict[str, tuple[str, ...]] = field(default_factory=dict)
    mistakes: list[Diagnostic] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    """The name of each file that was read, by its identity."""
    way: list[_Place] = field(default_factory=list)
    characters: int = 0
    full: bool = False

    def enter(self, file: syntax.File, mistakes: tuple[Diagnostic, ...], place: _Place) -> None:
        """Take a file in, and then what it imports."""
        name = file.source.name
        self.names[place.identity] = name
        self.files.append(file)
        self.mistakes.extend(mistakes)
        self.way.append(place)
        nodes = (node for node in file.declarations if isinstance(node, syntax.Import))
        found = [other for node in nodes if (other := self._follow(node)) is not None]
        self.imports[name] = tuple(dict.fromkeys(found))
        self.way.pop()

    def _follow(self, node: syntax.Import) -> str | None:
        """The name of the file that is imported; None where it cannot be had."""
        identity = _identity(path_of(node))
        if any(place.identity == identity for place in self.way):
            self.mistakes.append(self._circle(node, identity))
            return None
        if identity in self.names:
            return self.names[identity]
        source = None if self._is_full(node) else self._load(node)
        if source is None:
            return None
        self.characters += len(source.text)
        file, mistakes = read(source)
        self.enter(file, mistakes, _Place(identity, node))
        return source.name

    def _circle(self, node: syntax.Import, identity: str) -> ImportCircle:
        start = next(i for i, place in enumerate(self.way) if place.identity == identity)
        nodes = [place.node for place in self.way[start + 1 :] if place.node is not None]
        names = (self.names[identity], *(self.names[place.identity] for place in self.way[start + 1 :]))
        return ImportCircle(node.path.span, names, tuple(found.path.span for found in nodes))

    def _is_full(self, node: syntax.Import) -> bool:
        """Whether no further file can be read, which is said once."""
        for amount, limit, what in (
            (len(self.way), DEEPEST, "files one after the other"),
            (len(self.files), MOST_FILES, "files"),
            (self.characters, MOST_CHARACTERS, "characters"),
        ):
            if amount > limit:
                if not self.full:
                    self.mistakes.append(TooMuchImported(node.path.span, what, limit))
                self.full = True
                return True
        return False

    def _load(self, node: syntax.Import) -> Source | None:
        try:
            return _load(path_of(node))
        except DiagnosticError as error:
            self.mistakes.extend(_at(node.path.span, path_of(node), found) for found in error.diagnostics)
            return None


def _load(path: str) -> Source:
    """The text of a file; what is no plain file, and could keep a reader waiting for ever, is not opened."""
    try:
        plain = stat.S_ISREG(Path(path).stat().st_mode)
    except (OSError, ValueError):
        plain = True
    if not plain:
        what = "it is a folder" if Path(path).is_dir() else "it is no plain file"
        raise DiagnosticError([UnreadableFile(Span(Source(path, ""), 0, 0), what)])
    return load_source(path)


def _at(span: Span, path: str, found: Diagnostic) -> Diagnostic:
    """What is wrong with a file, as a mistake of the import that names it."""
    if isinstance(found, MissingFile):
        return MissingImport(span, path, found.near)
    return UnreadableImport(span, found.message)


def _identity(name: str) -> str:
    """What tells a file from others, whatever way leads to it."""
    try:
        return os.path.realpath(name)
    except (OSError, ValueError):
        return name


def complete_text(files: Files) -> str:
    """One text that means what the file and its imports mean, and needs no other file.

    What is imported stands where the file first imports anything, with its comments. Without imports it is the text.
    """
    nodes = [node for node in files.main.declarations if isinstance(node, syntax.Import)]
    text = files.main.source.text
    if not nodes:
        return text
    brought = "".join(f"# from {file.source.name}\n{_brought(file)}\n" for file in files.imported)
    ends = [0, *(node.span.end for node in nodes)]
    before, *between = (text[a : node.span.start] for a, node in zip(ends, nodes, strict=False))
    return "".join([before, brought, *between, text[ends[-1] :]])


def _brought(file: syntax.File) -> str:
    """The text of a file without what it does not bring into others."""
    text, kept, at = file.source.text, "", 0
    for node in file.declarations:
        if not isinstance(node, BROUGHT):
            kept += text[at : node.span.start]
            at = node.span.end
    return kept + text[at:]
