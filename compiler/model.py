"""The resolved model of one network: parameters bound, arrays and `for` unrolled, every name found.

Layers go by their full names (`h[3]`). Every part keeps the span of what declared it, so that later checks can point
at it; edges that a `for` repeats share one span.
"""

from __future__ import annotations

from msgspec import Struct, field

from dync.compiler.between_plan import Between
from dync.compiler.expression import Expression, Symbol
from dync.compiler.plan import ForeignPlan, Kind, MessageFilter, Role, ScheduleKind, TermPlan, TracePlan
from dync.compiler.window_plan import WindowPlan
from dync.grammar.source import Span


class ActivationDefinition(Struct, frozen=True):
    """An `activation`, names resolved, `let`s inlined; `parameters` are the defaults, `slope` is d next / d field.

    `slopes` are the derivatives by the named fields that it reads; `sends`, `traces`, `surrogate` and `sends_slope` are
    those of `dync.compiler.plan.ActivationPlan`.
    """

    name: str
    parameters: dict[str, float]
    next: Expression
    slope: Expression
    span: Span
    slopes: dict[str, Expression] = field(default_factory=dict)
    sends: Expression = Symbol("state")
    traces: dict[str, Expression] = field(default_factory=dict)
    surrogate: bool = False
    sends_slope: Expression | None = None

    @property
    def moves(self) -> tuple[Expression, ...]:
        """What the state, then each trace becomes in a step."""
        return (self.next, *self.traces.values())


class RuleDefinition(Struct, frozen=True):
    """A `rule`, names resolved and `let`s inlined, separated where that is possible (else `terms` is None).

    `obstacle` is then the part of the text that cannot be separated. `moments` are the phases named with `@`, each with
    the place where it is named first. `modulators` are the parameters that are measures, `takes` all parameters in
    their order; traces are state of the units at one end.
    """

    name: str
    parameters: dict[str, float]
    update: Expression
    terms: tuple[TermPlan, ...] | None
    obstacle: Span | None
    moments: dict[str, Span]
    span: Span
    modulators: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    sender_traces: tuple[TracePlan, ...] = ()
    receiver_traces: tuple[TracePlan, ...] = ()

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """All that is evaluated: the update and what the traces become."""
        return (self.update, *(trace.next for trace in (*self.sender_traces, *self.receiver_traces)))


class KindDefinition(Struct, frozen=True):
    """A `kind` of edges in Python: the class at its `place`, in a module whose text has this `digest`."""

    name: str
    parameters: dict[str, float]
    place: str
    digest: str
    span: Span


class ActivationUse(Struct, frozen=True):
    """An activation with all its arguments filled in."""

    definition: ActivationDefinition
    arguments: dict[str, float]
    span: Span


class RuleUse(Struct, frozen=True):
    """A rule with all its arguments filled in.

    `modulators` are the measures that it takes, by the names of its parameters. `during` is the phase in whose every
    step it is applied, None where it is applied after the training protocol.
    """

    definition: RuleDefinition
    arguments: dict[str, float]
    span: Span
    modulators: dict[str, str] = field(default_factory=dict)
    during: str | None = None
    during_span: Span | None = None


class GradientUse(Struct, frozen=True):
    """Learning by the derivative of a measure at the end of a phase, or of the training protocol where it is None."""

    measure: str
    phase: str | None
    span: Span
    measure_span: Span
    phase_span: Span | None

    @property
    def words(self) -> str:
        """As it is written: `gradient(mse)`."""
        return f"gradient({self.measure}@{self.phase})" if self.phase else f"gradient({self.measure})"


class LayerModel(Struct, frozen=True):
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


class TieModel(Struct, frozen=True):
    """The label of the edge whose weights another one uses; `turned`: sender and receiver change places in them."""

    label: str
    turned: bool


class EdgeModel(Struct, frozen=True):
    """An edge. `diagonal` is None where the diagonal is like the rest; `strength` is the weight of `one_to_one`.

    `sends` reads `state`, `sent` and the parameters in `sends_arguments`. A tied edge is of the kind of the edge that
    owns the weights. `into` is the field of the receiver into which it sends, nothing where that has no name;
    `delay` counts steps, 0 without one. `between` is what
    it says of single pairs of units; `density` is then the part of them that has a weight. In the place of a `rule`
    it may have a `gradient`; with a `faulty_rule` it is to learn by what has a mistake.
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
    into: str = ""
    into_span: Span | None = None
    delay: int = 0
    window: WindowPlan | None = None
    rank: int | None = None
    tie: TieModel | None = None
    between: Between | None = None
    inner: NetworkModel | None = None
    gradient: GradientUse | None = None
    foreign: ForeignPlan | None = None
    faulty_rule: bool = False

    @property
    def learning(self) -> Span | None:
        """Where the file says how it learns, by a rule or by a gradient; None where it does not learn."""
        use = self.rule or self.gradient
        return None if use is None else use.span

    @property
    def learns(self) -> bool:
        """Whether it learns."""
        return self.learning is not None

    @property
    def learns_by(self) -> str | None:
        """By what, in words; None where it does not learn."""
        if self.gradient is not None:
            return f"{self.gradient.words}, not local"
        return None if self.rule is None else self.rule.definition.name


class InnerModel(Struct, frozen=True):
    """A layer that is a network, by its full name `m[2]`: the names of its layers in theirs, `m[2].h`.

    `inputs` and `outputs` are where edges from outside can lead and come from; `waves` are in which order its layers
    move where those around it leave that open; `span` is the place of `network NETWORK(…)`.
    """

    name: str
    network: str
    layers: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    waves: tuple[tuple[str, ...], ...]
    span: Span


class PhaseModel(Struct, frozen=True):
    """A phase; `within` is None for a fixed number of steps, which otherwise is the maximum.

    `soft` are the layers that are softly clamped, each with its strength, `soft_outputs` the outputs among them;
    `origin` is the phase that it starts `from`.
    """

    name: str
    steps: int
    within: float | None
    messages: MessageFilter
    silent: tuple[str, ...]
    clamped: tuple[str, ...]
    span: Span
    soft: tuple[tuple[str, float], ...] = ()
    soft_outputs: tuple[str, ...] = ()
    origin: str | None = None


class ProtocolModel(Struct, frozen=True):
    """A protocol; `train` and `infer` are None where it has no such part. `default` is the one without a name."""

    name: str
    train: tuple[str, ...] | None
    infer: tuple[str, ...] | None
    span: Span


class TimeModel(Struct, frozen=True):
    """How a network meets series: the `layers` over time, the `phases` per sample, both by name.

    `skip` and `carry` are those of `dync.compiler.time_plan`.
    """

    layers: tuple[str, ...]
    phases: tuple[str, ...]
    skip: int
    carry: bool


class MeasureModel(Struct, frozen=True):
    """A measure, names found and shapes checked; `parameters` are the network's that it reads.

    `minimize`: less of it is better.
    """

    name: str
    value: Expression
    parameters: dict[str, float]
    minimize: bool
    span: Span


class GroupModel(Struct, frozen=True):
    """A named set of layers."""

    name: str
    layers: tuple[str, ...]
    span: Span


class ScheduleModel(Struct, frozen=True):
    """How the layers that move are ordered; `span` is None where the file does not say (`sequential`)."""

    kind: ScheduleKind
    groups: tuple[str, ...]
    span: Span | None


class NetworkModel(Struct, frozen=True):
    """A network. `layers` stand in the order of declaration, arrays in the order of their index.

    `parameters` are the values that its `param`s have here. `train` and `infer` are those of the chosen `protocol`,
    None where it has none; `protocols` are all of them. `inner` are the layers that are networks step by step: what is
    in them stands among `layers`, `edges` and `groups`.
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
    protocol: str = "default"
    protocols: tuple[ProtocolModel, ...] = ()
    measures: tuple[MeasureModel, ...] = ()
    time: TimeModel | None = None
    inner: tuple[InnerModel, ...] = ()

    @property
    def trains(self) -> dict[str, tuple[str, ...]]:
        """The phases of every `train`, by the name of its protocol."""
        chosen = () if self.train is None else ((self.protocol, self.train),)
        others = ((protocol.name, protocol.train) for protocol in self.protocols if protocol.train is not None)
        return dict((*others, *chosen))
