"""What a network within another one does otherwise than by itself."""

from __future__ import annotations

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.collector import Collector
from dync.compiler.elaboration.inner_layers import Inner
from dync.compiler.model import NetworkModel, RuleUse
from dync.compiler.rules.moments import not_over


def check_inner(inner: Inner, around: NetworkModel, mistakes: Collector) -> None:
    """What a network that moves step by step within another one lacks there."""
    if inner.network is not None:
        _check_starts(inner, inner.network, mistakes)
        _check_schedule(inner, inner.network, around, mistakes)
        _check_rules(inner, inner.network, around, mistakes)


def _check_starts(inner: Inner, network: NetworkModel, mistakes: Collector) -> None:
    for layer in network.layers:
        if layer.start is not None:
            mistakes.add(wrong.nested_warnings.StartsAtZero(inner.model.span, network.name, layer.span, layer.name))


def _check_schedule(inner: Inner, network: NetworkModel, around: NetworkModel, mistakes: Collector) -> None:
    """Only a sequential schedule leaves room for another one within it; those that all move at once are no surprise."""
    own, outer = network.schedule, around.schedule
    if own.span is not None and outer.kind != "sequential" and own.kind not in ("synchronous", outer.kind):
        place = inner.model.span
        mistakes.add(
            wrong.nested_warnings.OtherSchedule(place, network.name, own.span, own.kind, around.name, outer.kind)
        )


def _check_rules(inner: Inner, network: NetworkModel, around: NetworkModel, mistakes: Collector) -> None:
    """The moments that rules read are the ends of the phases of the network around it."""
    for edge in network.edges:
        if edge.rule is None:
            continue
        rule, trains = edge.rule.definition, around.trains
        missing = tuple(phase for phase in rule.moments if any(phase not in train for train in trains.values()))
        if missing:
            place, learns = inner.model.span, edge.rule.span
            lacking = tuple(name for name, train in trains.items() if not set(missing) <= set(train))
            names = rule.name, network.name
            mistakes.add(wrong.nested.InnerMoments(place, *names, missing, around.name, learns, lacking))
        _check_learning(inner, edge.rule, around, mistakes)


def _check_learning(inner: Inner, use: RuleUse, around: NetworkModel, mistakes: Collector) -> None:
    """The phases of `during` are those of the network around it; its measures are of it by itself."""
    place, trains = inner.model.span, around.trains
    for measure in use.modulators.values():
        mistakes.add(wrong.local_learning.UnknownMeasure(place, measure, outer=around.name))
    if use.during is not None:
        lacking = tuple((name, phases) for name, phases in trains.items() if use.during not in phases)
        if lacking or not trains:
            lost = wrong.local_learning.DuringNoPhase(place, use.during, use.definition.name, lacking, around.name)
            mistakes.add(lost)
        elif found := not_over(use.definition, trains, place, use.during):
            mistakes.add(found[0])
