"""Syntax nodes of how a network moves and learns in time: schedules, phases, protocols, sequences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dync.grammar.source import Span
from dync.grammar.terms import Expression, Name, Reference


@dataclass(frozen=True)
class Schedule:
    """`schedule sequential`, `schedule synchronous`, `schedule grouped(G1, G2)`; `kind` is as written."""

    kind: Name
    groups: tuple[Name, ...]
    span: Span


@dataclass(frozen=True)
class Steps:
    """`steps N [per sample]`; `per_sample` is the word `sample` at the place of `per sample`, or None."""

    count: Expression
    span: Span
    per_sample: Name | None = None


@dataclass(frozen=True)
class Settle:
    """`until settled [within EPS] max N [per sample]`."""

    within: Expression | None
    maximum: Expression
    span: Span
    per_sample: Name | None = None


@dataclass(frozen=True)
class Messages:
    """`messages all|forward|backward [except NAMES]`; `kind` is as written."""

    kind: Name
    silent: tuple[Reference, ...]
    span: Span


@dataclass(frozen=True)
class Clamp:
    """`clamp NAMES`, or `clamp NAMES by EXPR`, which pulls at the layers and does not hold them."""

    layers: tuple[Reference, ...]
    by: Expression | None
    span: Span


@dataclass(frozen=True)
class Beginning:
    """`from PHASE`."""

    phase: Name
    span: Span


PhaseItem = Steps | Settle | Messages | Clamp | Beginning


@dataclass(frozen=True)
class Phase:
    """`phase NAME { items }`."""

    name: Name
    items: tuple[PhaseItem, ...]
    span: Span


@dataclass(frozen=True)
class Protocol:
    """`train P1, P2` or `infer P1, P2`."""

    kind: Literal["train", "infer"]
    phases: tuple[Name, ...]
    span: Span


@dataclass(frozen=True)
class NamedProtocol:
    """`protocol NAME { train P1, P2  infer P1 }`."""

    name: Name
    items: tuple[Protocol, ...]
    span: Span


@dataclass(frozen=True)
class RuleMessages:
    """`rule_messages all|forward|backward`."""

    kind: Name
    span: Span


@dataclass(frozen=True)
class Skip:
    """`skip N`."""

    count: Expression
    span: Span


@dataclass(frozen=True)
class Between:
    """`between sequences carry|reset`; `kind` is as written."""

    kind: Name
    span: Span
