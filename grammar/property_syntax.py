"""Syntax nodes of properties: what is drawn, and what is required of the networks that come out."""

from __future__ import annotations

from msgspec import Struct

from dync.grammar.source import Span
from dync.grammar.terms import Choices, Expression, Name, Range


class Draw(Struct, frozen=True):
    """`NAME in LOW..HIGH`, `NAME in { a, b }`: a parameter that is drawn; without `in`, from its own range."""

    name: Name
    domain: Range | Choices | None
    span: Span


class Require(Struct, frozen=True):
    """`require EXPR`."""

    condition: Expression
    span: Span


class ForEach(Struct, frozen=True):
    """`for NAME in a..b { requirements }`."""

    variable: Name
    range: Range
    body: tuple[PropertyItem, ...]
    span: Span


PropertyItem = Require | ForEach


class Property(Struct, frozen=True):
    """`property NAME(draws) on NETWORK { requirements }`."""

    name: Name
    draws: tuple[Draw, ...]
    network: Name
    items: tuple[PropertyItem, ...]
    span: Span
