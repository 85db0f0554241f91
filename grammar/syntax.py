"""The syntax tree: frozen nodes that say what was written and where, nothing about what it means.

Every node ends with its `span`. Sequences are tuples, in the order of the text. The nodes that statements are made of
stand in `terms.py`, those of pipelines in `pipeline_syntax.py`, and are seen from here too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dync.grammar.pipeline_syntax import (
    AgainstSetting,
    Baseline,
    BaseSetting,
    Binding,
    Change,
    CheckpointBest,
    CheckpointSetting,
    ClaimSetting,
    CompareSetting,
    ComparisonItem,
    Condition,
    ContinueOnFailure,
    Data,
    DataSetting,
    EntrySetting,
    EvaluateEvery,
    EvaluateOn,
    FromSetting,
    FusedSetting,
    Interval,
    Key,
    LimitSetting,
    Made,
    MeasureSetting,
    NetworkSetting,
    NumberSetting,
    ObjectiveSetting,
    OptimizerSetting,
    PackageSetting,
    Pipeline,
    PipelineItem,
    PruneSetting,
    RecordSetting,
    Saved,
    SearchSetting,
    StopSetting,
    StrategySetting,
    SweepItem,
    TaskSetting,
    TrainingItem,
    WithSetting,
)
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
    as_application,
)

__all__ = [
    "Activation",
    "AgainstSetting",
    "Application",
    "Argument",
    "BaseSetting",
    "Baseline",
    "Binary",
    "Binding",
    "Call",
    "Change",
    "CheckpointBest",
    "CheckpointSetting",
    "Choices",
    "ClaimSetting",
    "Clamp",
    "CompareSetting",
    "ComparisonItem",
    "Condition",
    "Constant",
    "ContinueOnFailure",
    "Data",
    "DataSetting",
    "Declaration",
    "Draw",
    "Edge",
    "EntrySetting",
    "EvaluateEvery",
    "EvaluateOn",
    "Expression",
    "File",
    "For",
    "ForEach",
    "FromSetting",
    "FusedSetting",
    "Group",
    "Import",
    "Indicator",
    "Input",
    "Interval",
    "Key",
    "Layer",
    "Let",
    "LimitSetting",
    "Made",
    "MeasureSetting",
    "Messages",
    "Name",
    "Network",
    "NetworkItem",
    "NetworkSetting",
    "Number",
    "NumberSetting",
    "ObjectiveSetting",
    "OptimizerSetting",
    "Output",
    "PackageSetting",
    "Param",
    "Phase",
    "PhaseItem",
    "Pipeline",
    "PipelineItem",
    "Property",
    "PropertyItem",
    "Protocol",
    "PruneSetting",
    "Range",
    "RecordSetting",
    "Reference",
    "Require",
    "Rule",
    "RuleMessages",
    "Saved",
    "Schedule",
    "SearchSetting",
    "Settle",
    "Steps",
    "StopSetting",
    "StrategySetting",
    "SweepItem",
    "TaskSetting",
    "Text",
    "TrainingItem",
    "Unary",
    "Variable",
    "Wire",
    "WithSetting",
    "as_application",
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
    """`input NAME (shape)`; without dimensions `input NAME (*)`: as the data have it."""

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
    """`output NAME (shape) [ACTIVATION]`; without dimensions `(*)`: as the data have it."""

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
class Wire:
    """`wire LAYERS by GENERATOR KIND [sends EXPR] [learn RULE [rate EXPR] [decay EXPR]]`."""

    layers: tuple[Reference, ...]
    generator: Application
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
    Param | Input | Layer | Output | Constant | Edge | Wire | For | Group | Schedule | Phase | Protocol | RuleMessages
)


# --- declarations ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Import:
    """`import "other.dyn"`: what another file declares can be used here."""

    path: Text
    span: Span


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


# --- properties -------------------------------------------------------------------------------------------------------


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


Declaration = Import | Network | Rule | Activation | Pipeline | Property


@dataclass(frozen=True)
class File:
    """All the declarations of one source."""

    source: Source
    declarations: tuple[Declaration, ...]
