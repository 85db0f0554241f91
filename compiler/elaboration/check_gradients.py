"""Whether edges can learn by the gradient of a measure: that there is one, and that it reaches their weights."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.collector import Collector
from dync.compiler.elaboration.reach import reached, reaching
from dync.compiler.expression import CONDITIONS, Apply, Expression, Number, Symbol
from dync.compiler.model import EdgeModel, GradientUse, InnerModel, LayerModel, NetworkModel, PhaseModel
from dync.compiler.plan import GIVEN_MEASURES
from dync.compiler.rules.derivative import derivative
from dync.grammar import syntax
from dync.grammar.diagnostic import nearest
from dync.grammar.source import Span

MSE = "mse"
"""The given measure that has a gradient: the squared error, averaged over units and outputs."""

_FLAT = frozenset({*CONDITIONS, "sign", "indicator", "floordiv", "units_argmax"})
"""Operations that change by jumps."""


def check_gradients(network: syntax.Network, model: NetworkModel, mistakes: Collector) -> None:
    """Check each edge that learns by a gradient, once for those that one statement draws between the same arrays."""
    declared = {item.name.text for item in network.items if isinstance(item, syntax.Measure)}
    _check_inside(model, mistakes)
    checks: dict[tuple[Span, str], _Check] = {}
    met = set[tuple[Span, Span, Span]]()
    for edge in model.edges:
        use = edge.gradient
        if use is None:
            continue
        inner = next((inner for inner in model.inner if edge.receiver.startswith(f"{inner.name}.")), None)
        key = use.span, "" if inner is None else inner.name
        if key not in checks:
            checks[key] = _Check(model, use, inner, declared, mistakes)
            checks[key].check_use()
        check = checks[key]
        alike = use.span, check.layers[edge.sender].span, check.layers[edge.receiver].span
        if check.holds and alike not in met:
            met.add(alike)
            check.check_edge(edge)


def _check_inside(model: NetworkModel, mistakes: Collector) -> None:
    """Nothing settles in a network that is an edge of a network that is an edge."""
    for edge in model.edges:
        for inside in () if edge.inner is None else edge.inner.edges:
            settling = None if inside.inner is None else _settling(inside.inner)
            if edge.inner is not None and settling is not None:
                mistakes.add(wrong.gradients.SettlesInside(edge.span, edge.inner.name, settling))
                return


def _settling(model: NetworkModel) -> str | None:
    """The name of a network if its inference settles, or of one that is an edge of it."""
    phases = {phase.name: phase for phase in model.phases}
    if any(phases[name].within is not None for name in model.infer or ()):
        return model.name
    inside = (_settling(edge.inner) for edge in model.edges if edge.inner is not None)
    return next((name for name in inside if name is not None), None)


def measured_layers(value: Expression) -> frozenset[str]:
    """The layers by whose states a measure has a derivative, as far as its form says."""
    match value:
        case Symbol("state", str(layer)):
            return frozenset({layer})
        case Apply(operation, operands) if operation not in _FLAT:
            smooth = operands[1:] if operation == "where" else operands[:1] if operation == "mod" else operands
            return frozenset().union(*map(measured_layers, smooth))
        case _:
            return frozenset()


class _Check:
    """The check of one use in one network; `inner` is the network within it whose edge that is."""

    def __init__(
        self, model: NetworkModel, use: GradientUse, inner: InnerModel | None, declared: set[str], mistakes: Collector
    ) -> None:
        self.model = model
        self.use = use
        self.inner = inner
        self.declared = declared
        self.mistakes = mistakes
        self.holds = False
        self.layers = {layer.name: layer for layer in model.layers}

    def check_use(self) -> None:
        """The measure, the phase, and whether anything that is read moves; `holds` afterwards where all is well."""
        self.holds = self._has_measure() and self._has_phase() and self._is_free()

    @property
    def _within(self) -> str:
        return "" if self.inner is None else self.inner.network

    @property
    def _place(self) -> Span:
        return self.use.measure_span if self.inner is None else self.inner.span

    @cached_property
    def read(self) -> frozenset[str]:
        """The layers by which the measure has a derivative."""
        if self.use.measure == MSE:
            return frozenset(layer.name for layer in self.model.layers if layer.role == "output")
        found = next((m for m in self.model.measures if m.name == self.use.measure), None)
        return frozenset() if found is None else measured_layers(found.value)

    def _has_measure(self) -> bool:
        name = self.use.measure
        if name in self.declared and all(m.name != name for m in self.model.measures):
            return False  # its own mistake is said where it is declared
        if name not in (*GIVEN_MEASURES, *self.declared):
            known = (MSE, *sorted(self.declared))
            self.mistakes.add(wrong.gradients.UnknownGradientMeasure(self._place, name, known, self._within))
        elif not self.read:
            span = next((m.span for m in self.model.measures if m.name == name), None)
            self.mistakes.add(wrong.gradients.FlatMeasure(self._place, name, span is None and not self.inner, span))
        return bool(self.read)

    def _has_phase(self) -> bool:
        phase, trains = self.use.phase, self.model.trains
        if phase is None:
            return True
        place = self._place if self.inner is not None or self.use.phase_span is None else self.use.phase_span
        lacking = tuple((name, phases) for name, phases in trains.items() if phase not in phases)
        if lacking or not trains:
            near = nearest(phase, [name for phases in trains.values() for name in phases])
            near = near if len(lacking) == len(trains) else None
            self.mistakes.add(wrong.gradients.GradientMoment(place, phase, lacking, near, self._within))
            return False
        once = self.model.time is not None and phase not in self.model.time.phases
        if once:
            self.mistakes.add(wrong.gradients.GradientMoment(place, phase, (), None, self._within, once))
        return not once

    def _is_free(self) -> bool:
        """Whether at the moment something that the measure reads is not held at its data or its target."""
        for phases in self._protocols():
            last = phases[-1]
            outer = {layer.name for layer in self.model.layers if layer.role in ("input", "output")}
            held = outer & set(last.clamped) | {x.name for x in self.model.layers if x.role == "constant"}
            if self.read <= held:
                inputs = tuple(name for name in last.clamped if self.layers[name].role == "input")
                names = tuple(layer.name for layer in self.model.layers if layer.name in self.read)
                self.mistakes.add(
                    wrong.gradients.ClampedMeasure(self._place, self.use.measure, names, last.name, last.span, inputs)
                )
                return False
        return True

    def _protocols(self) -> Iterator[list[PhaseModel]]:
        """The phases of each training protocol up to the moment, where there are any."""
        phases = {phase.name: phase for phase in self.model.phases}
        for train in self.model.trains.values():
            end = len(train) if self.use.phase is None else train.index(self.use.phase) + 1
            if end and all(name in phases for name in train):
                yield [phases[name] for name in train[:end]]

    @cached_property
    def _ways(self) -> list[_Ways]:
        return [_Ways(self.model, self.layers, phases, self.read) for phases in self._protocols()]

    def check_edge(self, edge: EdgeModel) -> None:
        """Whether the derivative of the measure by the weights of an edge can be other than zero."""
        for ways in self._ways:
            if not ways.reaches(edge):
                place = self.use.span if self.inner is None else self.inner.span
                self.mistakes.add(ways.mistake(edge, self.use, place))
                return


class _Ways:
    """The ways that derivatives go in a protocol, from what a measure reads back to weights."""

    def __init__(
        self, model: NetworkModel, layers: dict[str, LayerModel], phases: list[PhaseModel], read: frozenset[str]
    ) -> None:
        self.layers = layers
        self.read = read
        self.phases = phases
        self.order = {layer.name: number for number, layer in enumerate(model.layers)}
        self.sent = [edge for edge in model.edges if self._is_sent(edge)]
        passing = [(e.sender, e.receiver) for e in self.sent if self._passes(e) and self._carries(e)]
        self.steering = reaching(read, passing)

    def reaches(self, edge: EdgeModel) -> bool:
        """Whether a derivative by the weights of an edge leads anywhere."""
        return edge.receiver in self.steering and self._passes(edge) and self._is_sent(edge)

    def mistake(self, edge: EdgeModel, use: GradientUse, place: Span) -> wrong.gradients.NoGradient:
        """Why a derivative does not reach an edge."""
        stopping = [edge] if not self._passes(edge) else self._stopping(edge)
        flat = tuple(dict.fromkeys(e.receiver for e in stopping if not self._passes(e)))
        first = None if not flat else self.layers[flat[0]].activation
        return wrong.gradients.NoGradient(
            place,
            edge=f"{edge.sender} -> {edge.receiver}",
            measure=use.measure,
            receiver=edge.receiver,
            flat=flat,
            activation=None if first is None else (first.definition.name, first.span),
            sends=next((e.span for e in stopping if self._passes(e)), None),
            silent=not self._is_sent(edge),
        )

    def _stopping(self, edge: EdgeModel) -> list[EdgeModel]:
        """The edges on the ways from the end of an edge to what is read that no derivative goes through."""
        arcs = [(e.sender, e.receiver) for e in self.sent]
        between = reached([edge.receiver], arcs) & reaching(self.read, arcs)
        within = [e for e in self.sent if e.sender in between and e.receiver in between]
        return [e for e in within if not self._passes(e) or not self._carries(e)]

    def _is_sent(self, edge: EdgeModel) -> bool:
        """Whether some phase sends the messages of an edge to a layer that moves."""
        sender, receiver = self.order[edge.sender], self.order[edge.receiver]
        kinds = (
            {"all"} | ({"forward"} if sender <= receiver else set()) | ({"backward"} if sender >= receiver else set())
        )
        return any(
            phase.steps and phase.messages in kinds and edge.sender not in phase.silent
            and edge.receiver not in phase.clamped
            for phase in self.phases
        )  # fmt: skip

    def _passes(self, edge: EdgeModel) -> bool:
        """Whether what the units at the end of an edge hold has a derivative by the field into which it sends."""
        activation = self.layers[edge.receiver].activation
        if activation is None:
            return True
        definition, field = activation.definition, Symbol(f"field.{edge.into}" if edge.into else "field")
        if definition.surrogate and not edge.into:
            return definition.slope != Number(0.0) or any(_depends(t, field) for t in definition.traces.values())
        return any(_depends(part, field) for part in definition.moves)

    def _carries(self, edge: EdgeModel) -> bool:
        """Whether what an edge sends has a derivative by what its sender's units hold."""
        if _depends(edge.sends, Symbol("state")):
            return True
        activation = self.layers[edge.sender].activation
        if activation is None or not _depends(edge.sends, Symbol("sent")):
            return False
        definition = activation.definition
        if definition.sends_slope not in (None, Number(0.0)):
            return True
        held = (Symbol("state"), *(Symbol(f"trace.{name}") for name in definition.traces))
        return any(_depends(definition.sends, one) for one in held)


def _depends(expression: Expression, by: Symbol) -> bool:
    """Whether a derivative is other than zero."""
    return derivative(expression, by) != Number(0.0)
