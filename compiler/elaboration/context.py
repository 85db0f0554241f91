"""What every part of the elaboration shares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct, field

from dync.compiler.elaboration.budget import Budget
from dync.compiler.elaboration.collector import Collector
from dync.compiler.library import Library
from dync.compiler.model import NetworkModel
from dync.grammar import syntax
from dync.grammar.source import Span


class Nested(Protocol):
    """What elaborates a network within another one."""

    def __call__(
        self,
        network: syntax.Network,
        arguments: Mapping[str, float],
        places: Mapping[str, Span],
        protocol: str | None,
        around: Context,
    ) -> NetworkModel | None:
        """Its model with these arguments, which stand at these places; None where there was a mistake."""
        ...


class Context(Struct, frozen=True):
    """The rules and activations that can be used, where mistakes go, and how much work is left.

    `shapes` are those of inputs and outputs that leave theirs to the data, as far as they are known. `around` are the
    networks around the present one, outermost first and itself included, each with the place of its name; `nested`
    elaborates one within it, and is None where no network can stand. `measures` are those that rules can take, by name.
    """

    library: Library
    mistakes: Collector
    budget: Budget
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    around: tuple[tuple[str, Span], ...] = ()
    nested: Nested | None = None
    measures: tuple[str, ...] = ()
