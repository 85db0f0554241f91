"""A plan taken apart: one record a layer and one an edge, each with its own numbers, as the language speaks of them.

Blocks and families serve only to find the numbers of a layer or an edge; how they stack arrays plays no part here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import assert_never

from dync.compiler.between_plan import BetweenPlan
from dync.compiler.expression import Expression
from dync.compiler.plan import (
    ActivationPlan,
    FamilyPlan,
    ForeignPlan,
    GradientPlan,
    Kind,
    LayerPlan,
    MessageFilter,
    Plan,
    Role,
    RulePlan,
    WindowPlan,
)
from dync.testing.inner import inner_plan, row_length


@dataclass(frozen=True)
class Layer:
    """A layer. `value` is what a constant holds, `start` the name of the input that its state starts from."""

    name: str
    number: int
    role: Role
    shape: tuple[int, ...]
    activation: ActivationPlan | None
    parameters: dict[str, float]
    value: float
    start: str | None
    units: int

    @property
    def traces(self) -> dict[str, str]:
        """The names under which a state has the traces of its units, by their own names."""
        names = () if self.activation is None else (trace.name for trace in self.activation.traces)
        return {name: f"{self.name}, trace {name}" for name in names}

    @property
    def held(self) -> bool:
        """Whether data or a target come from outside: an input or an output."""
        return self.role in ("input", "output")


@dataclass(frozen=True)
class Edge:
    """An edge. `strength`, `density`, `rate` and `decay` are its numbers, `diagonal` the fixed one or None.

    `into` is the field of the receiver into which it sends, `""` the one without a name; `delay` counts steps. `owner`
    is the name of the edge whose weights a tied edge uses, with sender and receiver in each other's place where it is
    `turned`. `between` is what it says of pairs of units, `given` its weights row by row where a file gives them.
    `measures` are those that its rule takes, by its modulators; `during` is the phase in whose steps it is applied.
    """

    name: str
    sender: Layer
    receiver: Layer
    kind: Kind
    sends: Expression
    sends_parameters: dict[str, float]
    rule: RulePlan | None
    rule_parameters: dict[str, float]
    strength: float
    density: float
    diagonal: float | None
    rate: float
    decay: float
    into: str = ""
    delay: int = 0
    window: WindowPlan | None = None
    rank: int | None = None
    owner: str | None = None
    turned: bool = False
    inner: Plan | None = None
    between: BetweenPlan | None = None
    weights_parameters: dict[str, float] = field(default_factory=dict)
    given: tuple[float, ...] | None = None
    radius: float | None = None
    measures: dict[str, str] = field(default_factory=dict)
    during: str | None = None
    gradient: GradientPlan | None = None
    foreign: ForeignPlan | None = None

    @property
    def learns(self) -> bool:
        """Whether it learns, by a rule or by a gradient."""
        return self.rule is not None or self.gradient is not None

    def speaks(self, messages: MessageFilter) -> bool:
        """Whether its message is sent under this filter; by the order of the layers, both ends included."""
        match messages:
            case "all":
                return True
            case "forward":
                return self.sender.number <= self.receiver.number
            case "backward":
                return self.sender.number >= self.receiver.number
            case _:
                assert_never(messages)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of its weight: one number, one a unit where a `one_to_one` edge learns, or one a synapse.

        The kernel of a `conv`, nothing of a `pool`, and both factors of `low_rank`, one below the other. Of a tied edge
        it means nothing: ask its owner.
        """
        match self.kind:
            case "dense":
                return (self.sender.units, self.receiver.units)
            case "one_to_one":
                return (self.sender.units,) if self.learns else ()
            case "conv":
                assert self.window is not None
                return self.window.weights(self.sender.shape, self.receiver.shape)
            case "pool" | "unpool":
                return (0,)
            case "low_rank":
                return (self.sender.units + self.receiver.units, self.rank or 0)
            case "network":
                assert self.inner is not None
                return (row_length(self.inner),)
            case "python":
                from dync.runtime.kinds.python_kind import weights_shape  # which loads JAX, as the class will

                assert self.foreign is not None
                return weights_shape(self.foreign, self.sender.units, self.receiver.units)
            case _:
                assert_never(self.kind)


def layers_of(plan: Plan) -> tuple[Layer, ...]:
    """The layers in their order."""
    return tuple(_layer(plan, number, layer) for number, layer in enumerate(plan.structure.layers))


def edges_of(plan: Plan) -> dict[str, Edge]:
    """The edges by their names in the order of the plan: `S->R`, and of several between one pair `S->R:LABEL`.

    Raises ValueError where two edges have one name.
    """
    layers = layers_of(plan)
    edges: dict[str, Edge] = {}
    for number, family in enumerate(plan.structure.families):
        for place in range(len(family.edges)):
            edge = _edge(plan, layers, number, family, place)
            if edge.name in edges:
                raise ValueError(f"two edges {edge.name}: labels have to tell them apart")
            edges[edge.name] = edge
    return edges


def _layer(plan: Plan, number: int, layer: LayerPlan) -> Layer:
    activation = plan.structure.blocks[layer.block].activation
    names = () if activation is None else activation.parameters
    key = f"block.{layer.block}"
    return Layer(
        name=layer.name,
        number=number,
        role=layer.role,
        shape=layer.shape,
        activation=activation,
        parameters={name: plan.numbers[f"{key}.{name}"][layer.member] for name in names},
        value=plan.numbers[f"{key}.value"][layer.member] if layer.role == "constant" else 0.0,
        start=None if layer.start is None else plan.structure.layers[layer.start].name,
        units=layer.units,
    )


def _edge(plan: Plan, layers: tuple[Layer, ...], number: int, family: FamilyPlan, place: int) -> Edge:
    edge = family.edges[place]
    sender, receiver = layers[edge.sender], layers[edge.receiver]
    rule = None if family.rule is None else plan.structure.rules[family.rule]
    key = f"family.{number}"

    def numbers_under(prefix: str) -> dict[str, float]:
        return {k.removeprefix(prefix): v[place] for k, v in plan.numbers.items() if k.startswith(prefix)}

    def own(name: str) -> float:
        return plan.numbers[f"{key}.{name}"][place]

    owns = family.owner is None and not family.weightless
    given = None
    if family.between is not None and family.between.given:
        count = sender.units * receiver.units
        given = plan.numbers[f"{key}.given"][place * count : (place + 1) * count]
    return Edge(
        name=_name(plan, family, place),
        sender=sender,
        receiver=receiver,
        kind=family.kind,
        sends=family.sends,
        sends_parameters=numbers_under(f"{key}.sends."),
        rule=rule,
        rule_parameters=numbers_under(f"{key}.rule."),
        strength=own("strength") if owns and family.inner is None and family.foreign is None else 1.0,
        density=own("density") if family.masked and owns else 1.0,
        diagonal=own("diagonal") if family.diagonal and owns else None,
        rate=own("rate") if family.learns else 1.0,
        decay=own("decay") if family.learns and owns else 0.0,
        into=family.into,
        delay=family.delay,
        window=family.window,
        rank=family.rank,
        owner=None if family.owner is None else _name(plan, plan.structure.families[family.owner], edge.owner or 0),
        turned=family.turned,
        inner=inner_plan(plan, number, place),
        between=family.between,
        weights_parameters=numbers_under(f"{key}.weights."),
        given=given,
        measures={} if rule is None else dict(zip(rule.modulators, family.modulators, strict=True)),
        during=None if family.during is None else plan.structure.phases[family.during].name,
        gradient=family.gradient,
        foreign=family.foreign,
        radius=own("radius") if family.between is not None and family.between.radius else None,
    )


def _name(plan: Plan, family: FamilyPlan, place: int) -> str:
    edge = family.edges[place]
    sender, receiver = (plan.structure.layers[n].name for n in (edge.sender, edge.receiver))
    several = (edge.sender, edge.receiver) in plan.structure.parallel and edge.label is not None
    return f"{sender}->{receiver}" + (f":{edge.label}" if several else "")
