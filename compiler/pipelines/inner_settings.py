"""Keys that name a parameter of a network within the one that is set: `network.m.units`, or `units` alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.elaborate_protocols import parameter_names
from dync.grammar import syntax
from dync.grammar.source import Span


class _Meant(NamedTuple):
    """The parameter of an inner network that a key means: the network around that, and where and how it is named."""

    parameter: str
    outer: syntax.Network
    inner: syntax.Network
    nested: syntax.Nested


def unknown_setting(
    place: Span, key: str, known: tuple[str, ...], within: Iterable[str], networks: Mapping[str, syntax.Network]
) -> wrong.pipelines.UnknownSetting:
    """The mistake that a key is which none of the networks `within` has: of one in such a network it says the way."""
    parts = key.removeprefix("network.").split(".")
    for name in within:
        network = networks.get(name)
        meant = None if network is None else next(_meanings(parts, network, networks), None)
        if meant is not None:
            handed = _handed(meant) if meant.outer is network else None
            names = meant.inner.name.text, meant.outer.name.text, name
            return wrong.pipelines.InnerSetting(place, key, known, meant.parameter, *names, handed, meant.nested.span)
    return wrong.pipelines.UnknownSetting(place, key, known)


def _meanings(parts: list[str], network: syntax.Network, networks: Mapping[str, syntax.Network]) -> Iterator[_Meant]:
    """What a key can mean: a parameter alone, or behind the name of the layer or of the network that has it."""
    *path, parameter = parts
    for layer, nested in _nested(network.items):
        inner = networks.get(nested.name.text)
        if inner is None or (path and path[0].partition("[")[0] not in (layer, nested.name.text)):
            continue
        if len(path) > 1:
            yield from _meanings(parts[1:], inner, networks)
        elif parameter in parameter_names(inner):
            yield _Meant(parameter, network, inner, nested)


def _nested(items: Iterable[syntax.NetworkItem]) -> Iterator[tuple[str, syntax.Nested]]:
    """The networks within a network, each with the name of its layer; of an edge without one."""
    for item in items:
        match item:
            case syntax.Instance(name=name, network=nested):
                yield name.text, nested
            case syntax.Edge(kind=syntax.Nested() as nested) | syntax.Wire(kind=syntax.Nested() as nested):
                yield "", nested
            case syntax.For(body=body):
                yield from _nested(body)
            case _:
                pass


def _handed(meant: _Meant) -> str | None:
    """The parameter of the outer network that is handed on as this one, where one is."""
    names = parameter_names(meant.inner)
    for place, argument in enumerate(meant.nested.arguments):
        by_place = names[place] if place < len(names) else None
        name = by_place if argument.name is None else argument.name.text
        if name == meant.parameter and isinstance(argument.value, syntax.Variable):
            text = argument.value.name.text
            return text if text in parameter_names(meant.outer) else None
    return None
