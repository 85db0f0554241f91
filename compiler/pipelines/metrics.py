"""Metrics, `validation.accuracy`, against the parts and the outputs that there are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.collector import Collector
from dync.compiler.model import LayerModel, NetworkModel
from dync.compiler.pipeline_plan import Metric
from dync.compiler.plan import GIVEN_MEASURES, STILL_MEASURES
from dync.grammar import syntax

PARTS: Final = ("train", "validation", "test")
"""The parts of a pipeline's own data."""


def metric(
    key: syntax.Key, evaluations: Collection[str], models: Sequence[NetworkModel], mistakes: Collector
) -> Metric | None:
    """The metric of a key, None where it is none.

    `evaluations` are the names of further data, `models` the networks that are measured.
    """
    first, *rest = key.parts
    if not rest:
        mistakes.add(wrong.studies.NoMetric(key.span, key.text))
        return None
    parts = (*PARTS, *evaluations)
    if first.text not in parts:
        mistakes.add(wrong.studies.UnknownPart(first.span, first.text, parts))
    measure, known = ".".join(name.text for name in rest), _measures(models)
    if measure not in known:
        mistakes.add(wrong.studies.UnknownMeasure(rest[0].span.to(rest[-1].span), measure, known))
    return Metric(first.text, measure, _is_minimized(key, measure, models, mistakes))


def declared_measures(models: Sequence[NetworkModel]) -> tuple[str, ...]:
    """The measures that all of these networks declare."""
    names = [tuple(measure.name for measure in model.measures) for model in models]
    return tuple(name for name in names[0] if all(name in others for others in names)) if names else ()


def _is_minimized(key: syntax.Key, name: str, models: Sequence[NetworkModel], mistakes: Collector) -> bool:
    """Whether the networks declare a measure as one of which less is better."""
    found = {model.name: measure for model in models for measure in model.measures if measure.name == name}
    less = [network for network, measure in found.items() if measure.minimize]
    more = [network for network, measure in found.items() if not measure.minimize]
    if less and more:
        mistakes.add(wrong.measures.OppositeMeasures(key.span, name, less[0], more[0], found[less[0]].span))
    return bool(less)


def _measures(models: Sequence[NetworkModel]) -> tuple[str, ...]:
    """What can be measured: of several outputs each one's measures too, and what the networks declare.

    What is measured over time alone is known where every network has an output over time.
    """
    over_time = all(any(layer.name in _over_time(model) for layer in _outputs(model)) for model in models)
    found = dict.fromkeys(GIVEN_MEASURES if over_time else STILL_MEASURES)
    for model in models:
        outputs = _outputs(model)
        for output in outputs if len(outputs) > 1 else ():
            own = GIVEN_MEASURES if output.name in _over_time(model) else STILL_MEASURES
            found |= dict.fromkeys(f"{output.name}.{measure}" for measure in own)
    return (*found, *declared_measures(models))


def _outputs(model: NetworkModel) -> list[LayerModel]:
    return [layer for layer in model.layers if layer.role == "output"]


def _over_time(model: NetworkModel) -> tuple[str, ...]:
    return () if model.time is None else model.time.layers
