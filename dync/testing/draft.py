"""A network as it is drawn: its layers, what is written of it so far, and drawing as the other modules need it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Literal

from hypothesis import strategies as st

from dync.testing.local_rules import decimals
from dync.testing.wanted import Wanted

Shape = tuple[int, ...]

Port = Literal["input", "output", "inside"]
"""What a layer of a network within another one is to edges from outside: they lead into inputs and out of outputs."""


@dataclass(frozen=True)
class DrawnLayer:
    """A layer by its full name, `m[2].h` where it is in a network within this one."""

    name: str
    role: str
    shape: Shape
    activation: str
    started: bool = False
    fields: tuple[str, ...] = ()
    """The fields with names that its activation reads."""
    port: Port | None = None
    over_time: bool = False

    @property
    def units(self) -> int:
        """How many units it has."""
        return prod(self.shape)

    @property
    def whole(self) -> str:
        """The name of its array or of the network that it is in, or its own."""
        return self.name.partition(".")[0].partition("[")[0]

    @property
    def place(self) -> str:
        """The name of the network that it is in, `m[2]`."""
        return self.name.rpartition(".")[0]

    @property
    def hears(self) -> bool:
        """Whether edges from here lead into it."""
        return self.role in ("layer", "output") and self.port in (None, "input")

    @property
    def speaks(self) -> bool:
        """Whether edges from here come out of it."""
        return self.port in (None, "output")


@dataclass(frozen=True)
class Part:
    """A network that can stand within others. `completes`: also as an edge, for it answers one input with one output.

    `protocol` is the name of a further protocol of it.
    """

    name: str
    layers: tuple[DrawnLayer, ...]
    completes: bool
    stochastic: bool
    protocol: str | None

    def ends(self, role: str) -> tuple[DrawnLayer, ...]:
        """Its inputs or its outputs."""
        return tuple(layer for layer in self.layers if layer.role == role)

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """Those of its inputs, then those of its outputs."""
        return tuple(layer.shape for role in ("input", "output") for layer in self.ends(role))


@dataclass(frozen=True)
class Row:
    """An array, along which edges lead: how many there are, and which layer of the first one sends and hears."""

    name: str
    count: int
    sender: DrawnLayer
    receiver: DrawnLayer

    @property
    def ends(self) -> tuple[DrawnLayer, DrawnLayer]:
        """Both of them."""
        return self.sender, self.receiver

    def end(self, layer: DrawnLayer, number: int | str) -> str:
        """That layer of another one."""
        return layer.name.replace("[1]", f"[{number}]", 1)


@dataclass(frozen=True)
class Owner:
    """A labelled edge whose weights others can use: the shapes at its ends, and whether it learns."""

    label: str
    kind: str
    sender: Shape
    receiver: Shape
    learns: bool

    def fits(self, sender: DrawnLayer, receiver: DrawnLayer, turned: bool) -> bool:
        """Whether an edge between these layers can use the weights, or with `turned` use them the other way round."""
        own = (receiver.shape, sender.shape) if turned else (sender.shape, receiver.shape)
        return own == (self.sender, self.receiver)


@dataclass
class Draft:
    """A network as it grows. `declarations` stand before it, `statements` in it. `fill` draws all that is in it."""

    draw: st.DrawFn
    wanted: Wanted
    fill: Callable[[Draft], None]
    name: str = "Case"
    declarations: list[str] = field(default_factory=list)
    own_rules: list[str] = field(default_factory=list)
    modulated: set[str] = field(default_factory=set)
    """Those of its own rules that take a measure."""
    momentary: set[str] = field(default_factory=set)
    """Those that read the ends of phases."""
    own_activations: list[str] = field(default_factory=list)
    fields: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The fields with names that rules and activations of its own read."""
    parts: list[Part] = field(default_factory=list)
    """The networks that can stand within it."""
    around: Draft | None = None
    """The network for which it is drawn as a part."""
    completes: bool = False
    """Whether it is drawn to run to completion."""
    usual: Shape = ()
    """The shape that most of its layers have."""
    ends: tuple[Shape, Shape] | None = None
    """The shapes of its one input and its one output, where others decide them."""
    layers: list[DrawnLayer] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)
    pairs: dict[tuple[str, str], bool] = field(default_factory=dict)
    """The pairs that are joined, and whether by labelled edges, beside which there can be others."""
    owners: list[Owner] = field(default_factory=list)
    """The labelled edges whose weights others can use."""
    series: bool = False
    """Whether it goes over time."""
    once: str | None = None
    """The phase that then runs once, where a sequence begins."""
    train: tuple[str, ...] = ()
    infer: tuple[str, ...] = ()
    origins: dict[str, str] = field(default_factory=dict)
    """The phases that start from the end of another."""
    named: str | None = None
    """A further protocol."""
    protocol: str | None = None
    """The one to go by."""

    @property
    def text(self) -> str:
        """The file."""
        return "\n".join([*self.declarations, self.body, ""])

    @property
    def body(self) -> str:
        """The declaration of the network itself."""
        return "\n".join([f"network {self.name} {{", *(f"  {s}" for s in self.statements), "}"])

    @property
    def depth(self) -> int:
        """How many networks are around it."""
        return 0 if self.around is None else self.around.depth + 1

    def names(self, *roles: str) -> list[str]:
        """Names of the layers of these roles, in the order of declaration."""
        return [layer.name for layer in self.layers if layer.role in roles]

    def movable(self) -> list[str]:
        """Names of all layers but constants, one by one or by whole arrays."""
        layers = [layer for layer in self.layers if layer.role != "constant"]
        return list(dict.fromkeys(layer.whole for layer in layers)) if self.chance() else [x.name for x in layers]

    def chance(self) -> bool:
        """Yes or no; the simpler case is no."""
        return self.draw(st.booleans())

    def one_of(self, values: Sequence[str]) -> str:
        """One of the values; the first is the simplest."""
        return self.draw(st.sampled_from(values))

    def some_of(self, values: Sequence[str]) -> str:
        """A list of one to three of the names."""
        return ", ".join(self.draw(st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True)))

    def count(self, most_often: int, between: tuple[int, int]) -> int:
        """How many there are: one number in a range, the first one named more often than others."""
        low, high = between
        usual = min(max(most_often, low), high)
        return self.draw(st.sampled_from([usual, usual, *(n for n in range(high, low - 1, -1) if n != usual)]))

    def number(self, low: float, high: float) -> float:
        """A number of three decimals, both ends included."""
        return self.draw(decimals(low, high))


def fields_read(declaration: str) -> tuple[str, ...]:
    """The fields with names that a rule or an activation reads."""
    return tuple(sorted(set(re.findall(r"\bfield\.(\w+)", declaration))))
