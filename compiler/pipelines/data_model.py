"""The data of a pipeline: source, bindings and transforms, against the layers of the network."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from msgspec import Struct

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.collector import Collector
from dync.compiler.model import LayerModel, NetworkModel
from dync.compiler.pipeline_plan import CallPlan, DataPlan
from dync.compiler.pipelines.calls import call_plan
from dync.compiler.pipelines.series_data import check_series
from dync.compiler.pipelines.signatures import EMBEDDED, SOURCES, TRANSFORMS, Signature, Sizes
from dync.grammar import syntax


class DataContext(Struct, frozen=True):
    """What data are checked against: the network, if it has no errors, and the sources that others registered."""

    model: NetworkModel | None
    sources: Mapping[str, Signature]
    mistakes: Collector


def data_plan(data: syntax.Data, context: DataContext) -> DataPlan:
    """The data with everything resolved."""
    source = _source(data.source, context)
    transforms = tuple(_transform(node, context.mistakes) for node in data.transforms)
    for node, transform in zip(data.transforms, transforms, strict=True):
        _check_split(node, transform, context.mistakes)
        _check_folds(node, transform, context.mistakes)
    if context.model is not None:
        _check_bindings(data, context.model, context.mistakes)
        _check_sizes(data, source, transforms, context.model, context.mistakes)
        check_series(data, source, transforms, context.model, context.mistakes)
    return DataPlan(source, {b.layer.text: b.array.value for b in data.bindings}, transforms)


def _source(node: syntax.Application, context: DataContext) -> CallPlan:
    known = {**SOURCES, **context.sources}
    if node.name.text not in known:
        context.mistakes.add(wrong.pipelines.UnknownSource(node.name.span, node.name.text, tuple(known)))
    return call_plan(node, known.get(node.name.text, Signature(open=True)), context.mistakes)


def _transform(node: syntax.Application, mistakes: Collector) -> CallPlan:
    if node.name.text not in TRANSFORMS:
        mistakes.add(wrong.pipelines.UnknownTransform(node.name.span, node.name.text, tuple(TRANSFORMS)))
    return call_plan(node, TRANSFORMS.get(node.name.text, Signature(open=True)), mistakes)


def _check_split(node: syntax.Application, transform: CallPlan, mistakes: Collector) -> None:
    if transform.name != "split":
        return
    parts = [transform.named.get(part, 0.0) for part in ("test", "validation")]
    held_out = sum(part for part in parts if isinstance(part, int | float))
    plain = all(isinstance(part, int | float) and 0 <= part <= 1 for part in parts)
    if plain and not 0 < held_out < 1:
        mistakes.add(wrong.pipelines.NothingToSplit(node.span, held_out))


def _check_folds(node: syntax.Application, transform: CallPlan, mistakes: Collector) -> None:
    parts, fold = transform.named.get("k"), transform.named.get("fold")
    if transform.name == "folds" and isinstance(parts, int) and isinstance(fold, int) and fold >= parts:
        mistakes.add(wrong.parameters.OutOfBounds(node.span, "fold", fold, f"in 0..{parts - 1}"))


def _check_bindings(data: syntax.Data, model: NetworkModel, mistakes: Collector) -> None:
    """Arrays go to inputs and outputs, each once, and where any is named all are."""
    layers = {layer.name: layer for layer in model.layers if layer.role in ("input", "output")}
    bound: dict[str, syntax.Binding] = {}
    for binding in data.bindings:
        name = binding.layer
        if name.text not in layers:
            mistakes.add(wrong.pipelines.UnknownBound(name.span, name.text, tuple(layers)))
        elif name.text in bound:
            mistakes.add(wrong.names.Duplicate(name.span, name.text, "binding", bound[name.text].layer.span))
        else:
            bound[name.text] = binding
    unbound = tuple(name for name in layers if name not in bound)
    if unbound and len(bound) == len(data.bindings) > 0:
        mistakes.add(wrong.pipelines.Unbound(data.source.span, unbound))


def _check_sizes(
    data: syntax.Data,
    source: CallPlan,
    transforms: tuple[CallPlan, ...],
    model: NetworkModel,
    mistakes: Collector,
) -> None:
    """One input and one output that take the data as they come: their units, where the source's size is known."""
    sizes = _sizes(source)
    inputs, outputs = ([layer for layer in model.layers if layer.role == role] for role in ("input", "output"))
    if sizes is None or data.bindings or len(inputs) != 1:
        return
    units = sizes.units
    for transform in transforms:
        projected = transform.named.get("units")
        units = projected if transform.name == "project" and isinstance(projected, int) else units
    if not inputs[0].shape_of_data and prod(inputs[0].shape) != units:
        mistakes.add(_size(data, units, "values an example", inputs[0]))
    if len(outputs) == 1 and not outputs[0].shape_of_data and prod(outputs[0].shape) != sizes.targets:
        mistakes.add(_size(data, sizes.targets, sizes.noun, outputs[0]))


def _size(data: syntax.Data, found: int, what: str, layer: LayerModel) -> wrong.pipelines.DataSize:
    source = data.source
    return wrong.pipelines.DataSize(source.span, source.name.text, found, what, layer.name, layer.shape, layer.span)


def _sizes(source: CallPlan) -> Sizes | None:
    """How large the examples of a source are, where that is known before it is read."""
    if source.name != "prototypes":
        return EMBEDDED.get(source.name)
    units, classes = source.named.get("units"), source.named.get("classes")
    return Sizes(units, classes) if isinstance(units, int) and isinstance(classes, int) else None
