"""The names that constant expressions can read: the parameters of a network and the variables of `for`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dync.grammar.source import Span

Amount = int | float
"""A number that the compiler knows: `int` where it is whole by construction."""


@dataclass(frozen=True)
class Binding:
    """A name's value, None where finding it was a mistake that is reported already; and where it was declared."""

    value: Amount | None
    span: Span


@dataclass(frozen=True)
class Scope:
    """Names and their values. `later` are parameters declared further down; `read` gathers the names that were read."""

    bindings: Mapping[str, Binding] = field(default_factory=dict)
    later: Mapping[str, Span] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)

    def bind(self, name: str, value: Amount | None, span: Span) -> Scope:
        """The scope within which `name` has this value. It shares the record of what was read."""
        later = {key: place for key, place in self.later.items() if key != name}
        return Scope({**self.bindings, name: Binding(value, span)}, later, self.read)

    def get(self, name: str) -> Binding | None:
        """What a name means, noting that it was read."""
        self.read.add(name)
        return self.bindings.get(name)
