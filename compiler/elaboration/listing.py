"""A syntax tree as text: a node or a word a line, indented by depth, with the line and column where it begins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dync.grammar import syntax
from dync.grammar.source import Source, Span


def listing(file: syntax.File) -> str:
    """All the declarations of a file."""
    return "".join(f"{line}\n" for node in file.declarations for line in _lines("", node, 0))


def _lines(label: str, node: Any, depth: int) -> Iterator[str]:
    """A node and what it holds; what is absent is left out."""
    start = "  " * depth + (f"{label}: " if label else "")
    match node:
        case None | ():
            return
        case tuple():
            yield f"{start.rstrip(' :')}:"
            for part in node:
                yield from _lines("", part, depth + 1)
        case syntax.Name(text, span):
            yield f"{start}{text}  {_place(span)}"
        case syntax.Number(value, span) | syntax.Text(value, span):
            yield f"{start}{value!r}  {_place(span)}"
        case str():
            yield f"{start}{node}"
        case _:
            yield f"{start}{type(node).__name__}  {_place(node.span)}"
            for name in node.__struct_fields__:
                value = getattr(node, name)
                if not isinstance(value, Span | Source):
                    yield from _lines(name, value, depth + 1)


def _place(span: Span) -> str:
    line, column = span.source.position(span.start)
    return f"@{line}:{column}"
