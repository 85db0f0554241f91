"""The syntax tree: frozen nodes that say what was written and where, nothing about what it means.

Every node ends with its `span`. Sequences are tuples, in the order of the text. The nodes that statements are made of
stand in `terms.py` and are seen from here too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dync.grammar.source import Source, Span
from dync.grammar.terms import (
    Application,
    Argument,
    Binary,
    Call,
    Choices,
    Expression,
    Indicator,
    Name,
    Number,
    Range,
    Reference,
    Text,
    Unary,
    Variable,
)

__all__ = [
    "Activation",
    "Application",
    "Argument",
    "Binary",
    "Binding",
    "Call",
    "CheckpointSetting",
    "Choices",
    "Clamp",
    "Constant",
    "Data",
    "DataSetting",
    "Declaration",
    "Edge",
    "EvaluateEvery",
    "EvaluateOn",
    "Expression",
    "File",
    "For",
    "Group",
    "Indicator",
    "Input",
    "Layer",
    "Let",
    "Messages",
    "Name",
    "Network",
    "NetworkItem",
    "NetworkSetting",
    "Number",
    "NumberSetting",
    "OptimizerSetting",
    "Output",
    "Param",
    "Phase",
    "PhaseItem",
    "Pipeline",
    "PipelineItem",
    "Protocol",
    "Range",
    "Reference",
    "Rule",
    "RuleMessages",
    "Schedule",
    "Settle",
    "Steps",
    "Text",
    "Unary",
    "Variable",
]

# --- what stands in a network ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Param:
    """`param NAME = EXPR [in LOW..HIGH | in { a, b }]`."""

    name: Name
    default: Expression
    domain: Range | Choices | None
    span: Span


@dataclass(frozen=True)
class Input:
    """`input NAME (shape)`."""

    name: Name
    shape: tuple[Expression, ...]
    span: Span


@dataclass(frozen=True)
class Layer:
    """`layer NAME[a..b] (shape) ACTIVATION [start INPUT]`; `members` is None for a single layer."""

    name: Name
    members: Range | None
    shape: tuple[Expression, ...]
    activation: Application
    start: Reference | None
    span: Span


@dataclass(frozen=True)
class Output:
    """`output NAME (shape) [ACTIVATION]`."""

    name: Name
    shape: tuple[Expression, ...]
    activation: Application | None
    span: Span


@dataclass(frozen=True)
class Constant:
    """`constant NAME (shape) = EXPR`."""

    name: Name
    shape: tuple[Expression, ...]
    value: Expression
    span: Span


@dataclass(frozen=True)
class Edge:
    """`edge [LABEL:] SENDER -> RECEIVER KIND [sends EXPR] [learn RULE [rate EXPR] [decay EXPR]]`."""

    label: Name | None
    sender: Reference
    receiver: Reference
    kind: Application
    sends: Expression | None
    rule: Application | None
    rate: Expression | None
    decay: Expression | None
    span: Span


@dataclass(frozen=True)
class For:
    """`for NAME in a..b { … }`."""

    variable: Name
    range: Range
    body: tuple[NetworkItem, ...]
    span: Span


@dataclass(frozen=True)
class Group:
    """`group NAME { layers }`."""

    name: Name
    members: tuple[Reference, ...]
    span: Span


@dataclass(frozen=True)
class Schedule:
    """`schedule sequential`, `schedule synchronous`, `schedule grouped(G1, G2)`; `kind` is as written."""

    kind: Name
    groups: tuple[Name, ...]
    span: Span


@dataclass(frozen=True)
class Steps:
    """`steps N`."""

    count: Expression
    span: Span


@dataclass(frozen=True)
class Settle:
    """`until settled [within EPS] max N`."""

    within: Expression | None
    maximum: Expression
    span: Span


@dataclass(frozen=True)
class Messages:
    """`messages all|forward|backward [except NAMES]`; `kind` is as written."""

    kind: Name
    silent: tuple[Reference, ...]
    span: Span


@dataclass(frozen=True)
class Clamp:
    """`clamp NAMES`."""

    layers: tuple[Reference, ...]
    span: Span


PhaseItem = Steps | Settle | Messages | Clamp


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
class RuleMessages:
    """`rule_messages all|forward|backward`."""

    kind: Name
    span: Span


NetworkItem = (
    Param | Input | Layer | Output | Constant | Edge | For | Group | Schedule | Phase | Protocol | RuleMessages
)


# --- declarations ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Network:
    """`network NAME { items }`."""

    name: Name
    items: tuple[NetworkItem, ...]
    span: Span


@dataclass(frozen=True)
class Let:
    """`let NAME = EXPR`."""

    name: Name
    value: Expression
    span: Span


@dataclass(frozen=True)
class Rule:
    """`rule NAME(parameters) { lets  update EXPR }`. Parameters are arguments with a name: `margin = 0`."""

    name: Name
    parameters: tuple[Argument, ...]
    lets: tuple[Let, ...]
    update: Expression
    span: Span


@dataclass(frozen=True)
class Activation:
    """`activation NAME(parameters) { lets  next EXPR }`."""

    name: Name
    parameters: tuple[Argument, ...]
    lets: tuple[Let, ...]
    next: Expression
    span: Span


# --- pipelines -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Binding:
    """`LAYER = "array"` in a data source."""

    layer: Name
    array: Text
    span: Span


@dataclass(frozen=True)
class Data:
    """`SOURCE [{ LAYER = "array" }] then T(args) then …`."""

    source: Application
    bindings: tuple[Binding, ...]
    transforms: tuple[Application, ...]
    span: Span


@dataclass(frozen=True)
class NetworkSetting:
    """`network NAME(args)`."""

    network: Application
    span: Span


@dataclass(frozen=True)
class DataSetting:
    """`data DATA`."""

    data: Data
    span: Span


@dataclass(frozen=True)
class OptimizerSetting:
    """`optimizer NAME(args)`."""

    optimizer: Application
    span: Span


@dataclass(frozen=True)
class NumberSetting:
    """`epochs N`, `updates N`, `batch N`, `seed N`; `keyword` says which."""

    keyword: Name
    value: Expression
    span: Span


@dataclass(frozen=True)
class EvaluateEvery:
    """`evaluate every N` (epochs)."""

    every: Expression
    span: Span


@dataclass(frozen=True)
class EvaluateOn:
    """`evaluate NAME DATA`."""

    name: Name
    data: Data
    span: Span


@dataclass(frozen=True)
class CheckpointSetting:
    """`checkpoint every N [keep K]`."""

    every: Expression
    keep: Expression | None
    span: Span


PipelineItem = (
    NetworkSetting | DataSetting | OptimizerSetting | NumberSetting | EvaluateEvery | EvaluateOn | CheckpointSetting
)


@dataclass(frozen=True)
class Pipeline:
    """`pipeline NAME KIND { items }`; `kind` is as written."""

    name: Name
    kind: Name
    items: tuple[PipelineItem, ...]
    span: Span


Declaration = Network | Rule | Activation | Pipeline


@dataclass(frozen=True)
class File:
    """All the declarations of one source."""

    source: Source
    declarations: tuple[Declaration, ...]
