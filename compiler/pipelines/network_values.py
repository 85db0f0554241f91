"""What is given to a network: the values of its parameters, and which of its protocols it goes by."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from dync.compiler.elaboration.arguments import matched
from dync.compiler.elaboration.collector import Collector
from dync.compiler.elaboration.constant import number
from dync.compiler.elaboration.elaborate_protocols import PARAMETER, name_of_protocol, parameter_names
from dync.compiler.pipelines.calls import EMPTY
from dync.grammar import syntax
from dync.grammar.source import Span


class NetworkValues(Struct, frozen=True):
    """Numbers by the names of parameters, the name of a protocol (None: not said), and where they were given."""

    numbers: dict[str, float] = field(default_factory=dict)
    protocol: str | None = None
    places: dict[str, Span] = field(default_factory=dict)


def network_values(application: syntax.Application, network: syntax.Network, mistakes: Collector) -> NetworkValues:
    """What an application of a network gives."""
    given = matched(application, parameter_names(network), mistakes, of_network=True)
    return values_of({name: argument.value for name, argument in given.items()}, mistakes)


def values_of(given: Mapping[str, syntax.Expression], mistakes: Collector) -> NetworkValues:
    """What expressions by the names of parameters give; a mistake gives nothing."""
    chosen = name_of_protocol(given[PARAMETER], mistakes) if PARAMETER in given else None
    found = {name: number(value, EMPTY, mistakes) for name, value in given.items() if name != PARAMETER}
    numbers = {name: value for name, value in found.items() if value is not None}
    return NetworkValues(numbers, chosen, {name: given[name].span for name in (*numbers, *_said(chosen))})


def _said(protocol: str | None) -> tuple[str, ...]:
    return () if protocol is None else (PARAMETER,)
