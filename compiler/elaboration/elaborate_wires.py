"""`wire`: the arcs that a graph generator gives over a list of layers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.arguments import matched
from dync.compiler.elaboration.constant import integer, number
from dync.compiler.elaboration.context import Context
from dync.compiler.elaboration.graphs import GENERATORS, Args, Generator, Link, Parameter
from dync.compiler.elaboration.layer_table import Arrival, LayerTable, Node
from dync.compiler.elaboration.scope import Scope
from dync.compiler.model import LayerModel
from dync.grammar import syntax

ARCS: Final = ("both", "forward", "backward")
"""Which arcs a link becomes: both, that from its first to its second node, or that back."""

Joined = list[tuple[LayerModel, Arrival]]
"""From where each edge comes, and where it leads."""


def arcs_of(wire: syntax.Wire, table: LayerTable, scope: Scope, context: Context) -> Joined | None:
    """The arcs between the layers, ordered by sender, then receiver; None where there was a mistake."""
    layers, first = _layers(wire, table, scope, context)
    name = wire.generator.name
    generator = GENERATORS.get(name.text)
    if generator is None:
        context.mistakes.add(wrong.wires.UnknownGenerator(name.span, name.text, tuple(GENERATORS)))
        return None
    args = graph_arguments(wire.generator, generator, scope, context, len(layers), first)
    if args is None or not layers:
        return None
    reason = generator.refusal(len(layers), args)
    if reason is not None:
        context.mistakes.add(wrong.wires.GraphRefused(wire.generator.span, name.text, len(layers), reason))
        return None
    ways = 2 if args["arcs"] == "both" else 1
    expected = int(ways * generator.expected(len(layers), args))
    if not context.budget.has(expected, "this `wire`", wire.span):
        return None
    arcs = sorted(set(directed(generator.links(len(layers), args), args["arcs"])))
    if not context.budget.take(len(arcs), "this `wire`", wire.span):
        return None
    if not arcs:
        context.mistakes.add(wrong.wires.WireDrawsNothing(wire.generator.span, name.text, len(layers)))
    return [(layers[sender].sender, layers[receiver].arrival) for sender, receiver in arcs]


def _layers(wire: syntax.Wire, table: LayerTable, scope: Scope, context: Context) -> tuple[tuple[Node, ...], int]:
    """The layers in the order of the list, and how many its first part names; none where there was a mistake."""
    places: dict[str, syntax.Reference] = {}
    found: list[Node] = []
    sizes: list[int] = []
    for reference in wire.layers:
        layers = table.nodes(reference, scope)
        sizes.append(len(layers))
        for layer in layers:
            if layer.name in places:
                context.mistakes.add(wrong.wires.LayerTwice(reference.span, layer.name, places[layer.name].span))
            places.setdefault(layer.name, reference)
        found.extend(layers)
    whole = all(sizes) and len(places) == len(found)
    return (tuple(found) if whole else ()), sizes[0]


def graph_arguments(
    application: syntax.Application, generator: Generator, scope: Scope, context: Context, count: int, first: int
) -> Args | None:
    """The arguments with the defaults filled in; None where one is a mistake."""
    takes = tuple(parameter.name for parameter in generator.parameters)
    names = takes if generator.directed else (*takes, "arcs")
    given = matched(application, names, context.mistakes)
    args: dict[str, Any] = {"arcs": _arcs(given.get("arcs"), context)}
    if generator.directed:
        args["arcs"] = "forward"
    for parameter in generator.parameters:
        argument = given.get(parameter.name)
        if argument is not None:
            args[parameter.name] = _value(parameter, argument, scope, context)
        elif parameter.default is not None:
            args[parameter.name] = parameter.default(count, first)
        else:
            name = application.name
            context.mistakes.add(wrong.names.MissingArgument(application.span, parameter.name, name.text))
            args[parameter.name] = None
    return None if None in args.values() else args


def _value(parameter: Parameter, argument: syntax.Argument, scope: Scope, context: Context) -> int | float | None:
    place = argument.value
    if parameter.sort == "whole":
        whole = integer(place, scope, context.mistakes, f"`{parameter.name}`")
        if whole is not None and whole < parameter.least:
            allowed = f"{parameter.least} or more"
            context.mistakes.add(wrong.parameters.OutOfBounds(place.span, parameter.name, whole, allowed))
            return None
        return whole
    chance = number(place, scope, context.mistakes)
    if chance is not None and not 0 <= chance <= 1:
        context.mistakes.add(wrong.parameters.OutOfBounds(place.span, parameter.name, chance, "from 0 to 1"))
        return None
    return chance


def _arcs(argument: syntax.Argument | None, context: Context) -> str | None:
    if argument is None:
        return "both"
    word = syntax.as_application(argument.value).name
    if word.text not in ARCS:
        context.mistakes.add(wrong.wires.UnknownArcs(argument.value.span, word.text, ARCS))
        return None
    return word.text


def directed(links: Iterable[Link], arcs: str) -> Iterable[Link]:
    """The arcs of links, one way or both."""
    for a, b in links:
        if arcs != "backward":
            yield a, b
        if arcs != "forward":
            yield b, a
