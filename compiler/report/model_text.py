"""A resolved model as text: what the network is once every name is found and every number known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from dync.compiler.elaboration.expression_text import written
from dync.compiler.expression import Symbol
from dync.compiler.model import (
    ActivationUse,
    EdgeModel,
    LayerModel,
    NetworkModel,
    PhaseModel,
    RuleUse,
    ScheduleModel,
)
from dync.compiler.planning.plan_numbers import numbers_of_weights
from dync.compiler.report.between_words import between_words
from dync.compiler.report.kind_words import kind_words
from dync.compiler.window_plan import WindowPlan

_STATE = Symbol("state")


def model_text(model: NetworkModel) -> str:
    """The network, one layer, edge, group or phase a line, then the definitions that it uses."""
    return "".join(f"{line}\n" for line in _lines(model))


def _lines(model: NetworkModel) -> Iterator[str]:
    yield f"network {model.name}"
    yield from (f"  param {name} = {value:.12g}" for name, value in model.parameters.items())
    over = frozenset(() if model.time is None else model.time.layers)
    yield from (_layer(layer) + (" over time" if layer.name in over else "") for layer in model.layers)
    uses = {layer.name: layer.activation for layer in model.layers}
    yield from (_edge(edge, _usual(uses[edge.sender])) for edge in model.edges)
    yield from (f"  group {group.name} {{ {', '.join(group.layers)} }}" for group in model.groups)
    yield _schedule(model.schedule)
    sampled = frozenset(() if model.time is None else model.time.phases)
    yield from (_phase(phase, phase.name in sampled) for phase in model.phases)
    if len(model.protocols) > 1:
        yield f"  protocol {model.protocol} of {', '.join(protocol.name for protocol in model.protocols)}"
    for kind, protocol in (("train", model.train), ("infer", model.infer)):
        if protocol is not None:
            yield f"  {kind} {', '.join(protocol)}"
    yield f"  rule_messages {model.rule_messages}"
    for measure in model.measures:
        better = " minimize" if measure.minimize else ""
        yield f"  measure {measure.name} = {written(measure.value)}{better}{_given(measure.parameters)}"
    if model.time is not None:
        yield f"  skip {model.time.skip}"
        yield f"  between sequences {'carry' if model.time.carry else 'reset'}"
    yield from _definitions(model)


def _layer(layer: LayerModel) -> str:
    shape = ", ".join(map(str, layer.shape))
    activation = "" if layer.activation is None else f" {_use(layer.activation)}"
    start = "" if layer.start is None else f" start {layer.start}"
    value = "" if layer.value is None else f" = {layer.value:.9g}"
    return f"  {layer.role} {layer.name} ({shape}){activation}{start}{value}"


def _usual(sender: ActivationUse | None) -> Symbol:
    """What units send on an edge that does not say it."""
    return _STATE if sender is None or sender.definition.sends == _STATE else Symbol("sent")


def _edge(edge: EdgeModel, usual: Symbol) -> str:
    """An edge; `usual` is what it sends where the file does not say."""
    label = "" if edge.label is None else f"{edge.label}: "
    into = f".{edge.into}" if edge.into else ""
    delay = f" delay {edge.delay}" if edge.delay else ""
    owns = edge.tie is None and edge.kind not in ("pool", "unpool")
    names = numbers_of_weights(edge.kind, edge.diagonal is not None) if owns else []
    numbers = {name: getattr(edge, name) for name in names}
    kind = " ".join([kind_words(edge), *([f"to {edge.tie.label}"] if edge.tie is not None else [])])
    kind += "" if edge.window is None else f" padding {_padding(edge.window)}"
    between = f" {words}" if (words := between_words(edge.between)) else ""
    sends = "" if edge.sends == usual else f" sends {written(edge.sends)}{_given(edge.sends_arguments)}"
    used = edge.gradient.words if edge.gradient is not None else "" if edge.rule is None else _learning(edge.rule)
    learn = f" learn {used} rate {edge.rate:.9g} decay {edge.decay:.9g}" if used else ""
    ends = f"{label}{edge.sender} -> {edge.receiver}{into}"
    return f"  edge {ends} {kind}{_parameters(numbers)}{between}{delay}{sends}{learn}"


def _padding(window: WindowPlan) -> str:
    """Before and after each axis."""
    return " ".join(f"{before}+{after}" for before, after in zip(window.before, window.after, strict=True))


def _schedule(schedule: ScheduleModel) -> str:
    groups = f"({', '.join(schedule.groups)})" if schedule.groups else ""
    return f"  schedule {schedule.kind}{groups}"


def _phase(phase: PhaseModel, sampled: bool) -> str:
    length = f"steps {phase.steps}"
    if phase.within is not None:
        length = f"until settled within {phase.within:.9g} max {phase.steps}"
    length += " per sample" if sampled else ""
    silent = f" except {', '.join(phase.silent)}" if phase.silent else ""
    clamp = f" clamp {', '.join(phase.clamped)}" if phase.clamped else ""
    origin = f"from {phase.origin} " if phase.origin else ""
    soft = "".join(f" clamp {name} by {strength:.9g}" for name, strength in phase.soft)
    return f"  phase {phase.name} {{ {origin}{length} messages {phase.messages}{silent}{clamp}{soft} }}"


def _definitions(model: NetworkModel) -> Iterator[str]:
    """Each activation and rule in use, once, in the order of first use."""
    activations = {use.definition.name: use.definition for use in _present(layer.activation for layer in model.layers)}
    for activation in activations.values():
        yield f"activation {activation.name}{_parameters(activation.parameters)}"
        yield from (f"  trace {name} = {written(becomes)}" for name, becomes in activation.traces.items())
        yield f"  next {written(activation.next)}"
        if activation.sends != _STATE:
            yield f"  sends {written(activation.sends)}"
        if activation.sends_slope is not None:
            yield f"  surrogate {written(activation.sends_slope)}"
        yield f"  slope {written(activation.slope)}"
        yield from (f"  slope by {name} {written(slope)}" for name, slope in activation.slopes.items())
    rules = {edge.rule.definition.name: edge.rule.definition for edge in model.edges if edge.rule is not None}
    for rule in rules.values():
        defaults = _arguments(rule.parameters)
        yield f"rule {rule.name}" + _bracketed([*rule.modulators, *([defaults] if defaults else [])])
        for end, traces in (("sender", rule.sender_traces), ("receiver", rule.receiver_traces)):
            yield from (f"  trace {trace.name} of the {end} = {written(trace.next)}" for trace in traces)
        yield f"  update {written(rule.update)}"
        for term in rule.terms or ():
            factors = ("scalar", term.scalar), ("sender", term.sender), ("receiver", term.receiver)
            parts = [f"{key} {written(e)}" for key, e in (*factors, ("weight", term.weight)) if e is not None]
            yield f"    term {'; '.join(parts) or 'one'}"


def _present(uses: Iterable[ActivationUse | None]) -> Iterator[ActivationUse]:
    return (use for use in uses if use is not None)


def _use(use: ActivationUse) -> str:
    return use.definition.name + _parameters(use.arguments)


def _learning(use: RuleUse) -> str:
    measures = [f"{name} = {measure}" for name, measure in use.modulators.items()]
    numbers = _arguments(use.arguments)
    taken = _bracketed([*measures, *([numbers] if numbers else [])])
    return use.definition.name + taken + (f" during {use.during}" if use.during else "")


def _bracketed(parts: Iterable[str]) -> str:
    text = ", ".join(parts)
    return f"({text})" if text else ""


def _parameters(values: Mapping[str, float]) -> str:
    return f"({_arguments(values)})" if values else ""


def _arguments(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} = {value:.9g}" for name, value in values.items())


def _given(values: Mapping[str, float]) -> str:
    return f" where {_arguments(values)}" if values else ""
