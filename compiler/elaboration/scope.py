"""The names that constant expressions can read: the parameters of a network and the variables of `for`."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from dync.grammar.source import Span

Amount = int | float
"""A number that the compiler knows: `int` where it is whole by construction."""


class Binding(Struct, frozen=True):
    """A name's value, None where finding it was a mistake that is reported already; and where it was declared."""

    value: Amount | None
    span: Span


class Scope(Struct, frozen=True):
    """Names and their values: its own, and those of the scope around it.

    `later` are parameters declared further down; `read` gathers the names that were read, here and within.
    """

    own: dict[str, Binding] = field(default_factory=dict)
    outer: Scope | None = None
    later: dict[str, Span] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)

    def declare(self, name: str, value: Amount | None, span: Span) -> None:
        """Add a parameter to this scope itself."""
        self.own[name] = Binding(value, span)
        self.later.pop(name, None)

    def within(self, name: str, value: Amount | None, span: Span) -> Scope:
        """A scope within this one, where `name` has this value."""
        return Scope({name: Binding(value, span)}, self, self.later, self.read)

    def find(self, name: str) -> Binding | None:
        """What a name means."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.own:
                return scope.own[name]
            scope = scope.outer
        return None

    def get(self, name: str) -> Binding | None:
        """What a name means, noting that it was read."""
        self.read.add(name)
        return self.find(name)

    def names(self) -> Iterator[tuple[str, Binding]]:
        """Every name with what it means; outer ones first."""
        if self.outer is not None:
            yield from self.outer.names()
        yield from self.own.items()
