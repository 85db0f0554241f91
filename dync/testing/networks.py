"""Strategies that draw valid networks as `.dyn` text, small enough to interpret (needs the package hypothesis).

States stay moderate: edges into layers without bound are weak. Thresholds are met only by chance; discard the cases
whose `Interpreter.margin.smallest` is near the rounding of float32.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from hypothesis import strategies as st

from dync.compiler.plan import Plan
from dync.testing.evaluate import Array
from dync.testing.local_rules import activations, decimals, rules
from dync.testing.unstacked import Layer, layers_of

UNBOUNDED: Final = ("identity", "relu", "softplus")
BOUNDED: Final = ("tanh", "hard_tanh", "sigmoid", "sign", "threshold", "leaky_tanh")
RULES: Final = (
    "hebbian", "oja", "delta", "perceptron", "anti_hebbian", "covariance", "bcm", "instar", "outstar", "lms",
)  # fmt: skip
SENT: Final = ("0.5 * state", "tanh(state)", "state**2", "where(state > 0.123, state, 0.25)", "clip(state, -0.7, 0.7)")
PHASES: Final = ("warm", "clamped", "free", "relax")


@dataclass(frozen=True)
class DrawnNetwork:
    """A network `Case` as text, and the size and seed of the data to run it on."""

    text: str
    batch: int
    seed: int

    def data(self, plan: Plan) -> tuple[dict[str, Array], dict[str, Array]]:
        """Inputs and targets by name, `[batch, units]`, continuous in (-1, 1) and exact in float32."""
        rng = np.random.default_rng(self.seed)
        layers = layers_of(plan)
        x = {layer.name: self._values(layer, rng) for layer in layers if layer.role == "input"}
        y = {layer.name: self._values(layer, rng) for layer in layers if layer.role == "output"}
        return x, y

    def _values(self, layer: Layer, rng: np.random.Generator) -> Array:
        return rng.uniform(-1, 1, (self.batch, layer.units)).astype(np.float32).astype(np.float64)


@dataclass(frozen=True)
class _Layer:
    """A layer by its full name."""

    name: str
    role: str
    units: int
    activation: str
    started: bool = False

    @property
    def whole(self) -> str:
        """The name of its array, or its own."""
        return self.name.partition("[")[0]


@dataclass
class _Draft:
    """A network as it grows. `declarations` stand before it, `statements` in it."""

    draw: st.DrawFn
    stochastic: bool
    declarations: list[str] = field(default_factory=list)
    own_rules: list[str] = field(default_factory=list)
    own_activations: list[str] = field(default_factory=list)
    layers: list[_Layer] = field(default_factory=list)
    arrays: dict[str, int] = field(default_factory=dict)
    statements: list[str] = field(default_factory=list)
    pairs: dict[tuple[str, str], bool] = field(default_factory=dict)
    """The pairs that are joined, and whether by labelled edges, beside which there can be others."""
    train: tuple[str, ...] = ()

    def names(self, *roles: str) -> list[str]:
        return [layer.name for layer in self.layers if layer.role in roles]

    def movable(self) -> list[str]:
        """Names of all layers but constants, one by one or by whole arrays."""
        layers = [layer for layer in self.layers if layer.role != "constant"]
        return list(dict.fromkeys(layer.whole for layer in layers)) if self.chance() else [x.name for x in layers]

    def chance(self) -> bool:
        return self.draw(st.booleans())

    def one_of(self, values: Sequence[str]) -> str:
        return self.draw(st.sampled_from(values))

    def some_of(self, values: Sequence[str]) -> str:
        """A list of one to three of the names."""
        return ", ".join(self.draw(st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True)))

    def number(self, low: float, high: float) -> float:
        return self.draw(decimals(low, high))


@st.composite
def networks(draw: st.DrawFn, *, max_hidden: int = 4, stochastic: bool = False) -> DrawnNetwork:
    """A valid network with up to `max_hidden` statements that declare hidden layers, arrays of two or three among them.

    Everything of the language that concerns networks occurs: layers in any order, arrays, `for`, all kinds of edges,
    self edges, feedback, rules and activations of its own, all schedules, phases and protocols. With `stochastic` some
    activations draw.
    """
    draft = _Draft(draw, stochastic)
    draft.statements.append(f"param gain = {draft.number(0.5, 1.2)} in 0.1..2")
    _draw_layers(draft, max_hidden)
    _draw_phases(draft)
    _draw_array_edges(draft)
    _draw_edges(draft)
    _draw_schedule(draft)
    if draft.chance():
        draft.statements.append(f"rule_messages {draft.one_of(['all', 'forward', 'backward'])}")
    text = "\n".join([*draft.declarations, "network Case {", *(f"  {s}" for s in draft.statements), "}", ""])
    return DrawnNetwork(text, batch=draw(st.integers(1, 4)), seed=draw(st.integers(0, 2**16)))


# --- layers -----------------------------------------------------------------------------------------------------------


def _draw_layers(draft: _Draft, max_hidden: int) -> None:
    """The layers, in any order. A network with layers to reach has an input or a constant to reach them from."""
    units = draft.draw(st.sampled_from([1, 2, 3, 4]))
    inputs, outputs = (draft.draw(st.sampled_from([1, 1, 1, 2, 2, 0])) for _ in range(2))
    hidden = draft.draw(st.sampled_from([*range(1, max_hidden + 1), 0]))
    constants = 1 if inputs == 0 or draft.chance() else 0
    statements = [_held(draft, "input", f"x{n}", units) for n in range(inputs)]
    sizes = {layers[0].name: layers[0].units for _, layers in statements}
    statements += [_hidden(draft, f"h{n}", units, sizes) for n in range(hidden)]
    statements += [_held(draft, "output", f"y{n}", units) for n in range(outputs)]
    statements += [_constant(draft, f"one{n}") for n in range(constants)]
    order = draft.draw(st.permutations(range(len(statements))))
    for text, layers in (statements[n] for n in order):
        draft.statements.append(text)
        draft.layers.extend(layers)


def _size(draft: _Draft, units: int) -> int:
    """Mostly the same, so that layers are stacked and `one_to_one` edges fit."""
    return units if draft.chance() else draft.draw(st.integers(1, 5))


def _held(draft: _Draft, role: str, name: str, units: int) -> tuple[str, list[_Layer]]:
    size = _size(draft, units)
    if role == "input" or draft.chance():
        return f"{role} {name} ({size})", [_Layer(name, role, size, "identity")]
    activation, text = _activation(draft)
    return f"{role} {name} ({size}) {text}", [_Layer(name, role, size, activation)]


def _hidden(draft: _Draft, name: str, units: int, inputs: dict[str, int]) -> tuple[str, list[_Layer]]:
    activation, text = _activation(draft)
    count = draft.draw(st.sampled_from([None, None, 2, 3]))
    size = _size(draft, units)
    starts = [x for x, x_units in inputs.items() if x_units == size]
    started = bool(starts) and draft.draw(st.integers(0, 3)) == 0
    start = f" start {draft.one_of(starts)}" if started else ""
    if count is None:
        return f"layer {name} ({size}) {text}{start}", [_Layer(name, "layer", size, activation, started)]
    draft.arrays[name] = count
    members = [_Layer(f"{name}[{n}]", "layer", size, activation, started) for n in range(1, count + 1)]
    return f"layer {name}[1..{count}] ({size}) {text}{start}", members


def _constant(draft: _Draft, name: str) -> tuple[str, list[_Layer]]:
    size = draft.draw(st.integers(1, 2))
    return f"constant {name} ({size}) = {draft.number(0.3, 1)}", [_Layer(name, "constant", size, "identity")]


def _activation(draft: _Draft) -> tuple[str, str]:
    """Its name, and how a layer writes it."""
    new = f"bend{len(draft.own_activations)}"
    chance = ["glauber", new, new] if draft.stochastic else []
    name = draft.one_of([*UNBOUNDED, *BOUNDED, *draft.own_activations, new, *chance])
    if name == new:
        draft.own_activations.append(name)
        draft.declarations.append(draft.draw(activations(name, stochastic=draft.stochastic and draft.chance())))
    if name in draft.own_activations:
        return name, draft.one_of([name, f"{name}(a = {draft.number(0.2, 0.9)})"])
    if name == "leaky_tanh":
        return name, f"{name}(leak = {draft.number(0.1, 0.9)})"
    return name, name


# --- edges ------------------------------------------------------------------------------------------------------------


def _draw_array_edges(draft: _Draft) -> None:
    """Edges within and along arrays, by `for`."""
    for array, count in draft.arrays.items():
        layer = next(layer for layer in draft.layers if layer.whole == array)
        numbers = range(1, count + 1)
        for low, high, s, r in ((1, count, 0, 0), (1, count - 1, 0, 1), (1, count - 1, 1, 0)):
            if draft.chance():
                ends = [f"{array}[i]" if shift == 0 else f"{array}[i + 1]" for shift in (s, r)]
                text = _edge_text(draft, ends, layer, layer, loop=s == r)
                draft.statements.append(f"for i in {low}..{high} {{ edge {text} }}")
                shifted = [(f"{array}[{n + s}]", f"{array}[{n + r}]") for n in numbers[: high - low + 1]]
                draft.pairs.update(dict.fromkeys(shifted, False))


def _draw_edges(draft: _Draft) -> None:
    """First one edge into each layer from something that is reached already, then any others."""
    reached = [layer for layer in draft.layers if layer.role in ("input", "constant") or layer.started]
    hidden = [layer for layer in draft.layers if layer.role == "layer"]
    outputs = [layer for layer in draft.layers if layer.role == "output"]
    for receiver in [*draft.draw(st.permutations(hidden)), *outputs]:
        _draw_edge(draft, draft.draw(st.sampled_from(reached)), receiver)
        if receiver.role == "layer":
            reached.append(receiver)
    if hidden or outputs:
        ends = st.tuples(st.sampled_from(draft.layers), st.sampled_from([*hidden, *outputs]))
        for sender, receiver in draft.draw(st.lists(ends, max_size=6)):
            _draw_edge(draft, sender, receiver)


def _draw_edge(draft: _Draft, sender: _Layer, receiver: _Layer) -> None:
    """An edge, unless the two have one already that bears no label (which reaches the receiver as well)."""
    pair = (sender.name, receiver.name)
    if draft.pairs.get(pair, True):
        labelled = pair in draft.pairs or draft.chance()
        draft.pairs[pair] = labelled
        label = f"e{len(draft.statements)}: " if labelled else ""
        text = _edge_text(draft, pair, sender, receiver, loop=sender == receiver)
        draft.statements.append(f"edge {label}{text}")
        if labelled and draft.draw(st.integers(0, 3)) == 0:
            _draw_edge(draft, sender, receiver)


def _edge_text(draft: _Draft, ends: Sequence[str], sender: _Layer, receiver: _Layer, *, loop: bool) -> str:
    gain = "gain * " if draft.chance() else ""
    strength = f"{gain}{draft.number(0.1, 0.4 if receiver.activation in UNBOUNDED else 1.2)}"
    sends = f" sends {draft.one_of(SENT)}" if draft.draw(st.integers(0, 3)) == 0 else ""
    if sender.units == receiver.units and draft.draw(st.integers(0, 2)) == 0:
        return f"{ends[0]} -> {ends[1]} one_to_one({strength}){sends}{_learn_text(draft)}"
    density = f", density = {draft.number(0.3, 0.95)}" if draft.chance() else ""
    diagonal = f", diagonal = {draft.number(-0.4, 0.4)}" if loop and draft.chance() else ""
    kind = f"dense(strength = {strength}{density}{diagonal})"
    return f"{ends[0]} -> {ends[1]} {kind}{sends}{_learn_text(draft)}"


def _learn_text(draft: _Draft) -> str:
    if not draft.chance():
        return ""
    new = f"local{len(draft.own_rules)}"
    contrastive = ["contrastive"] * 5 if {"clamped", "free"} <= set(draft.train) else []
    name = draft.one_of([*RULES, *contrastive] if draft.chance() else [*draft.own_rules, new])
    if name == new:
        draft.own_rules.append(name)
        draft.declarations.append(draft.draw(rules(name, draft.train)))
    parameter = {"perceptron": "margin", **dict.fromkeys(draft.own_rules, "k")}.get(name)
    arguments = f"({parameter} = {draft.number(0.05, 1.5)})" if parameter and draft.chance() else ""
    rate = f" rate {draft.number(0.1, 3)}" if draft.chance() else ""
    decay = f" decay {draft.number(0.001, 0.1)}" if draft.chance() else ""
    return f" learn {name}{arguments}{rate}{decay}"


# --- time -------------------------------------------------------------------------------------------------------------


def _draw_schedule(draft: _Draft) -> None:
    hidden, outputs = draft.names("layer"), draft.names("output")
    kind = draft.one_of(["sequential", "synchronous", *(["grouped"] * 2 if hidden else [])])
    if kind != "grouped":
        draft.statements.append(f"schedule {kind}")
        return
    groups: dict[int, list[str]] = {}
    for name in [*hidden, *(name for name in outputs if draft.chance())]:
        groups.setdefault(draft.draw(st.integers(0, 2)), []).append(name)
    draft.statements += [f"group g{n} {{ {', '.join(members)} }}" for n, members in groups.items()]
    order = ", ".join(f"g{n}" for n in groups)
    draft.statements.append(f"schedule grouped({order})")


def _draw_phases(draft: _Draft) -> None:
    """Phases, each used by a protocol; `train` names each of its phases once."""
    phases = draft.draw(st.permutations(PHASES))
    draft.train = tuple(phases[: draft.draw(st.integers(0, 3))])
    infer = draft.draw(st.lists(st.sampled_from(phases), max_size=3))
    draft.statements += [_phase_text(draft, name) for name in dict.fromkeys([*draft.train, *infer])]
    if draft.train:
        draft.statements.append(f"train {', '.join(draft.train)}")
    if infer:
        draft.statements.append(f"infer {', '.join(infer)}")


def _phase_text(draft: _Draft, name: str) -> str:
    steps = draft.draw(st.integers(1, 4))
    items = [f"steps {steps}"]
    if draft.draw(st.integers(0, 2)) == 0:
        items = [f"until settled within {draft.number(0.01, 0.3)} max {steps + 2}"]
    movable = draft.movable()
    if draft.chance():
        silent = f" except {draft.some_of(movable)}" if movable and draft.chance() else ""
        items.append(f"messages {draft.one_of(['all', 'forward', 'backward'])}{silent}")
    if movable and draft.chance():
        items.append(f"clamp {draft.some_of(movable)}")
    return f"phase {name} {{ {'  '.join(items)} }}"
