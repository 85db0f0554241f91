"""What trying a property at some values came to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from msgspec import Struct

from dync.compiler.model import NetworkModel
from dync.grammar import syntax
from dync.grammar.diagnostic import Diagnostic


class Holds(Struct, frozen=True):
    """Everything that is required is so."""


class Fails(Struct, frozen=True):
    """A requirement does not hold. `shown` is what its parts came to, `variables` those of the `for`s around it."""

    requirement: syntax.Require
    model: NetworkModel
    variables: Mapping[str, float]
    shown: str
    because: tuple[str, ...]


class NoNetwork(Struct, frozen=True):
    """There is no network at these values: `mistakes` say why."""

    mistakes: tuple[Diagnostic, ...]


class NoAnswer(Struct, frozen=True):
    """The question means nothing at these values, or the network cannot be run: `mistakes` say why."""

    model: NetworkModel
    mistakes: tuple[Diagnostic, ...]


Failure: TypeAlias = Fails | NoNetwork | NoAnswer
Outcome: TypeAlias = Holds | Failure
