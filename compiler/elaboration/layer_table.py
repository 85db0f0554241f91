"""The layers of a network by name, arrays by name and index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.collector import Collector
from dync.compiler.elaboration.constant import integer
from dync.compiler.elaboration.inner_layers import Inner, root_of
from dync.compiler.elaboration.scope import Scope
from dync.compiler.model import LayerModel, NetworkModel
from dync.grammar import syntax
from dync.grammar.source import Span

if TYPE_CHECKING:
    from dync.compiler.mistakes.nested import End

_ENDS: Final[tuple[End, End]] = ("input", "output")


class Arrival(NamedTuple):
    """Where an edge leads: a layer, and the field of it where that has a name."""

    receiver: LayerModel
    into: syntax.Name | None = None


class Node(Struct, frozen=True):
    """A layer as a node of a graph: where edges into it lead and from where those out of it come."""

    name: str
    arrival: Arrival
    sender: LayerModel


class Entry(Struct, frozen=True):
    """A declaration of layers: one layer, or the members of an array from index `low` on.

    `members` is None where the range of the array was a mistake: what refers to it is then passed over in silence.
    Where the layers are networks, `inner` are these, and `members` all that is in them.
    """

    name: syntax.Name
    shape: Span
    low: int | None
    members: tuple[LayerModel, ...] | None
    inner: tuple[Inner, ...] = ()


class LayerTable(Struct, dict=True):
    """The entries in the order of declaration. The lists of all layers are for when every layer is declared.

    `groups` are known once all of them are gathered; `grouped` are those that a list has named since.
    """

    mistakes: Collector
    entries: dict[str, Entry] = field(default_factory=dict)
    groups: Mapping[str, tuple[LayerModel, ...]] = field(default_factory=dict)
    grouped: set[str] = field(default_factory=set)

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

    @cached_property
    def inner(self) -> tuple[Inner, ...]:
        """The networks in the place of layers."""
        return tuple(inner for entry in self.entries.values() for inner in entry.inner)

    def entry(self, layer: LayerModel) -> Entry:
        """The declaration of a layer; of one in another network, the one there."""
        if "." in layer.name:
            return Entry(syntax.Name(layer.name, layer.span), layer.span, None, (layer,))
        return self.entries[root_of(layer)]

    def sender(self, reference: syntax.Reference, scope: Scope) -> LayerModel | None:
        """The layer from which an edge comes; None where that was a mistake."""
        return self._end("output", reference, scope)

    def receiver(self, reference: syntax.Reference, scope: Scope) -> LayerModel | None:
        """The layer into which an edge leads; None where that was a mistake."""
        return self._end("input", reference, scope)

    def nodes(self, reference: syntax.Reference, scope: Scope) -> tuple[Node, ...]:
        """What a reference names where layers are joined: a network, with all that is in it, is one."""
        reference, into = self.with_field(reference, scope)
        entry = self.entries.get(reference.name.text)
        if entry is None or not entry.inner or reference.parts:
            return tuple(Node(layer.name, Arrival(layer, into), layer) for layer in self.all(reference, scope))
        found = []
        for inner in self._inner(entry, reference, scope, plural=True):
            ends = [inner.port(end, "", reference.span, self.mistakes) for end in _ENDS]
            if ends[0] is not None and ends[1] is not None:
                found.append(Node(inner.model.name, Arrival(ends[0]), ends[1]))
        return tuple(found)

    def with_field(self, reference: syntax.Reference, scope: Scope) -> tuple[syntax.Reference, syntax.Name | None]:
        """A receiver, and its field where the last part names one, `v.apical`, and no layer of a network within."""
        if not reference.parts or reference.parts[-1].index is not None:
            return reference, None
        *parts, last = reference.parts
        source, start = reference.span.source, reference.span.start
        end = len(source.text[: last.span.start].rstrip())
        bare = replace(reference, span=Span(source, start, end), parts=tuple(parts))
        entry = self.entries.get(reference.name.text)
        if entry is not None and entry.inner:
            before = self._parts(bare, scope)
            if not before or entry.inner[0].has(f"{before}.{last.name.text}"):
                return reference, None
        return bare, last.name

    def one(self, reference: syntax.Reference, scope: Scope) -> LayerModel | None:
        """The single layer that a reference names; None where that was a mistake."""
        entry = self._find(reference, scope)
        if entry is None or entry.members is None:
            return None
        if entry.inner:
            return self._end("output", reference, scope)
        if reference.index is not None:
            return self._member(entry, reference, scope)
        if entry.low is None:
            return entry.members[0]
        span, high = reference.span, entry.low + len(entry.members) - 1
        self.mistakes.add(wrong.names.IndexMissing(span, entry.name.text, entry.low, high, entry.name.span))
        return None

    def all(self, reference: syntax.Reference, scope: Scope) -> tuple[LayerModel, ...]:
        """The layers that a reference names where several may stand; none where that was a mistake."""
        name = reference.name.text
        if name in self.groups and name not in self.entries and reference.index is None and not reference.parts:
            self.grouped.add(name)
            return self.groups[name]
        entry = self._find(reference, scope, tuple(self.groups))
        if entry is None or entry.members is None:
            return ()
        if entry.inner:
            chosen, parts = self._inner(entry, reference, scope, plural=True), self._parts(reference, scope)
            found = (inner.named(parts or "", reference.span, self.mistakes) for inner in chosen if parts is not None)
            return tuple(layer for layers in found for layer in layers)
        if reference.index is None:
            return entry.members
        member = self._member(entry, reference, scope)
        return () if member is None else (member,)

    def _end(self, end: End, reference: syntax.Reference, scope: Scope) -> LayerModel | None:
        """The layer at an end of an edge."""
        entry = self.entries.get(reference.name.text)
        if entry is None or not entry.inner:
            return self.one(reference, scope)
        parts = self._parts(reference, scope)
        chosen = self._inner(entry, reference, scope, plural=False)
        return chosen[0].port(end, parts, reference.span, self.mistakes) if chosen and parts is not None else None

    def _inner(self, entry: Entry, reference: syntax.Reference, scope: Scope, *, plural: bool) -> tuple[Inner, ...]:
        """The networks that the first part of a reference means; none where that was a mistake."""
        if reference.index is None and (plural or entry.low is None):
            return entry.inner
        if reference.index is None and entry.low is not None:
            name, high = entry.name, entry.low + len(entry.inner) - 1
            self.mistakes.add(wrong.names.IndexMissing(reference.span, name.text, entry.low, high, name.span))
            return ()
        place = self._place(entry, reference, len(entry.inner), scope)
        return () if place is None else (entry.inner[place],)

    def _parts(self, reference: syntax.Reference, scope: Scope) -> str | None:
        """What stands behind the first name, `.h[2]`, with its indices known; None where one was a mistake."""
        found = ""
        for part in reference.parts:
            found += f".{part.name.text}"
            if part.index is not None:
                index = integer(part.index, scope, self.mistakes, "an index")
                if index is None:
                    return None
                found += f"[{index}]"
        return found

    def _find(self, reference: syntax.Reference, scope: Scope, groups: tuple[str, ...] = ()) -> Entry | None:
        entry = self.entries.get(reference.name.text)
        if entry is None:
            known = self.names + groups
            self.mistakes.add(wrong.names.UnknownLayer(reference.name.span, reference.name.text, known))
            if reference.index is not None:
                integer(reference.index, scope, self.mistakes, "an index")
        elif reference.parts and not entry.inner and entry.members is not None:
            self.mistakes.add(wrong.nested.NoParts(reference.span, entry.name.text, entry.name.span))
            return None
        return entry

    def _member(self, entry: Entry, reference: syntax.Reference, scope: Scope) -> LayerModel | None:
        members = entry.members or ()
        place = self._place(entry, reference, len(members), scope)
        return None if place is None else members[place]

    def _place(self, entry: Entry, reference: syntax.Reference, count: int, scope: Scope) -> int | None:
        """The place among so many of the one that an index means; None where that was a mistake."""
        assert reference.index is not None
        index = integer(reference.index, scope, self.mistakes, "an index")
        if entry.low is None:
            self.mistakes.add(wrong.names.NotAnArray(reference.span, entry.name.text, entry.name.span))
            return None
        if index is None:
            return None
        if not 0 <= index - entry.low < count:
            high = entry.low + count - 1
            place = wrong.names.IndexOutOfRange(
                reference.span, entry.name.text, index, entry.low, high, entry.name.span
            )
            self.mistakes.add(place)
            return None
        return index - entry.low


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
        members.setdefault(root_of(layer), []).append(layer)
    inner: dict[str, list[Inner]] = {}
    by_name = {layer.name: layer for layer in model.layers}
    for one in model.inner:
        found = Inner(one, {name: by_name[name] for name in one.layers})
        inner.setdefault(one.name.partition("[")[0], []).append(found)
    entries = {name: _entry_of(name, layers, tuple(inner.get(name, ()))) for name, layers in members.items()}
    groups = {group.name: tuple(by_name[layer] for layer in group.layers) for group in model.groups}
    return LayerTable(mistakes, entries, groups)


def _entry_of(name: str, members: list[LayerModel], inner: tuple[Inner, ...]) -> Entry:
    first = members[0]
    if inner:
        span, index = inner[0].model.span, inner[0].model.name.removeprefix(name).strip("[]")
        return Entry(syntax.Name(name, span), span, int(index) if index else None, tuple(members), inner)
    low = int(first.name.removeprefix(f"{name}[").rstrip("]")) if first.array else None
    return Entry(syntax.Name(name, first.span), first.span, low, tuple(members))
