"""What rules see of a network at one moment: states, fields, and what the activations make of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from dync.compiler.expression import Expression, Symbol
from dync.testing.evaluate import Array, Margin, evaluate
from dync.testing.unstacked import Layer

Draws = Callable[[str, str, tuple[int, int]], Array]
"""Gives fresh draws: `uniform` or `normal`, the name of the layer, the shape `[batch, units]`."""


Past = tuple[Mapping[str, Array], ...]
"""What a protocol began with, then the states at the ends of all its steps; `()` where nothing has happened yet."""


def no_draws(kind: str, layer: str, shape: tuple[int, int]) -> Array:
    """Refuses: raises ValueError. For networks without chance."""
    raise ValueError(f"{layer} needs {kind} draws of shape {shape}; give the interpreter draws")


def any_draws(kind: str, layer: str, shape: tuple[int, int]) -> Array:
    """Some numbers, always the same. For networks in which nothing depends on what is drawn."""
    return np.full(shape, 0.5)


@dataclass
class ActivationCall:
    """One application of a layer's activation at a field, fields with names, a state and traces, all `[batch, units]`.

    New values and the slope read the same draws. A layer without an activation is the identity of its field.
    """

    layer: Layer
    local_field: Array
    state: Array
    draws: Draws
    margin: Margin
    named: Mapping[str, Array] = field(default_factory=dict)
    traces: Mapping[str, Array] = field(default_factory=dict)
    drawn: dict[str, Array] = field(default_factory=dict)

    def next(self) -> Array:
        """The layer's new state, `[batch, units]`."""
        if self.layer.activation is None:
            return self.local_field
        return self._value(self.layer.activation.next)

    def next_traces(self) -> dict[str, Array]:
        """What the traces of the layer's units become, by their names."""
        traces = () if self.layer.activation is None else self.layer.activation.traces
        return {trace.name: self._value(trace.next) for trace in traces}

    def moved(self) -> dict[str, Array]:
        """What the units hold after this, by the names of a state."""
        traces = {self.layer.traces[name]: value for name, value in self.next_traces().items()}
        return {self.layer.name: self.next()} | traces

    def predicted(self) -> Array:
        """What the units would send after this."""
        return sent(self.layer, self.next(), self.next_traces(), self.margin)

    def slope(self, by: str = "") -> Array:
        """The derivative of `predicted` by the field of this name, `""` for the one without, `[batch, units]`."""
        if self.layer.activation is None:
            return np.ones_like(self.local_field) if not by else np.zeros_like(self.local_field)
        slopes = {"": self.layer.activation.slope, **{s.field: s.slope for s in self.layer.activation.slopes}}
        return self._value(slopes[by]) if by in slopes else np.zeros_like(self.local_field)

    def _value(self, expression: Expression) -> Array:
        shape = self.local_field.shape
        value = evaluate(expression, self._read, self.layer.parameters, self.margin, shape)
        return np.broadcast_to(value, shape).copy()

    def _read(self, symbol: Symbol) -> Array:
        match symbol.name:
            case "field":
                return self.local_field
            case "state":
                return self.state
            case "uniform" | "normal":
                if symbol.name not in self.drawn:
                    shape = (self.local_field.shape[0], self.local_field.shape[1])
                    self.drawn[symbol.name] = np.asarray(self.draws(symbol.name, self.layer.name, shape), np.float64)
                return self.drawn[symbol.name]
            case other if other.startswith("field."):
                return self.named.get(other.removeprefix("field."), np.zeros_like(self.local_field))
            case other if other.startswith("trace."):
                return self.traces[other.removeprefix("trace.")]
            case other:
                raise ValueError(f"an activation cannot read {other}")


def call_of(
    layer: Layer,
    local_field: Array,
    states: Mapping[str, Array],
    draws: Draws,
    margin: Margin,
    named: Mapping[str, Array],
) -> ActivationCall:
    """The application of a layer's activation in a state of the network."""
    traces = {name: states[key] for name, key in layer.traces.items()}
    return ActivationCall(layer, local_field, states[layer.name], draws, margin, named, traces)


def sent(layer: Layer, state: Array, traces: Mapping[str, Array], margin: Margin) -> Array:
    """What the units of a layer send, `[batch, units]`."""
    if layer.activation is None:
        return state

    def read(symbol: Symbol) -> Array:
        return state if symbol.name == "state" else traces[symbol.name.removeprefix("trace.")]

    value = evaluate(layer.activation.sends, read, layer.parameters, margin, state.shape)
    return np.broadcast_to(value, state.shape)


def sent_of(layer: Layer, states: Mapping[str, Array], margin: Margin) -> Array:
    """What the units of a layer send in a state of the network."""
    return sent(layer, states[layer.name], {name: states[key] for name, key in layer.traces.items()}, margin)


def carried(state: Mapping[str, Array], past: Past, delay: int) -> Mapping[str, Array]:
    """What messages with a delay carry: the state at the end of the step so many steps before the one that is taken.

    Without a past nothing has happened before the state, and for steps before the first it is what that began with.
    """
    if delay == 0 or not past:
        return state
    return past[-delay] if delay <= len(past) else past[0]


@dataclass
class Moment:
    """The states and fields of all layers at one moment, by name, `[batch, units]` each; a field with a name of its
    own stands under `h[1].apical`.

    An activation is called once a layer, so that all edges into it see the same draws.
    """

    states: Mapping[str, Array]
    fields: Mapping[str, Array]
    draws: Draws
    margin: Margin
    past: Past = ()
    calls: dict[str, ActivationCall] = field(default_factory=dict)

    def of_sender(self, symbol: str, layer: Layer, delay: int = 0) -> Array:
        """`pre` or `pre.state` on an edge with this delay."""
        states = carried(self.states, self.past, delay)
        return sent_of(layer, states, self.margin) if symbol == "pre" else states[layer.name]

    def of_receiver(self, symbol: str, layer: Layer, into: str = "") -> Array:
        """`post`, `post.state`, `field`, `field.NAME`, `predicted` or `slope` of a layer; ValueError for another name.

        `slope` is the derivative by the field `into`.
        """
        match symbol:
            case "post":
                return sent_of(layer, self.states, self.margin)
            case "post.state":
                return self.states[layer.name]
            case "field":
                return self.fields[layer.name]
            case "predicted":
                return self._call(layer).predicted()
            case "slope":
                return self._call(layer).slope(into)
            case other if other.startswith("field."):
                return self.fields.get(
                    f"{layer.name}.{other.removeprefix('field.')}", np.zeros_like(self.states[layer.name])
                )
            case other:
                raise ValueError(f"a rule cannot read {other}")

    def _call(self, layer: Layer) -> ActivationCall:
        if layer.name not in self.calls:
            name = layer.name
            named = {key.removeprefix(f"{name}."): f for key, f in self.fields.items() if key.startswith(f"{name}.")}
            self.calls[name] = call_of(layer, self.fields[name], self.states, self.draws, self.margin, named)
        return self.calls[layer.name]
