"""The declarations of files by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from dync.compiler import mistakes as wrong
from dync.grammar import syntax
from dync.grammar.diagnostic import Diagnostic

Node = TypeVar("Node", syntax.Network, syntax.Pipeline, syntax.Property)


def declared_once(
    files: Sequence[syntax.File], node_type: type[Node]
) -> tuple[dict[str, Node], tuple[Diagnostic, ...]]:
    """The networks, the pipelines or the properties of files; of two that bear one name the first holds."""
    found: dict[str, Node] = {}
    mistakes: list[Diagnostic] = []
    for node in (node for file in files for node in file.declarations):
        if not isinstance(node, node_type):
            continue
        name = node.name.text
        if name in found:
            noun = node_type.__name__.lower()
            mistakes.append(wrong.names.Duplicate(node.name.span, name, noun, found[name].name.span))
        found.setdefault(name, node)
    return found, tuple(mistakes)
