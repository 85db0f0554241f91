"""Mistakes in a text that was made from a mapping also say at which of its keys they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from msgspec import Struct

from dync.building.path import Path, shown
from dync.grammar import syntax
from dync.grammar.diagnostic import Diagnostic, Fix, Note
from dync.grammar.source import Span


@dataclass(frozen=True)
class Place:
    """Where a setting stands in a mapping, and where the values in it do."""

    path: Path
    values: tuple[Path, ...]

    def within(self, names: Sequence[str]) -> Path:
        """Where the value by these names stands, as far as that is clear."""
        for name in names:
            deeper = [value for value in self.values if value[-1] == name and value[: len(self.path)] == self.path]
            if len(set(deeper)) == 1:
                return deeper[0]
        return self.path


class Pointed(Diagnostic, frozen=True, dict=True):
    """A mistake that stands in a mapping, too. Its code and sentences are those of the mistake itself."""

    mistake: Diagnostic
    path: Path

    def __post_init__(self) -> None:
        names = [name for name in ("code", "severity", "wrong", "right") if hasattr(self.mistake, name)]
        self.__dict__.update({name: getattr(self.mistake, name) for name in names})

    @property
    def message(self) -> str:
        """The sentence of the mistake."""
        return self.mistake.message

    @property
    def notes(self) -> tuple[Note, ...]:
        """The further sentences of the mistake, and where it stands in the mapping."""
        return (*self.mistake.notes, Note(f"in the mapping this is `{shown(self.path)}`"))

    @property
    def fix(self) -> Fix | None:
        """The way out."""
        return self.mistake.fix


def pointed(mistake: Diagnostic, path: Path) -> Pointed:
    """A mistake with the keys of the mapping that it is at."""
    return Pointed(mistake.span, mistake, path)


def path_in(pipeline: syntax.Pipeline, places: Sequence[Place], span: Span) -> Path:
    """The keys of the value that a place in the text of a pipeline comes from."""
    for item, place in zip(pipeline.items, places, strict=True):
        if item.span.start <= span.start < item.span.end:
            return place.within(list(_names(item, span))[::-1])
    return (pipeline.name.text,)


def _names(node: object, span: Span) -> Iterator[str]:
    """The names of all that a place stands in, the outermost first."""
    if isinstance(node, tuple):
        for part in node:
            yield from _names(part, span)
        return
    if not isinstance(node, Struct) or isinstance(node, Span):
        return
    around = getattr(node, "span", None)
    if not isinstance(around, Span) or not around.start <= span.start < around.end:
        return
    match node:
        case syntax.Change(key):
            yield key.text
        case (
            syntax.Argument(syntax.Name(name))
            | syntax.Binding(syntax.Name(name))
            | syntax.Application(syntax.Name(name))
        ):
            yield name
        case _:
            pass
    for part in node.__struct_fields__:
        yield from _names(getattr(node, part), span)
