"""`KEY=VALUE` as a text of its own, whose value is read by the grammar of `.dyn` files."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, Final

from dync.grammar import syntax
from dync.grammar.reader import read
from dync.grammar.source import Source, Span

LONGEST: Final = 10_000
"""How many characters a value may have."""


@dataclass(frozen=True)
class Fragment:
    """A key and a value as the user wrote them. Places in it are places in `--set`, the text `KEY=VALUE`."""

    key: str
    value: str

    @property
    def source(self) -> Source:
        """The text that mistakes point into."""
        return Source("--set", f"{self.key}={self.value}")

    @property
    def key_span(self) -> Span:
        """The place of the key."""
        return Span(self.source, 0, len(self.key))

    @property
    def value_span(self) -> Span:
        """The place of the value."""
        return Span(self.source, len(self.key) + 1, len(self.source.text))

    def setting(self, keyword: str) -> syntax.PipelineItem | None:
        """The value as what follows a keyword in a pipeline; None where it cannot stand there."""
        before = f"pipeline p training {{ {keyword} "
        if len(self.value) > LONGEST or "\n" in self.value:
            return None
        file, mistakes = read(Source("--set", f"{before}{self.value}\n}}\n"))
        match file.declarations:
            case (syntax.Pipeline(items=(item,)),) if not mistakes:
                shift = len(self.key) + 1 - len(before)
                moved: syntax.PipelineItem = _moved(item, self.source, shift)
                return moved
        return None

    def expression(self) -> syntax.Expression | None:
        """The value as an expression; None where it is none."""
        item = self.setting("seed")
        return item.value if isinstance(item, syntax.NumberSetting) else None


def _moved(node: Any, source: Source, shift: int) -> Any:
    """A syntax node whose places are moved into another source."""
    match node:
        case Span(_, start, end):
            return Span(source, max(start + shift, 0), max(end + shift, 0))
        case tuple():
            return tuple(_moved(part, source, shift) for part in node)
        case _ if is_dataclass(node) and not isinstance(node, type):
            return replace(node, **{f.name: _moved(getattr(node, f.name), source, shift) for f in fields(node)})
        case _:
            return node
