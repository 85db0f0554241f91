"""Syntax nodes of properties: what is drawn, and what is required of the networks that come out."""

from __future__ import annotations

from dataclasses import dataclass

from dync.grammar.source import Span
from dync.grammar.terms import Choices, Expression, Name, Range


@dataclass(frozen=True)
class Draw:
    """`NAME in LOW..HIGH`, `NAME in { a, b }`: a parameter that is drawn; without `in`, from its own range."""

    name: Name
    domain: Range | Choices | None
    span: Span


@dataclass(frozen=True)
class Require:
    """`require EXPR`."""

    condition: Expression
    span: Span


@dataclass(frozen=True)
class ForEach:
    """`for NAME in a..b { requirements }`."""

    variable: Name
    range: Range
    body: tuple[PropertyItem, ...]
    span: Span


PropertyItem = Require | ForEach


@dataclass(frozen=True)
class Property:
    """`property NAME(draws) on NETWORK { requirements }`."""

    name: Name
    draws: tuple[Draw, ...]
    network: Name
    items: tuple[PropertyItem, ...]
    span: Span
