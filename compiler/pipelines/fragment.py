"""`KEY = VALUE`, given beside a pipeline or in `with { … }`, whose value is read by the grammar of `.dyn` files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from dync.grammar import syntax
from dync.grammar.pipeline_spelling import value as spelled
from dync.grammar.reader import read
from dync.grammar.source import Source, Span

LONGEST: Final = 10_000
"""How many characters a value may have."""


class Fragment(Struct, frozen=True):
    """A key and a value as the language writes them.

    `places` are where the two stand; without them, places are those in `--set`, the text `KEY=VALUE`.
    """

    key: str
    value: str
    places: tuple[Span, Span] | None = None

    @staticmethod
    def of_change(change: syntax.Change) -> Fragment:
        """A change as it stands in a file."""
        return Fragment(change.key.text, spelled(change.value), (change.key.span, change.value.span))

    @property
    def source(self) -> Source:
        """The text that mistakes point into, where there are no other places."""
        return Source("--set", f"{self.key}={self.value}")

    @property
    def key_span(self) -> Span:
        """The place of the key."""
        return Span(self.source, 0, len(self.key)) if self.places is None else self.places[0]

    @property
    def value_span(self) -> Span:
        """The place of the value."""
        if self.places is not None:
            return self.places[1]
        source = self.source
        return Span(source, len(self.key) + 1, len(source.text))

    def setting(self, keyword: str) -> syntax.PipelineItem | None:
        """The value as what follows a keyword in a pipeline; None where it cannot stand there."""
        return self._item(f"pipeline p training {{ {keyword} ", "\n}\n")

    def _item(self, before: str, after: str) -> syntax.PipelineItem | None:
        """The setting of which the value is a part."""
        if len(self.value) > LONGEST or "\n" in self.value:
            return None
        file, mistakes = read(Source("--set", f"{before}{self.value}{after}"))
        match file.declarations:
            case (syntax.Pipeline(items=(item,)),) if not mistakes:
                moved: syntax.PipelineItem = _moved(item, self._mover(len(before)))
                return moved
        return None

    def expression(self) -> syntax.Expression | None:
        """The value as an expression; None where it is none."""
        item = self.setting("seed")
        return item.value if isinstance(item, syntax.NumberSetting) else None

    def change(self) -> syntax.Change | None:
        """The fragment as a part of `with { … }`; None where the value cannot stand there."""
        item = self._item("pipeline p training { with { key = ", "\n} }\n")
        if not isinstance(item, syntax.WithSetting) or len(item.changes) != 1:
            return None
        parts = tuple(syntax.Name(part, self.key_span) for part in self.key.split("."))
        return syntax.Change(syntax.Key(parts, self.key_span), item.changes[0].value, self.value_span)

    def _mover(self, start: int) -> Callable[[Span], Span]:
        """Brings places in a text in which the value begins at `start` to where the value really is.

        That is exact where it is written there just so; else everything in it has the place of the whole.
        """
        place = self.value_span
        shift = place.start - start
        if place.text != self.value and self.places is not None:
            return lambda span: place
        return lambda span: Span(place.source, max(span.start + shift, 0), max(span.end + shift, 0))


def _moved(node: Any, move: Callable[[Span], Span]) -> Any:
    """A syntax node whose places are moved."""
    match node:
        case Span():
            return move(node)
        case tuple():
            return tuple(_moved(part, move) for part in node)
        case Struct():
            return replace(node, **{name: _moved(getattr(node, name), move) for name in node.__struct_fields__})
        case _:
            return node
