"""A network as it is drawn: its layers, what is written of it so far, and drawing as the other modules need it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod

from hypothesis import strategies as st

from dync.testing.local_rules import decimals
from dync.testing.wanted import Wanted


@dataclass(frozen=True)
class DrawnLayer:
    """A layer by its full name."""

    name: str
    role: str
    shape: tuple[int, ...]
    activation: str
    started: bool = False
    fields: tuple[str, ...] = ()
    """The fields with names that its activation reads."""

    @property
    def units(self) -> int:
        """How many units it has."""
        return prod(self.shape)

    @property
    def whole(self) -> str:
        """The name of its array, or its own."""
        return self.name.partition("[")[0]


@dataclass(frozen=True)
class Owner:
    """A labelled edge whose weights others can use: the shapes at its ends, and whether it learns."""

    label: str
    kind: str
    sender: tuple[int, ...]
    receiver: tuple[int, ...]
    learns: bool

    def fits(self, sender: DrawnLayer, receiver: DrawnLayer, turned: bool) -> bool:
        """Whether an edge between these layers can use the weights, or with `turned` use them the other way round."""
        own = (receiver.shape, sender.shape) if turned else (sender.shape, receiver.shape)
        return own == (self.sender, self.receiver)


@dataclass
class Draft:
    """A network as it grows. `declarations` stand before it, `statements` in it."""

    draw: st.DrawFn
    wanted: Wanted
    declarations: list[str] = field(default_factory=list)
    own_rules: list[str] = field(default_factory=list)
    own_activations: list[str] = field(default_factory=list)
    fields: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The fields with names that rules and activations of its own read."""
    layers: list[DrawnLayer] = field(default_factory=list)
    arrays: dict[str, int] = field(default_factory=dict)
    statements: list[str] = field(default_factory=list)
    pairs: dict[tuple[str, str], bool] = field(default_factory=dict)
    """The pairs that are joined, and whether by labelled edges, beside which there can be others."""
    owners: list[Owner] = field(default_factory=list)
    """The labelled edges whose weights others can use."""
    train: tuple[str, ...] = ()
    infer: tuple[str, ...] = ()
    origins: dict[str, str] = field(default_factory=dict)
    """The phases that start from the end of another."""
    protocol: str | None = None

    @property
    def text(self) -> str:
        """The file."""
        return "\n".join([*self.declarations, "network Case {", *(f"  {s}" for s in self.statements), "}", ""])

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
