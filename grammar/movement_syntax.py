"""Syntax nodes of how a network moves and learns in time: schedules, phases, protocols, sequences."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from dync.grammar.source import Span
from dync.grammar.terms import Expression, Name, Reference


class Schedule(Struct, frozen=True):
    """`schedule sequential`, `schedule synchronous`, `schedule grouped(G1, G2)`; `kind` is as written."""

    kind: Name
    groups: tuple[Name, ...]
    span: Span


class Steps(Struct, frozen=True):
    """`steps N [per sample]`; `per_sample` is the word `sample` at the place of `per sample`, or None."""

    count: Expression
    span: Span
    per_sample: Name | None = None


class Settle(Struct, frozen=True):
    """`until settled [within EPS] max N [per sample]`."""

    within: Expression | None
    maximum: Expression
    span: Span
    per_sample: Name | None = None


class Messages(Struct, frozen=True):
    """`messages all|forward|backward [except NAMES]`; `kind` is as written."""

    kind: Name
    silent: tuple[Reference, ...]
    span: Span


class Clamp(Struct, frozen=True):
    """`clamp NAMES`, or `clamp NAMES by EXPR`, which pulls at the layers and does not hold them."""

    layers: tuple[Reference, ...]
    by: Expression | None
    span: Span


class Beginning(Struct, frozen=True):
    """`from PHASE`."""

    phase: Name
    span: Span


PhaseItem = Steps | Settle | Messages | Clamp | Beginning


class Phase(Struct, frozen=True):
    """`phase NAME { items }`."""

    name: Name
    items: tuple[PhaseItem, ...]
    span: Span


class Protocol(Struct, frozen=True):
    """`train P1, P2` or `infer P1, P2`."""

    kind: Literal["train", "infer"]
    phases: tuple[Name, ...]
    span: Span


class NamedProtocol(Struct, frozen=True):
    """`protocol NAME { train P1, P2  infer P1 }`."""

    name: Name
    items: tuple[Protocol, ...]
    span: Span


class RuleMessages(Struct, frozen=True):
    """`rule_messages all|forward|backward`."""

    kind: Name
    span: Span


class Skip(Struct, frozen=True):
    """`skip N`."""

    count: Expression
    span: Span


class Between(Struct, frozen=True):
    """`between sequences carry|reset`; `kind` is as written."""

    kind: Name
    span: Span
