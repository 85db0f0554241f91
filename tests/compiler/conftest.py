"""Models built by hand, for tests of what comes after the model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from dync.compiler.expression import Apply, Expression, Number, Parameter, Symbol
from dync.compiler.model import (
    ActivationDefinition,
    ActivationUse,
    EdgeModel,
    GroupModel,
    LayerModel,
    NetworkModel,
    PhaseModel,
    RuleDefinition,
    RuleUse,
    ScheduleModel,
)
from dync.compiler.plan import Kind, MessageFilter, Role, ScheduleKind, TermPlan
from dync.grammar.source import Source, Span

SPAN = Span(Source("hand.dyn", ""), 0, 0)


def apply(operation: str, *operands: Expression) -> Apply:
    return Apply(operation, operands)


FIELD, STATE, PRE, POST = Symbol("field"), Symbol("state"), Symbol("pre"), Symbol("post")
ONE = Number(1.0)
LEAK = Parameter("leak")
SIGN = apply("sign", FIELD)
LEAKY = apply("add", apply("mul", apply("sub", ONE, LEAK), STATE), apply("mul", LEAK, apply("tanh", FIELD)))
STUCK = apply("indicator", apply("le", apply("mul", POST, FIELD), Parameter("margin")))
SCALE = apply("sqrt", apply("mul", Symbol("batch"), Symbol("fan_in")))

ACTIVATIONS = {
    "sign": ActivationDefinition("sign", {}, SIGN, Number(0.0), SPAN),
    "identity": ActivationDefinition("identity", {}, FIELD, ONE, SPAN),
    "leaky_tanh": ActivationDefinition("leaky_tanh", {"leak": 0.1}, LEAKY, LEAK, SPAN),
}
RULES = {
    "perceptron": RuleDefinition(
        "perceptron",
        {"margin": 0.0},
        apply("div", apply("mul", apply("mul", STUCK, POST), PRE), SCALE),
        (TermPlan(apply("div", ONE, SCALE), PRE, apply("mul", STUCK, POST), None),),
        None,
        {},
        SPAN,
    ),
    "hebbian": RuleDefinition(
        "hebbian",
        {},
        apply("div", apply("mul", PRE, POST), Symbol("batch")),
        (TermPlan(apply("div", ONE, Symbol("batch")), PRE, POST, None),),
        None,
        {},
        SPAN,
    ),
}


@dataclass
class Network:
    """Gathers the parts of a model; every method returns the network itself, so that calls chain."""

    name: str = "Net"
    schedule: ScheduleKind = "sequential"
    layers: list[LayerModel] = field(default_factory=list)
    edges: list[EdgeModel] = field(default_factory=list)
    groups: list[GroupModel] = field(default_factory=list)
    phases: list[PhaseModel] = field(default_factory=list)

    def layer(
        self,
        name: str,
        units: int | tuple[int, ...],
        activation: str | None = "sign",
        role: Role = "layer",
        start: str | None = None,
        value: float | None = None,
        **arguments: float,
    ) -> Network:
        shape = units if isinstance(units, tuple) else (units,)
        array = name.partition("[")[0] if "[" in name else None
        use = None
        if activation is not None:
            definition = ACTIVATIONS[activation]
            use = ActivationUse(definition, definition.parameters | arguments, SPAN)
        self.layers.append(LayerModel(name, array, role, shape, use, start, value, SPAN))
        return self

    def array(self, name: str, count: int, units: int | tuple[int, ...], activation: str = "sign") -> Network:
        for index in range(1, count + 1):
            self.layer(f"{name}[{index}]", units, activation)
        return self

    def input(self, name: str, units: int | tuple[int, ...]) -> Network:
        return self.layer(name, units, None, "input")

    def output(self, name: str, units: int, activation: str = "identity") -> Network:
        return self.layer(name, units, activation, "output")

    def constant(self, name: str, units: int, value: float) -> Network:
        return self.layer(name, units, None, "constant", value=value)

    def edge(
        self,
        arc: str,
        kind: Kind = "dense",
        learn: str | None = None,
        strength: float = 1.0,
        density: float = 1.0,
        diagonal: float | None = None,
        sends: Expression = STATE,
        sends_arguments: dict[str, float] | None = None,
        rate: float = 1.0,
        decay: float = 0.0,
        label: str | None = None,
        **arguments: float,
    ) -> Network:
        sender, _, receiver = arc.partition(" -> ")
        rule = None if learn is None else RuleUse(RULES[learn], RULES[learn].parameters | arguments, SPAN)
        self.edges.append(
            EdgeModel(
                label,
                sender,
                receiver,
                kind,
                strength,
                density,
                diagonal,
                sends,
                sends_arguments or {},
                rule,
                rate,
                decay,
                SPAN,
            )
        )
        return self

    def group(self, name: str, *layers: str) -> Network:
        self.groups.append(GroupModel(name, layers, SPAN))
        return self

    def phase(
        self,
        name: str,
        steps: int,
        messages: MessageFilter = "all",
        within: float | None = None,
        silent: tuple[str, ...] = (),
        clamped: tuple[str, ...] | None = None,
    ) -> Network:
        ends = tuple(layer.name for layer in self.layers if layer.role in ("input", "output"))
        held = ends if clamped is None else clamped
        self.phases.append(PhaseModel(name, steps, within, messages, silent, held, SPAN))
        return self

    def model(self, train: tuple[str, ...] | None = None, infer: tuple[str, ...] | None = None) -> NetworkModel:
        in_waves = tuple(group.name for group in self.groups) if self.schedule == "grouped" else ()
        return NetworkModel(
            self.name,
            {},
            tuple(self.layers),
            tuple(self.edges),
            tuple(self.groups),
            ScheduleModel(self.schedule, in_waves, SPAN),
            tuple(self.phases),
            train,
            infer,
            "forward",
            SPAN,
        )


def digits(
    depth: int = 2, hidden: int = 200, schedule: ScheduleKind = "sequential", margin: float = 1.0
) -> NetworkModel:
    """The network of the language's page: a chain with feedback between pixels and classes."""
    net = Network("Digits", schedule).input("x", 64).array("h", depth, hidden).output("y", 10)
    net.edge("x -> h[1]", strength=5.0, learn="perceptron", margin=margin)
    net.edge(f"h[{depth}] -> y", label="readout", learn="perceptron", margin=7.0, rate=2.0)
    net.edge(f"y -> h[{depth}]", strength=1.3)
    for i in range(1, depth + 1):
        net.edge(f"h[{i}] -> h[{i}]", diagonal=0.9, density=0.1, learn="perceptron", margin=margin)
    for i in range(1, depth):
        net.edge(f"h[{i}] -> h[{i + 1}]", learn="perceptron", margin=margin)
        net.edge(f"h[{i + 1}] -> h[{i}]", "one_to_one", strength=0.5)
    if schedule == "grouped":
        net.group("odd", *(f"h[{i}]" for i in range(1, depth + 1, 2)))
        net.group("even", *(f"h[{i}]" for i in range(2, depth + 1, 2)))
    net.phase("warm", 1, "forward").phase("clamped", 5).phase("relax", 5, "forward")
    return net.model(("warm", "clamped", "relax"), ("warm", "relax"))


@pytest.fixture(scope="session")
def network() -> type[Network]:
    """Builds models by hand: `network().input("x", 4).layer("h", 8).edge("x -> h").model()`."""
    return Network


@pytest.fixture(scope="session")
def digits_model() -> Callable[..., NetworkModel]:
    """The Digits network of the language's page, by depth, hidden, schedule and margin."""
    return digits
