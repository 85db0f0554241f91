"""What trying a property at some values came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from dync.compiler.model import NetworkModel
from dync.grammar import syntax
from dync.grammar.diagnostic import Diagnostic


@dataclass(frozen=True)
class Holds:
    """Everything that is required is so."""


@dataclass(frozen=True)
class Fails:
    """A requirement does not hold. `shown` is what its parts came to, `variables` those of the `for`s around it."""

    requirement: syntax.Require
    model: NetworkModel
    variables: Mapping[str, float]
    shown: str
    because: tuple[str, ...]


@dataclass(frozen=True)
class NoNetwork:
    """There is no network at these values: `mistakes` say why."""

    mistakes: tuple[Diagnostic, ...]


@dataclass(frozen=True)
class NoAnswer:
    """The question means nothing at these values, or the network cannot be run: `mistakes` say why."""

    model: NetworkModel
    mistakes: tuple[Diagnostic, ...]


Failure: TypeAlias = Fails | NoNetwork | NoAnswer
Outcome: TypeAlias = Holds | Failure
