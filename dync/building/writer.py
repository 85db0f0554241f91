"""From a mapping to the text of a pipeline, in which every key gives its own statements and no others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dync.building.leaves import Leaves, item_of, statement
from dync.building.path import Path, clipped, refused
from dync.building.places import Place, pointed
from dync.building.settings import Statement, statements
from dync.compiled import CompileError
from dync.grammar import syntax
from dync.grammar.printer import format_source
from dync.grammar.reader import read
from dync.grammar.source import Source


@dataclass(frozen=True)
class Written:
    """A pipeline as text in canonical layout, and for each of its settings where it stands in the mapping."""

    text: str
    places: tuple[Place, ...] = field(default=())


def written(name: str, kind: str, settings: Mapping[str, object]) -> Written:
    """The text of a pipeline. Raises RunError for what has no place in one, and CompileError for what cannot be read.

    What a value means is not looked at here: that is checked with the file that the pipeline is for.
    """
    path: Path = (clipped(str(name)),)
    leaves = Leaves()
    head = f"pipeline {leaves.name(name, path)} {leaves.name(kind, (*path, 'kind'))}"
    found = [made for key, value in settings.items() for made in statements(str(key), value, (*path, str(key)))]
    found.sort(key=lambda made: made.words.startswith("entry "))  # a `with` behind an entry would be the entry's
    texts = [_verified(made, head) for made in found]
    text = format_source(Source(path[0], _file(head, texts)))
    file, _ = read(Source(path[0], text))
    match file.declarations:
        case (syntax.Pipeline(items=items),) if [statement(item) for item in items] == texts:
            return Written(text, tuple(Place(made.path, tuple(made.leaves.seen)) for made in found))
    raise refused(path, "its settings cannot be told apart")


def _file(head: str, texts: list[str]) -> str:
    return "\n".join([f"{head} {{", *(f"  {text}" for text in texts), "}", ""])


def _verified(made: Statement, head: str) -> str:
    """A statement in its canonical form. Raises RunError where the text is more than the setting that it is to be."""
    made.leaves.text(made.rest, made.path)  # raises where it holds what no file can
    item = item_of(made.text)
    if item is not None and not made.leaves.unread:
        return statement(item)
    path, value = made.leaves.unread[0] if made.leaves.unread else (made.path, made.rest)
    source = Source(made.path[0], _file(head, [made.text]))
    _, mistakes = read(source)
    if mistakes:
        raise CompileError([pointed(mistake, path) for mistake in mistakes])
    raise refused(path, f"`{clipped(value)}` is more than this one value, or another one")
