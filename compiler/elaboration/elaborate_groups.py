"""The groups of a network, gathered over every `for` that adds to them."""

from __future__ import annotations

from msgspec import Struct, field

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.context import Context
from dync.compiler.elaboration.layer_table import LayerTable
from dync.compiler.elaboration.scope import Scope
from dync.compiler.model import GroupModel, LayerModel
from dync.grammar import syntax
from dync.grammar.source import Span


class _Gathered(Struct):
    name: syntax.Name
    item: syntax.Group
    layers: dict[str, Span] = field(default_factory=dict)


class Groups(Struct):
    """The groups found so far; a group's layers keep the place where each was put in first."""

    table: LayerTable
    context: Context
    top: tuple[syntax.NetworkItem, ...]
    _found: dict[str, _Gathered] = field(default_factory=dict)

    def add(self, group: syntax.Group, scope: Scope) -> None:
        """Put layers into a group. Two groups of one name are a mistake unless a `for` makes or extends them."""
        text, span = group.name.text, group.name.span
        gathered = self._found.setdefault(text, _Gathered(group.name, group))
        outside = [any(item is g for item in self.top) for g in (gathered.item, group)]
        if gathered.item is not group and all(outside):
            self.context.mistakes.add(wrong.names.Duplicate(span, text, "group", gathered.name.span))
        if text in self.table.entries:
            self.context.mistakes.add(wrong.names.Duplicate(span, text, "group", self.table.entries[text].name.span))
        for reference in group.members:
            layers = self.table.all(reference, scope)
            if not self.context.budget.take(len(layers), f"the group `{text}`", reference.span):
                return
            for layer in layers:
                gathered.layers.setdefault(layer.name, reference.span)

    @property
    def names(self) -> dict[str, syntax.Name]:
        """Where each group is declared first."""
        return {text: gathered.name for text, gathered in self._found.items()}

    def places(self, name: str) -> dict[str, Span]:
        """The layers of a group, each with the place where it was put in."""
        return self._found[name].layers

    def layers(self) -> dict[str, tuple[LayerModel, ...]]:
        """The layers of each group."""
        known = {layer.name: layer for layer in self.table.layers}
        return {text: tuple(known[name] for name in g.layers) for text, g in self._found.items()}

    def models(self) -> tuple[GroupModel, ...]:
        """All of them, in the order of declaration."""
        return tuple(GroupModel(text, tuple(g.layers), g.item.span) for text, g in self._found.items())
