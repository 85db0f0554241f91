"""The parameters of a network: defaults, the values that a caller gives, and the ranges of both."""

from __future__ import annotations

from collections.abc import Mapping

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.collector import Collector
from dync.compiler.elaboration.constant import number
from dync.compiler.elaboration.elaborate_protocols import PARAMETER
from dync.compiler.elaboration.scope import Amount, Scope
from dync.grammar import syntax
from dync.grammar.source import Span


def bind_parameters(
    network: syntax.Network, arguments: Mapping[str, float], places: Mapping[str, Span], mistakes: Collector
) -> Scope:
    """The scope of a network's expressions. `places` say where the arguments were given, if in a file."""
    params = [item for item in network.items if isinstance(item, syntax.Param)]
    _check_arguments(network, params, arguments, places, mistakes)
    scope = Scope(later={param.name.text: param.name.span for param in params})
    for param in params:
        name = param.name.text
        if name == PARAMETER:
            mistakes.add(wrong.protocols.ParameterNamedProtocol(param.name.span))
        first = scope.own.get(name)
        if first is not None:
            mistakes.add(wrong.names.Duplicate(param.name.span, name, "parameter", first.span))
            continue
        default = number(param.default, scope, mistakes)
        value = _whole(arguments[name]) if name in arguments else default
        _check_domain(param, value, places.get(name, param.default.span), scope, mistakes)
        scope.declare(name, value, param.name.span)
    return scope


def _check_arguments(
    network: syntax.Network,
    params: list[syntax.Param],
    arguments: Mapping[str, float],
    places: Mapping[str, Span],
    mistakes: Collector,
) -> None:
    known = tuple(param.name.text for param in params)
    for name in arguments:
        if name not in known:
            mistakes.add(
                wrong.parameters.UnknownParameter(places.get(name, network.name.span), name, known, network.name.text)
            )


def _check_domain(param: syntax.Param, value: Amount | None, place: Span, scope: Scope, mistakes: Collector) -> None:
    match param.domain:
        case None:
            return
        case syntax.Range(low, high, span):
            ends = number(low, scope, mistakes), number(high, scope, mistakes)
            if ends[0] is None or ends[1] is None:
                return
            if ends[0] > ends[1]:
                mistakes.add(wrong.parameters.EmptyDomain(span, ends[0], ends[1]))
                return
            allowed, text = value is None or ends[0] <= value <= ends[1], f"in {ends[0]:.12g}..{ends[1]:.12g}"
        case syntax.Choices(values, _):
            choices = [number(v, scope, mistakes) for v in values]
            allowed = value is None or None in choices or value in choices
            text = "one of " + ", ".join(f"{choice:.12g}" for choice in choices if choice is not None)
    if not allowed and value is not None:
        mistakes.add(wrong.parameters.ParameterOutOfRange(place, param.name.text, value, text, param.span))


def _whole(value: float) -> Amount:
    """A caller's `100.0` counts units as well as `100` does."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
