"""A network as it is drawn: its layers, what is written of it so far, and drawing as the other modules need it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st

from dync.testing.local_rules import decimals


@dataclass(frozen=True)
class DrawnLayer:
    """A layer by its full name."""

    name: str
    role: str
    units: int
    activation: str
    started: bool = False

    @property
    def whole(self) -> str:
        """The name of its array, or its own."""
        return self.name.partition("[")[0]


@dataclass
class Draft:
    """A network as it grows. `declarations` stand before it, `statements` in it."""

    draw: st.DrawFn
    stochastic: bool
    declarations: list[str] = field(default_factory=list)
    own_rules: list[str] = field(default_factory=list)
    own_activations: list[str] = field(default_factory=list)
    layers: list[DrawnLayer] = field(default_factory=list)
    arrays: dict[str, int] = field(default_factory=dict)
    statements: list[str] = field(default_factory=list)
    pairs: dict[tuple[str, str], bool] = field(default_factory=dict)
    """The pairs that are joined, and whether by labelled edges, beside which there can be others."""
    train: tuple[str, ...] = ()

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

    def number(self, low: float, high: float) -> float:
        """A number of three decimals, both ends included."""
        return self.draw(decimals(low, high))
