"""The data of a pipeline against time: series for layers over time, and for no others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.collector import Collector
from dync.compiler.model import NetworkModel
from dync.compiler.pipeline_plan import CallPlan, DataPlan
from dync.compiler.pipelines.settings_of import SettingsOf
from dync.compiler.pipelines.signatures import SERIES, SOURCES
from dync.grammar import syntax

_MADE: Final = ("mackey_glass", "narma")
"""The sources that make one number a sample."""


def check_series(
    data: syntax.Data, source: CallPlan, transforms: tuple[CallPlan, ...], model: NetworkModel, mistakes: Collector
) -> None:
    """What does not fit between a source, its transforms and a network, of which one knows time and the other not."""
    if model.time is None:
        _check_still(data, source, transforms, model, mistakes)
        return
    if source.name in SOURCES and source.name not in SERIES:
        layer = next(layer for layer in model.layers if layer.name in model.time.layers)
        mistakes.add(wrong.series.StillForTime(data.source.span, source.name, layer.name, tuple(SERIES), layer.span))
    if source.name not in SERIES:
        return
    for node, transform in zip(data.transforms, transforms, strict=True):
        _check_transform(node, transform, source, mistakes)
    if source.name in _MADE and not data.bindings:
        _check_sizes(data, source, transforms, model, mistakes)


def _check_still(
    data: syntax.Data, source: CallPlan, transforms: tuple[CallPlan, ...], model: NetworkModel, mistakes: Collector
) -> None:
    if source.name in SERIES:
        mistakes.add(wrong.series.SeriesForStill(data.source.span, source.name, model.name, model.span))
        return
    for node, transform in zip(data.transforms, transforms, strict=True):
        if transform.name == "windows":
            mistakes.add(wrong.series.WindowsWithoutTime(node.span))


def _check_transform(node: syntax.Application, transform: CallPlan, source: CallPlan, mistakes: Collector) -> None:
    if transform.name == "split":
        for word in ("seed", "stratify"):
            place = next((a.span for a in node.arguments if a.name is not None and a.name.text == word), node.span)
            if word in transform.named:
                mistakes.add(wrong.series.DrawnFromSeries(place, word))
    if transform.name == "folds" and source.name in _MADE and source.named.get("sequences", 1) == 1:
        mistakes.add(wrong.series.FoldsOfSeries(node.span, source.name))


def _check_sizes(
    data: syntax.Data, source: CallPlan, transforms: tuple[CallPlan, ...], model: NetworkModel, mistakes: Collector
) -> None:
    """The layers that take the source's data and target as they come have one unit."""
    assert model.time is not None
    changed = any(transform.name in ("project", "reshape") for transform in transforms)
    for layer in model.layers:
        free = layer.shape_of_data or (changed and layer.role == "input")
        if layer.name in model.time.layers and not free and layer.shape and set(layer.shape) != {1}:
            mistakes.add(wrong.series.SeriesSize(data.source.span, source.name, layer.name, layer.shape, layer.span))


def check_study(
    settings: SettingsOf, tasks: Mapping[str, DataPlan], networks: Sequence[NetworkModel], mistakes: Collector
) -> None:
    """What a comparison cannot do with networks over time: set baselines against them, pack the best."""
    source = next((task.source.name for task in tasks.values() if task.source.name in SERIES), None)
    if source is not None:
        for entry in settings.all(syntax.EntrySetting):
            if isinstance(entry.origin, syntax.Baseline):
                mistakes.add(wrong.series.BaselineOverTime(entry.span, f"the baseline `{entry.name.text}`", source))
        for against in settings.all(syntax.AgainstSetting):
            mistakes.add(wrong.series.BaselineOverTime(against.span, "a baseline", source))
    network = next((network for network in networks if network.time is not None), None)
    for package in settings.all(syntax.PackageSetting) if network is not None else ():
        assert network is not None
        mistakes.add(wrong.series.PackageOverTime(package.span, network.name))
