"""Networks within networks: `layer m network Memory(…)`, step by step or to completion, `edge … network Encoder(…)`.

Step by step, what is in the network becomes part of the one around it, under names that begin with that of the layer:
`m.h`. Its inputs become layers that hold their field. To completion, the layer is two, its input and its output, with
an edge between them that is the network.
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec.structs import replace

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.arguments import matched
from dync.compiler.elaboration.constant import integer, number
from dync.compiler.elaboration.context import Context
from dync.compiler.elaboration.elaborate_protocols import PARAMETER, name_of_protocol, parameter_names
from dync.compiler.elaboration.elaborate_uses import IDENTITY, activation_use
from dync.compiler.elaboration.inner_layers import Inner
from dync.compiler.elaboration.layer_table import Entry
from dync.compiler.elaboration.scope import Scope
from dync.compiler.expression import Symbol, symbols
from dync.compiler.model import ActivationUse, EdgeModel, InnerModel, LayerModel, NetworkModel, TieModel
from dync.compiler.planning.waves import waves
from dync.grammar import syntax


class _Ends(NamedTuple):
    """The only input and the only output of a network."""

    input: LayerModel
    output: LayerModel


def inner_entry(item: syntax.Instance, scope: Scope, context: Context) -> Entry:
    """The declaration of a layer that is a network, or of an array of them."""
    shape = item.network.span
    names, low = _names(item, scope, context)
    network = _network(item.network, scope, context)
    if names is None or network is None:
        return Entry(item.name, shape, low, None)
    if item.completion is not None:
        ends = _completed(item.network, network, context)
        size = 3
    else:
        ends, size = None, len(network.layers) + len(network.edges)
    if item.completion is not None and ends is None:
        return Entry(item.name, shape, low, None)
    if not context.budget.take(len(names) * max(size, 1), f"`{item.name.text}`", item.span):
        return Entry(item.name, shape, low, None)
    hold = _identity(item, scope, context)
    if ends is not None:
        inner = tuple(_whole(name, item, network, ends, hold) for name in names)
    else:
        inner = tuple(_inlined(name, item, network, hold) for name in names)
    return Entry(item.name, shape, low, tuple(layer for one in inner for layer in one.layers.values()), inner)


def coded(nested: syntax.Nested, scope: Scope, context: Context) -> NetworkModel | None:
    """The network that an edge is, or a layer to completion; None where that was a mistake."""
    network = _network(nested, scope, context)
    return network if network is not None and _completed(nested, network, context) is not None else None


def ends_of(network: NetworkModel) -> _Ends:
    """The input and the output of a network that runs to completion."""
    inputs, outputs = ([layer for layer in network.layers if layer.role == role] for role in ("input", "output"))
    return _Ends(inputs[0], outputs[0])


def _names(item: syntax.Instance, scope: Scope, context: Context) -> tuple[list[str] | None, int | None]:
    """The full names of the layers of an array, and the lowest index; None for names that were a mistake."""
    if item.members is None:
        return [item.name.text], None
    low = integer(item.members.low, scope, context.mistakes, "an index")
    high = integer(item.members.high, scope, context.mistakes, "an index")
    if low is None or high is None:
        return None, 0
    if high < low:
        context.mistakes.add(wrong.shapes.NoMembers(item.members.span, item.name.text, low, high))
        return None, low
    if not context.budget.has(high - low + 1, f"`{item.name.text}`", item.members.span):
        return None, low
    return [f"{item.name.text}[{i}]" for i in range(low, high + 1)], low


def _network(nested: syntax.Nested, scope: Scope, context: Context) -> NetworkModel | None:
    """The network that is named, with the parameters that are given to it."""
    name, known = nested.name, context.library.networks
    network = known.get(name.text)
    if network is None:
        context.mistakes.add(wrong.pipelines.UnknownNetwork(name.span, name.text, tuple(known)))
        return None
    takes = parameter_names(network)
    given = matched(nested, takes, context.mistakes, of_network=True)
    chosen = given.pop(PARAMETER, None) if PARAMETER in takes else None
    protocol = None if chosen is None else name_of_protocol(chosen.value, context.mistakes)
    values = {key: number(argument.value, scope, context.mistakes) for key, argument in given.items()}
    around = [outer for outer, _ in context.around]
    if name.text in around:
        place = around.index(name.text)
        circle = (*around[place:], name.text)
        context.mistakes.add(wrong.nested.NetworkInItself(nested.span, circle, context.around[place][1]))
        return None
    if None in values.values() or context.nested is None:
        return None
    places = {key: argument.value.span for key, argument in given.items()}
    places |= {} if chosen is None else {PARAMETER: chosen.value.span}
    arguments = {
        key: float(value) if isinstance(value, float) else value for key, value in values.items() if value is not None
    }
    model = context.nested(network, arguments, places, protocol, context)
    return model if model is not None and _is_fit(nested, model, context) else None


def _is_fit(nested: syntax.Nested, model: NetworkModel, context: Context) -> bool:
    """Whether a network needs no data of its own."""
    for layer in model.layers:
        if layer.shape_of_data:
            mistake = wrong.nested.InnerShapeOfData(nested.span, nested.name.text, model.name, layer.name, layer.span)
            context.mistakes.add(mistake)
            return False
    if model.time is not None:
        context.mistakes.add(wrong.nested.InnerSeries(nested.span, model.name, model.span))
        return False
    return True


def _completed(nested: syntax.Nested, model: NetworkModel, context: Context) -> _Ends | None:
    """The ends of a network that runs to completion; None where it cannot."""
    inputs, outputs = (sum(layer.role == role for layer in model.layers) for role in ("input", "output"))
    random = next((layer for layer in model.layers if _draws(layer)), None)
    if (inputs, outputs) != (1, 1):
        context.mistakes.add(wrong.nested.NestedEnds(nested.span, model.name, inputs, outputs, model.span))
    elif model.infer is None:
        context.mistakes.add(wrong.nested.NoInference(nested.span, model.name, model.span))
    elif random is not None:
        context.mistakes.add(wrong.nested.RandomInside(nested.span, model.name, random.name, random.span))
    else:
        learns = next((edge for edge in model.edges if edge.learning is not None), None)
        if learns is not None:
            context.mistakes.add(wrong.nested_warnings.StaysAsDrawn(nested.span, model.name, learns.span))
        return ends_of(model)
    return None


def _draws(layer: LayerModel) -> bool:
    if layer.activation is None:
        return False
    moves = layer.activation.definition.moves
    return any(symbol.name in ("uniform", "normal") for part in moves for symbol in symbols(part))


def _identity(item: syntax.Instance, scope: Scope, context: Context) -> ActivationUse | None:
    """What an input becomes: a layer that holds its field."""
    name = syntax.Name(IDENTITY, item.name.span)
    return activation_use(syntax.Application(name, (), item.name.span), scope, context)


def _inlined(name: str, item: syntax.Instance, network: NetworkModel, hold: ActivationUse | None) -> Inner:
    """The network step by step: all that is in it, renamed."""
    layers = {f"{name}.{layer.name}": _layer(name, layer, hold) for layer in network.layers}
    edges = tuple(_edge(name, edge) for edge in network.edges)
    groups = tuple(
        replace(group, name=f"{name}.{group.name}", layers=_within(name, group.layers)) for group in network.groups
    )
    inputs, outputs = (_of_role(name, network, role) for role in ("input", "output"))
    model = InnerModel(name, network.name, tuple(layers), inputs, outputs, _waves(name, network), item.network.span)
    return Inner(model, layers, edges, groups, network)


def _whole(name: str, item: syntax.Instance, network: NetworkModel, ends: _Ends, hold: ActivationUse | None) -> Inner:
    """The network to completion: its input, its output, and an edge that is the network."""
    found = [_layer(name, replace(layer, activation=hold), hold) for layer in ends]
    model = InnerModel(
        name=name,
        network=network.name,
        layers=tuple(layer.name for layer in found),
        inputs=(found[0].name,),
        outputs=(found[1].name,),
        waves=tuple((layer.name,) for layer in found),
        span=item.network.span,
    )
    edge = EdgeModel(
        label=None,
        sender=found[0].name,
        receiver=found[1].name,
        kind="network",
        strength=1.0,
        density=1.0,
        diagonal=None,
        sends=Symbol("state"),
        sends_arguments={},
        rule=None,
        rate=1.0,
        decay=0.0,
        span=item.span,
        inner=network,
    )
    return Inner(model, {layer.name: layer for layer in found}, (edge,))


def _layer(name: str, layer: LayerModel, hold: ActivationUse | None) -> LayerModel:
    """A layer of the network as one of the network around it."""
    return replace(
        layer,
        name=f"{name}.{layer.name}",
        array=None if layer.array is None else f"{name}.{layer.array}",
        role="constant" if layer.role == "constant" else "layer",
        activation=hold if layer.role == "input" else layer.activation,
        start=None,
    )


def _edge(name: str, edge: EdgeModel) -> EdgeModel:
    tie = edge.tie
    return replace(
        edge,
        label=None if edge.label is None else f"{name}.{edge.label}",
        sender=f"{name}.{edge.sender}",
        receiver=f"{name}.{edge.receiver}",
        tie=None if tie is None else TieModel(f"{name}.{tie.label}", tie.turned),
    )


def _within(name: str, layers: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{name}.{layer}" for layer in layers)


def _of_role(name: str, network: NetworkModel, role: str) -> tuple[str, ...]:
    return tuple(f"{name}.{layer.name}" for layer in network.layers if layer.role == role)


def _waves(name: str, network: NetworkModel) -> tuple[tuple[str, ...], ...]:
    """In which order its layers move by its own schedule: first the inputs, which are clamped where it is by itself."""
    inputs = {number for number, layer in enumerate(network.layers) if layer.role == "input"}
    order = [tuple(sorted(inputs)), *(tuple(n for n in wave if n not in inputs) for wave in waves(network))]
    return tuple(tuple(f"{name}.{network.layers[n].name}" for n in wave) for wave in order if wave)
