"""The layers of a network by name, arrays by name and index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.collector import Collector
from dync.compiler.elaboration.constant import integer
from dync.compiler.elaboration.scope import Scope
from dync.compiler.model import LayerModel, NetworkModel
from dync.grammar import syntax
from dync.grammar.source import Span


@dataclass(frozen=True)
class Entry:
    """A declaration of layers: one layer, or the members of an array from index `low` on.

    `members` is None where the range of the array was a mistake: what refers to it is then passed over in silence.
    """

    name: syntax.Name
    shape: Span
    low: int | None
    members: tuple[LayerModel, ...] | None


@dataclass
class LayerTable:
    """The entries in the order of declaration. The lists of all layers are for when every layer is declared."""

    mistakes: Collector
    entries: dict[str, Entry] = field(default_factory=dict)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names that a reference can begin with."""
        return tuple(self.entries)

    @cached_property
    def layers(self) -> tuple[LayerModel, ...]:
        """Every layer, in the order of declaration."""
        return tuple(layer for entry in self.entries.values() for layer in entry.members or ())

    @cached_property
    def ends(self) -> tuple[str, ...]:
        """The inputs and outputs."""
        return tuple(layer.name for layer in self.layers if layer.role in ("input", "output"))

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """The inputs."""
        return tuple(layer.name for layer in self.layers if layer.role == "input")

    def entry(self, layer: LayerModel) -> Entry:
        """The declaration of a layer."""
        return self.entries[layer.array or layer.name]

    def one(self, reference: syntax.Reference, scope: Scope) -> LayerModel | None:
        """The single layer that a reference names; None where that was a mistake."""
        entry = self._find(reference, scope)
        if entry is None or entry.members is None:
            return None
        if reference.index is not None:
            return self._member(entry, reference, scope)
        if entry.low is None:
            return entry.members[0]
        span, high = reference.span, entry.low + len(entry.members) - 1
        self.mistakes.add(wrong.names.IndexMissing(span, entry.name.text, entry.low, high, entry.name.span))
        return None

    def all(self, reference: syntax.Reference, scope: Scope) -> tuple[LayerModel, ...]:
        """The layers that a reference names where several may stand; none where that was a mistake."""
        entry = self._find(reference, scope)
        if entry is None or entry.members is None:
            return ()
        if reference.index is None:
            return entry.members
        member = self._member(entry, reference, scope)
        return () if member is None else (member,)

    def _find(self, reference: syntax.Reference, scope: Scope) -> Entry | None:
        entry = self.entries.get(reference.name.text)
        if entry is None:
            self.mistakes.add(wrong.names.UnknownLayer(reference.name.span, reference.name.text, self.names))
            if reference.index is not None:
                integer(reference.index, scope, self.mistakes, "an index")
        return entry

    def _member(self, entry: Entry, reference: syntax.Reference, scope: Scope) -> LayerModel | None:
        assert reference.index is not None
        members = entry.members or ()
        index = integer(reference.index, scope, self.mistakes, "an index")
        if entry.low is None:
            self.mistakes.add(wrong.names.NotAnArray(reference.span, entry.name.text, entry.name.span))
            return None
        if index is None:
            return None
        if not 0 <= index - entry.low < len(members):
            high = entry.low + len(members) - 1
            place = wrong.names.IndexOutOfRange(
                reference.span, entry.name.text, index, entry.low, high, entry.name.span
            )
            self.mistakes.add(place)
            return None
        return members[index - entry.low]


def layers_of(
    model: NetworkModel, references: Sequence[syntax.Reference], scope: Scope, mistakes: Collector
) -> tuple[str, ...]:
    """The layers of a model that references from outside of the network mean, each once."""
    table = table_of(model, mistakes)
    found = (layer.name for reference in references for layer in table.all(reference, scope))
    return tuple(dict.fromkeys(found))


def table_of(model: NetworkModel, mistakes: Collector) -> LayerTable:
    """The table of a model's layers."""
    members: dict[str, list[LayerModel]] = {}
    for layer in model.layers:
        members.setdefault(layer.array or layer.name, []).append(layer)
    return LayerTable(mistakes, {name: _entry_of(name, found) for name, found in members.items()})


def _entry_of(name: str, members: list[LayerModel]) -> Entry:
    first = members[0]
    low = int(first.name.removeprefix(f"{name}[").rstrip("]")) if first.array else None
    return Entry(syntax.Name(name, first.span), first.span, low, tuple(members))
