"""The syntax tree: frozen nodes that say what was written and where, nothing about what it means.

Every node ends with its `span`. Sequences are tuples, in the order of the text. The nodes that statements are made of
stand in `terms.py`, those of rules and activations in `local_syntax.py`, of phases and protocols in
`movement_syntax.py`, of properties in `property_syntax.py`, of pipelines in `pipeline_syntax.py`; all of them are seen
from here too.
"""

from __future__ import annotations

from msgspec import Struct

from dync.grammar.local_syntax import (
    Activation,
    Foreign,
    Let,
    LocalDefinition,
    Parameter,
    Rule,
    Trace,
)
from dync.grammar.movement_syntax import (
    Beginning,
    Between,
    Clamp,
    Messages,
    NamedProtocol,
    Phase,
    PhaseItem,
    Protocol,
    RuleMessages,
    Schedule,
    Settle,
    Skip,
    Steps,
)
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
from dync.grammar.property_syntax import Draw, ForEach, Property, PropertyItem, Require
from dync.grammar.source import Source, Span
from dync.grammar.terms import (
    Application,
    Argument,
    Attribute,
    Binary,
    Call,
    Choices,
    Expression,
    Indicator,
    Name,
    Nested,
    Number,
    Part,
    Range,
    Reference,
    Text,
    Tuple,
    Unary,
    Variable,
    as_application,
)

__all__ = [
    "Activation",
    "AgainstSetting",
    "Application",
    "Argument",
    "Attribute",
    "BaseSetting",
    "Baseline",
    "Beginning",
    "Between",
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
    "Foreign",
    "FromSetting",
    "FusedSetting",
    "Group",
    "Import",
    "Indicator",
    "Input",
    "Instance",
    "Interval",
    "Key",
    "Layer",
    "Let",
    "LimitSetting",
    "LocalDefinition",
    "Made",
    "Measure",
    "MeasureSetting",
    "Messages",
    "Name",
    "NamedProtocol",
    "Nested",
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
    "Parameter",
    "Part",
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
    "Skip",
    "Steps",
    "StopSetting",
    "StrategySetting",
    "SweepItem",
    "TaskSetting",
    "Text",
    "Trace",
    "TrainingItem",
    "Tuple",
    "Unary",
    "Variable",
    "Wire",
    "WithSetting",
    "as_application",
]

# --- what stands in a network ----------------------------------------------------------------------------------------


class Param(Struct, frozen=True):
    """`param NAME = EXPR [in LOW..HIGH | in { a, b }]`."""

    name: Name
    default: Expression
    domain: Range | Choices | None
    span: Span


class Input(Struct, frozen=True):
    """`input NAME (shape) [over time]`; without dimensions `input NAME (*)`: as the data have it.

    `over_time` is the word `time` at the place of `over time`, None where it does not stand there.
    """

    name: Name
    shape: tuple[Expression, ...]
    span: Span
    over_time: Name | None = None


class Layer(Struct, frozen=True):
    """`layer NAME[a..b] (shape) ACTIVATION [start INPUT]`; `members` is None for a single layer."""

    name: Name
    members: Range | None
    shape: tuple[Expression, ...]
    activation: Application
    start: Reference | None
    span: Span


class Instance(Struct, frozen=True):
    """`layer NAME[a..b] network NETWORK(arguments) [to completion]`: a layer that is a network, or an array of them.

    `completion` is the word at the place of `to completion`, None where it moves step by step.
    """

    name: Name
    members: Range | None
    network: Nested
    completion: Name | None
    span: Span


class Output(Struct, frozen=True):
    """`output NAME (shape) [ACTIVATION] [over time]`; without dimensions `(*)`: as the data have it."""

    name: Name
    shape: tuple[Expression, ...]
    activation: Application | None
    span: Span
    over_time: Name | None = None


class Constant(Struct, frozen=True):
    """`constant NAME (shape) = EXPR`."""

    name: Name
    shape: tuple[Expression, ...]
    value: Expression
    span: Span


class Edge(Struct, frozen=True):
    """`edge [LABEL:] SENDER -> RECEIVER[.FIELD] KIND [delay N] [sends EXPR] [LEARNING]`.

    The label is a name, or a name with an index; LEARNING is `learn RULE [during PHASE] [rate EXPR] [decay EXPR]`.
    """

    label: Reference | None
    sender: Reference
    receiver: Reference
    kind: Application
    delay: Expression | None
    sends: Expression | None
    rule: Application | None
    rate: Expression | None
    decay: Expression | None
    span: Span
    during: Name | None = None


class Wire(Struct, frozen=True):
    """`wire [LABEL:] LAYERS[.FIELD] by GENERATOR KIND [delay N] [sends EXPR] [LEARNING]`, see `Edge`."""

    label: Name | None
    layers: tuple[Reference, ...]
    generator: Application
    kind: Application
    delay: Expression | None
    sends: Expression | None
    rule: Application | None
    rate: Expression | None
    decay: Expression | None
    span: Span
    during: Name | None = None


class For(Struct, frozen=True):
    """`for NAME in a..b { … }`."""

    variable: Name
    range: Range
    body: tuple[NetworkItem, ...]
    span: Span


class Group(Struct, frozen=True):
    """`group NAME { layers }`."""

    name: Name
    members: tuple[Reference, ...]
    span: Span


class Measure(Struct, frozen=True):
    """`measure NAME = EXPR [minimize]`."""

    name: Name
    value: Expression
    minimize: bool
    span: Span


NetworkItem = (
    Param | Input | Layer | Instance | Output | Constant | Edge | Wire | For | Group | Schedule | Phase | Protocol
    | NamedProtocol | Measure | RuleMessages | Skip | Between
)  # fmt: skip


# --- declarations ----------------------------------------------------------------------------------------------------


class Import(Struct, frozen=True):
    """`import "other.dyn"`: what another file declares can be used here."""

    path: Text
    span: Span


class Network(Struct, frozen=True):
    """`network NAME { items }`."""

    name: Name
    items: tuple[NetworkItem, ...]
    span: Span


Declaration = Import | Network | Rule | Activation | Foreign | Pipeline | Property


class File(Struct, frozen=True):
    """All the declarations of one source."""

    source: Source
    declarations: tuple[Declaration, ...]
