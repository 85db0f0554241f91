"""Labels: the name of an edge, `down`, or with an index that of one of several, `down[3]`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final, NamedTuple

from msgspec import Struct, field

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.collector import Collector
from dync.compiler.elaboration.constant import integer
from dync.compiler.elaboration.layer_table import LayerTable
from dync.compiler.elaboration.scope import Scope
from dync.grammar import syntax
from dync.grammar.source import Span

_ONE: Final = "another edge"
_SEVERAL: Final = "several edges"
_DRAWN: Final = "the edges of a `wire`"


class _Owner(NamedTuple):
    """What bears a name, and where the name was given first."""

    sort: str
    place: Span


class Labels(Struct):
    """The labels given so far: who bears each name, and the places of those with an index."""

    table: LayerTable
    mistakes: Collector
    _owners: dict[str, _Owner] = field(default_factory=dict)
    _indexed: dict[str, Span] = field(default_factory=dict)
    _drawn: Counter[str] = field(default_factory=Counter)

    def of_edge(self, label: syntax.Reference, scope: Scope) -> str:
        """The full label of an edge, with the number that its index is; as it is written where that is a mistake."""
        name, place = label.name.text, label.span
        if label.index is None:
            self._claim(name, _ONE, place)
            return name
        index = integer(label.index, scope, self.mistakes, "an index")
        if index is None:
            return place.text
        full = f"{name}[{index}]"
        if not self._claim(name, _SEVERAL, place):
            return full
        if full in self._indexed:
            self.mistakes.add(wrong.names.LabelTaken(place, full, _ONE, self._indexed[full]))
        self._indexed.setdefault(full, place)
        return full

    def of_wire(self, label: syntax.Name) -> str:
        """The label of the next edge that a `wire` draws: they are counted from 1, on through every `for`."""
        self._claim(label.text, _DRAWN, label.span)
        self._drawn[label.text] += 1
        return f"{label.text}[{self._drawn[label.text]}]"

    def check_against(self, groups: Mapping[str, syntax.Name]) -> None:
        """No group has the name of an edge."""
        for name, owner in self._owners.items():
            if name in groups:
                self.mistakes.add(wrong.names.LabelTaken(owner.place, name, "a group", groups[name].span))

    def _claim(self, name: str, sort: str, place: Span) -> bool:
        """Take a name for an edge or several; it is that of no layer, and of no others. Groups are looked at later."""
        owner = self._owners.get(name)
        if name in self.table.entries:
            owner = _Owner("a layer", self.table.entries[name].name.span)
        elif owner is None:
            owner = self._owners[name] = _Owner(sort, place)
            return True
        elif owner.sort == sort and (sort == _SEVERAL or (sort == _DRAWN and owner.place == place)):
            return True
        self.mistakes.add(wrong.names.LabelTaken(place, name, owner.sort, owner.place))
        return False
