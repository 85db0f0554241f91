"""The resolved model of one network: parameters bound, arrays and `for` unrolled, every name found.

Layers go by their full names (`h[3]`). Every part keeps the span of what declared it, so that later checks can point
at it; edges that a `for` repeats share one span.
"""

from __future__ import annotations

from dataclasses import dataclass

from dync.compiler.expression import Expression
from dync.compiler.plan import Kind, MessageFilter, Role, ScheduleKind, TermPlan
from dync.grammar.source import Span


@dataclass(frozen=True)
class ActivationDefinition:
    """An `activation`, names resolved, `let`s inlined; `parameters` are the defaults, `slope` is d next / d field."""

    name: str
    parameters: dict[str, float]
    next: Expression
    slope: Expression
    span: Span


@dataclass(frozen=True)
class RuleDefinition:
    """A `rule`, names resolved and `let`s inlined, separated where that is possible (else `terms` is None).

    `obstacle` is then the part of the text that cannot be separated. `moments` are the phases named with `@`, each with
    the place where it is named first.
    """

    name: str
    parameters: dict[str, float]
    update: Expression
    terms: tuple[TermPlan, ...] | None
    obstacle: Span | None
    moments: dict[str, Span]
    span: Span


@dataclass(frozen=True)
class ActivationUse:
    """An activation with all its arguments filled in."""

    definition: ActivationDefinition
    arguments: dict[str, float]
    span: Span


@dataclass(frozen=True)
class RuleUse:
    """A rule with all its arguments filled in."""

    definition: RuleDefinition
    arguments: dict[str, float]
    span: Span


@dataclass(frozen=True)
class LayerModel:
    """A layer. `array` is the name of the array that it belongs to, `value` what a constant holds.

    `shape_of_data` says that the file leaves the shape to the data, `(*)`: until they are known it is empty.
    """

    name: str
    array: str | None
    role: Role
    shape: tuple[int, ...]
    activation: ActivationUse | None
    start: str | None
    value: float | None
    span: Span
    shape_of_data: bool = False


@dataclass(frozen=True)
class EdgeModel:
    """An edge. `diagonal` is None where the diagonal is like the rest; `strength` is the weight of `one_to_one`.

    `sends` reads `state` and the parameters in `sends_arguments`.
    """

    label: str | None
    sender: str
    receiver: str
    kind: Kind
    strength: float
    density: float
    diagonal: float | None
    sends: Expression
    sends_arguments: dict[str, float]
    rule: RuleUse | None
    rate: float
    decay: float
    span: Span


@dataclass(frozen=True)
class PhaseModel:
    """A phase; `within` is None for a fixed number of steps, which otherwise is the maximum."""

    name: str
    steps: int
    within: float | None
    messages: MessageFilter
    silent: tuple[str, ...]
    clamped: tuple[str, ...]
    span: Span


@dataclass(frozen=True)
class GroupModel:
    """A named set of layers."""

    name: str
    layers: tuple[str, ...]
    span: Span


@dataclass(frozen=True)
class ScheduleModel:
    """How the layers that move are ordered; `span` is None where the file does not say (`sequential`)."""

    kind: ScheduleKind
    groups: tuple[str, ...]
    span: Span | None


@dataclass(frozen=True)
class NetworkModel:
    """A network. `layers` stand in the order of declaration, arrays in the order of their index.

    `parameters` are the values that its `param`s have here. `train` and `infer` are None where the network has none.
    """

    name: str
    parameters: dict[str, float]
    layers: tuple[LayerModel, ...]
    edges: tuple[EdgeModel, ...]
    groups: tuple[GroupModel, ...]
    schedule: ScheduleModel
    phases: tuple[PhaseModel, ...]
    train: tuple[str, ...] | None
    infer: tuple[str, ...] | None
    rule_messages: MessageFilter
    span: Span
