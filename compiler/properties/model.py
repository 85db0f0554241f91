"""A property whose names are found: what to draw, and what to require of which network."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from dync.compiler.elaboration.scope import Amount
from dync.grammar import syntax
from dync.grammar.source import Span


class Interval(Struct, frozen=True):
    """Numbers from `low` to `high`, both included; whole ones alone where both ends were written as such."""

    low: Amount
    high: Amount

    @property
    def whole(self) -> bool:
        """Whether only whole numbers are drawn."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    @property
    def corners(self) -> tuple[Amount, Amount]:
        """Its ends."""
        return self.low, self.high


class Choice(Struct, frozen=True):
    """One of some values."""

    values: tuple[Amount, ...]

    @property
    def corners(self) -> tuple[Amount, Amount]:
        """The first and the last one."""
        return self.values[0], self.values[-1]


Domain: TypeAlias = Interval | Choice


class DrawModel(Struct, frozen=True):
    """A parameter that is drawn, and from what."""

    name: str
    domain: Domain
    span: Span


class PropertyModel(Struct, frozen=True):
    """A property without mistakes, and the groups that it names. `dynamic` ones run the network."""

    name: str
    network: syntax.Network
    draws: tuple[DrawModel, ...]
    items: tuple[syntax.PropertyItem, ...]
    groups: frozenset[str]
    dynamic: bool
    span: Span
