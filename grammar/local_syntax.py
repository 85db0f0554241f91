"""The nodes of rules and activations; `syntax.py` is where they are seen from."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from dync.grammar.source import Span
from dync.grammar.terms import Expression, Name, Text


class Let(Struct, frozen=True):
    """`let NAME = EXPR`: a name for a part of a formula."""

    name: Name
    value: Expression
    span: Span


class Trace(Struct, frozen=True):
    """`trace NAME = EXPR`: state of a unit, which starts at zero and becomes EXPR in every step; EXPR may read it."""

    name: Name
    value: Expression
    span: Span


LocalDefinition = Let | Trace
"""What may stand before the formula of a rule or an activation."""


class Parameter(Struct, frozen=True):
    """`NAME = DEFAULT`, or `NAME` alone: what has to be given at each use."""

    name: Name
    default: Expression | None
    span: Span


class Rule(Struct, frozen=True):
    """`rule NAME(parameters) { definitions  update EXPR }`."""

    name: Name
    parameters: tuple[Parameter, ...]
    definitions: tuple[LocalDefinition, ...]
    update: Expression
    span: Span


class Activation(Struct, frozen=True):
    """`activation NAME(parameters) { definitions  next EXPR  [sends EXPR]  [surrogate EXPR] }`."""

    name: Name
    parameters: tuple[Parameter, ...]
    definitions: tuple[LocalDefinition, ...]
    next: Expression
    span: Span
    sends: Expression | None = None
    surrogate: Expression | None = None


class Foreign(Struct, frozen=True):
    """`rule NAME(parameters) python "module:name"`, and the same of an activation or a kind of edges."""

    what: Literal["rule", "activation", "kind"]
    name: Name
    parameters: tuple[Parameter, ...]
    place: Text
    span: Span
