"""Verdicts as plain data, for `dync test --format json`."""

from __future__ import annotations

from typing import Any

from dync.compiler.model import NetworkModel
from dync.compiler.properties.outcome import Fails, NoNetwork
from dync.properties.search import Counterexample, Verdict


def verdict_json(verdict: Verdict, seed: int) -> dict[str, Any]:
    """One property: where it stands, whether it holds, at how many values it was tried, and the smallest failure."""
    source = verdict.prop.span.source
    found = verdict.counterexample
    return {
        "name": verdict.prop.name,
        "network": verdict.prop.network.name.text,
        "file": source.name,
        "line": source.position(verdict.prop.span.start)[0],
        "holds": verdict.holds,
        "cases": verdict.tried,
        "given_up": verdict.given_up_at is not None,
        "seed": seed,
        "counterexample": None if found is None else _counterexample(found),
    }


def _counterexample(found: Counterexample) -> dict[str, Any]:
    failure = found.failure
    data: dict[str, Any] = {"values": dict(found.values)}
    if isinstance(failure, Fails):
        data["requirement"] = " ".join(failure.requirement.condition.span.text.split())
        data["was"] = failure.shown
        data["variables"] = dict(failure.variables)
        data["because"] = list(failure.because)
    if not isinstance(failure, NoNetwork):
        data["layers"], data["edges"] = _layers(failure.model), _edges(failure.model)
    return data


def _layers(model: NetworkModel) -> list[dict[str, Any]]:
    return [{"name": layer.name, "role": layer.role, "shape": list(layer.shape)} for layer in model.layers]


def _edges(model: NetworkModel) -> list[dict[str, Any]]:
    return [
        {
            "sender": edge.sender,
            "receiver": edge.receiver,
            "kind": edge.kind,
            "label": edge.label,
            "rule": edge.learns_by,
        }
        for edge in model.edges
    ]
