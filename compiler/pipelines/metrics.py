"""Metrics, `validation.accuracy`, against the parts and the outputs that there are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.collector import Collector
from dync.compiler.model import NetworkModel
from dync.compiler.pipeline_plan import Metric
from dync.grammar import syntax

PARTS: Final = ("train", "validation", "test")
"""The parts of a pipeline's own data."""

MEASURES: Final = ("accuracy", "mse", "agreement")


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
    return Metric(first.text, measure)


def _measures(models: Sequence[NetworkModel]) -> tuple[str, ...]:
    """What can be measured: of several outputs each one's measures too."""
    found = dict.fromkeys(MEASURES)
    for model in models:
        outputs = [layer.name for layer in model.layers if layer.role == "output"]
        if len(outputs) > 1:
            found |= dict.fromkeys(f"{output}.{measure}" for output in outputs for measure in MEASURES)
    return tuple(found)
