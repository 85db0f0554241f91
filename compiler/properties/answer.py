"""What a predicate answers, and who answers those that have to run the network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from dync.compiler.model import NetworkModel
from dync.compiler.plan import MessageFilter


class Answer(Struct, frozen=True):
    """A number or a truth value, and where it helps a sentence about how it came about."""

    value: int | float | bool
    because: str = ""


class Dynamics(Protocol):
    """Runs networks. Both methods raise DiagnosticError where the network cannot be run."""

    def settles(self, model: NetworkModel, phase: str, within: int, messages: MessageFilter | None) -> Answer:
        """Whether a phase comes to rest in so many steps."""
        ...

    def bounded(self, model: NetworkModel, layers: Sequence[str], by: float, messages: MessageFilter | None) -> Answer:
        """Whether no unit of the layers ever goes beyond a value, in either direction."""
        ...
