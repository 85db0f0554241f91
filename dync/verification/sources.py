"""What an update could depend on: a source for each thing that stands at some place of a network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

from dync.compiler.plan import Structure
from dync.runtime.beside import traces_of
from dync.runtime.cells import cells
from dync.runtime.history import delays
from dync.runtime.ports import ports
from dync.verification.cut import measures_of

Kind: TypeAlias = Literal["value", "field", "measure", "trace", "weights"]


@dataclass(frozen=True)
class Source:
    """What a layer holds, one of its fields, a measure, or a trace or the weights of an edge.

    `place` is the number of the layer, or the place of the edge in its `family`. `moment` is the phase at whose end it
    is, `""` the end of the protocol, `detail` the name of a field, measure or trace, also of one that the units of a
    layer hold beside their state; `late` is with which delay that is heard.
    """

    kind: Kind
    place: int
    moment: str = ""
    detail: str = ""
    family: int = -1
    late: int = 0


@dataclass(frozen=True)
class Sources:
    """All the sources of a network, each with a number."""

    structure: Structure
    moments: tuple[str, ...]

    @cached_property
    def all(self) -> tuple[Source, ...]:
        """In the order of their numbers."""
        return tuple(dict.fromkeys(self._all()))

    @cached_property
    def numbers(self) -> dict[Source, int]:
        """The numbers."""
        return {source: number for number, source in enumerate(self.all)}

    def _all(self) -> Iterator[Source]:
        for moment in self.moments:
            yield from (source for heard in sources_heard(self.structure, moment) for source in heard)
            for b, into in ports(self.structure):
                yield from (Source("field", n, moment, into) for n in self.structure.blocks[b].layers)
            yield from (Source("measure", -1, moment, name) for name in measures_of(self.structure))
        for f, family in enumerate(self.structure.families):
            for trace in (trace for side in traces_of(self.structure, family) for trace in side):
                yield from (Source("trace", e, detail=trace.name, family=f) for e in range(len(family.edges)))
            if not family.weightless:
                yield from (Source("weights", e, family=f) for e in range(len(family.edges)))

    def shown(self, source: Source) -> str:
        """In words: `the state of h[1] 2 steps before, at the end of free`."""
        when = f" at the end of {source.moment}" if source.moment else ""
        if source.kind == "measure":
            return f"the measure {source.detail}{when}"
        if source.kind in ("weights", "trace"):
            what = "the weights" if source.kind == "weights" else f"the trace {source.detail}"
            return f"{what} of {edge_name(self.structure, source.family, source.place)}"
        name = self.structure.layers[source.place].name
        if source.kind == "field":
            return f"the field {name}.{source.detail}{when}" if source.detail else f"the field of {name}{when}"
        late = f", {source.late} steps late" if source.late else ""
        return f"{f'the trace {source.detail}' if source.detail else 'the state'} of {name}{late}{when}"


def sources_heard(structure: Structure, moment: str) -> Iterator[tuple[Source, ...]]:
    """For each array of values that is heard, what its members are."""
    names = tuple(cells(structure))
    late = [*((cell, 0) for cell in range(len(names))), *delays(structure)]
    for cell, delay in late:
        b, trace = names[cell]
        yield tuple(Source("value", n, moment, trace, late=delay) for n in structure.blocks[b].layers)


def edge_name(structure: Structure, f: int, e: int) -> str:
    """`h[1] -> y`, of several edges between one pair `h[1] -> y (early)`."""
    edge = structure.families[f].edges[e]
    name = f"{structure.layers[edge.sender].name} -> {structure.layers[edge.receiver].name}"
    several = (edge.sender, edge.receiver) in structure.parallel and edge.label is not None
    return f"{name} ({edge.label})" if several else name


def users(structure: Structure, f: int) -> Iterator[tuple[int, int, int]]:
    """Each edge with a rule that uses weights of a family, its own and tied ones: the place of these weights, and the
    family and the place of the edge."""
    yield from ((e, f, e) for e in range(len(structure.families[f].edges)))
    for g, family in enumerate(structure.families):
        if family.owner == f and family.rule is not None:
            yield from ((edge.owner or 0, g, e) for e, edge in enumerate(family.edges))
