"""The layers of a network: inputs, outputs, constants, hidden layers and arrays of them."""

from __future__ import annotations

from math import prod
from typing import TypeAlias

from msgspec.structs import replace

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.budget import SIZE
from dync.compiler.elaboration.constant import integer, number
from dync.compiler.elaboration.context import Context
from dync.compiler.elaboration.elaborate_uses import IDENTITY, activation_use
from dync.compiler.elaboration.layer_table import Entry, LayerTable
from dync.compiler.elaboration.scope import Scope
from dync.compiler.model import ActivationUse, LayerModel
from dync.compiler.plan import Role
from dync.grammar import syntax
from dync.grammar.source import Span

LayerItem: TypeAlias = syntax.Input | syntax.Layer | syntax.Output | syntax.Constant

UNKNOWN: tuple[int, ...] = ()
"""The shape of a layer whose shape was a mistake, or is left to the data: nothing is said about it."""


def declare_layers(items: tuple[syntax.NetworkItem, ...], scope: Scope, context: Context) -> LayerTable:
    """The table of the layers that these items declare."""
    table = LayerTable(context.mistakes)
    declared = [item for item in items if isinstance(item, LayerItem | syntax.Instance)]
    for item in declared:
        name = item.name
        if name.text in table.entries:
            context.mistakes.add(
                wrong.names.Duplicate(name.span, name.text, "layer", table.entries[name.text].name.span)
            )
            if not isinstance(item, syntax.Instance):
                _layer(item, scope, context)
        elif isinstance(item, syntax.Instance):
            from dync.compiler.elaboration.elaborate_inner import inner_entry  # which few files need

            table.entries[name.text] = inner_entry(item, scope, context)
        else:
            table.entries[name.text] = _entry(item, scope, context)
    for item in declared:
        if isinstance(item, syntax.Layer) and item.start is not None:
            _start(item, item.start, table, scope)
    return table


def _entry(item: LayerItem, scope: Scope, context: Context) -> Entry:
    layer = _layer(item, scope, context)
    shape = _shape_span(item)
    if not isinstance(item, syntax.Layer) or item.members is None:
        fits = context.budget.take(1, f"`{layer.name}`", item.name.span)
        return Entry(item.name, shape, None, (layer,) if fits else None)
    low = integer(item.members.low, scope, context.mistakes, "an index")
    high = integer(item.members.high, scope, context.mistakes, "an index")
    if low is None or high is None:
        return Entry(item.name, shape, 0, None)
    if high < low:
        context.mistakes.add(wrong.shapes.NoMembers(item.members.span, layer.name, low, high))
        return Entry(item.name, shape, low, None)
    if not context.budget.take(high - low + 1, f"`{layer.name}`", item.members.span):
        return Entry(item.name, shape, low, None)
    members = (replace(layer, name=f"{layer.name}[{i}]", array=layer.name) for i in range(low, high + 1))
    return Entry(item.name, shape, low, tuple(members))


def _layer(item: LayerItem, scope: Scope, context: Context) -> LayerModel:
    activation = _activation(item, scope, context)
    value = number(item.value, scope, context.mistakes) if isinstance(item, syntax.Constant) else None
    return LayerModel(
        name=item.name.text,
        array=None,
        role=_role(item),
        shape=_shape(item, scope, context),
        activation=activation,
        start=None,
        value=None if value is None else float(value),
        span=item.span,
        shape_of_data=not item.shape,
    )


def _shape_span(item: LayerItem) -> Span:
    """Where the shape stands; of `(*)`, which has no parts, the name before it."""
    return item.shape[0].span.to(item.shape[-1].span) if item.shape else item.name.span


def _role(item: LayerItem) -> Role:
    match item:
        case syntax.Input():
            return "input"
        case syntax.Layer():
            return "layer"
        case syntax.Output():
            return "output"
        case syntax.Constant():
            return "constant"


def _activation(item: LayerItem, scope: Scope, context: Context) -> ActivationUse | None:
    match item:
        case syntax.Layer(activation=activation):
            return activation_use(activation, scope, context)
        case syntax.Output(activation=activation):
            identity = syntax.Application(syntax.Name(IDENTITY, item.name.span), (), item.name.span)
            return activation_use(activation or identity, scope, context)
        case syntax.Input() | syntax.Constant():
            return None


def _shape(item: LayerItem, scope: Scope, context: Context) -> tuple[int, ...]:
    """The shape, or `UNKNOWN`."""
    if not item.shape:
        return context.shapes.get(item.name.text, UNKNOWN)
    dimensions = []
    for expression in item.shape:
        units = integer(expression, scope, context.mistakes, "a number of units")
        if units is not None and units < 1:
            context.mistakes.add(wrong.shapes.BadDimension(expression.span, item.name.text, units))
        dimensions.append(units if units is not None and units >= 1 else None)
    known = tuple(dimension for dimension in dimensions if dimension is not None)
    if len(known) < len(dimensions):
        return UNKNOWN
    if prod(known) > SIZE:
        span = _shape_span(item)
        context.mistakes.add(wrong.shapes.TooLarge(span, f"the units of `{item.name.text}`", prod(known), SIZE))
        return UNKNOWN
    return known


def _start(item: syntax.Layer, reference: syntax.Reference, table: LayerTable, scope: Scope) -> None:
    """Let a layer start from an input, which may be declared after it."""
    source, entry = table.one(reference, scope), table.entries[item.name.text]
    if source is None or entry.members is None or entry.members[0].span is not item.span:
        return
    name, shape = item.name.text, entry.members[0].shape
    if source.role != "input":
        what = {"layer": "a hidden layer", "output": "an output", "constant": "a constant"}[source.role]
        table.mistakes.add(wrong.shapes.StartNotInput(reference.span, source.name, what))
    elif UNKNOWN not in (shape, source.shape) and prod(shape) != prod(source.shape):
        declared = table.entry(source).shape
        table.mistakes.add(wrong.shapes.StartShape(reference.span, name, shape, source.name, source.shape, declared))
    members = tuple(replace(member, start=source.name) for member in entry.members)
    table.entries[name] = replace(entry, members=members)
