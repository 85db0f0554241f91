"""The nodes of rules and activations; `syntax.py` is where they are seen from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dync.grammar.source import Span
from dync.grammar.terms import Expression, Name, Text


@dataclass(frozen=True)
class Let:
    """`let NAME = EXPR`: a name for a part of a formula."""

    name: Name
    value: Expression
    span: Span


@dataclass(frozen=True)
class Trace:
    """`trace NAME = EXPR`: state of a unit, which starts at zero and becomes EXPR in every step; EXPR may read it."""

    name: Name
    value: Expression
    span: Span


LocalDefinition = Let | Trace
"""What may stand before the formula of a rule or an activation."""


@dataclass(frozen=True)
class Parameter:
    """`NAME = DEFAULT`, or `NAME` alone: what has to be given at each use."""

    name: Name
    default: Expression | None
    span: Span


@dataclass(frozen=True)
class Rule:
    """`rule NAME(parameters) { definitions  update EXPR }`."""

    name: Name
    parameters: tuple[Parameter, ...]
    definitions: tuple[LocalDefinition, ...]
    update: Expression
    span: Span


@dataclass(frozen=True)
class Activation:
    """`activation NAME(parameters) { definitions  next EXPR  [sends EXPR]  [surrogate EXPR] }`."""

    name: Name
    parameters: tuple[Parameter, ...]
    definitions: tuple[LocalDefinition, ...]
    next: Expression
    span: Span
    sends: Expression | None = None
    surrogate: Expression | None = None


@dataclass(frozen=True)
class Foreign:
    """`rule NAME(parameters) python "module:name"`, and the same of an activation or a kind of edges."""

    what: Literal["rule", "activation", "kind"]
    name: Name
    parameters: tuple[Parameter, ...]
    place: Text
    span: Span
