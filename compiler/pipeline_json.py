"""A pipeline's plan as plain JSON data, and back."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from dync.compiler.expression import JSON
from dync.compiler.pipeline_plan import CallPlan, DataPlan, TrainingPlan, Value
from dync.compiler.plan_error import PlanError, require
from dync.compiler.plan_json import digest

DEEPEST = 16
"""Calls that stand inside each other, at most."""


def pipeline_to_json(plan: TrainingPlan) -> JSON:
    """The pipeline as plain data."""
    data: dict[str, JSON] = {f.name: getattr(plan, f.name) for f in fields(plan)}
    return data | {
        "data": _data_to_json(plan.data),
        "optimizer": _call_to_json(plan.optimizer),
        "evaluate_on": {name: _data_to_json(data) for name, data in plan.evaluate_on.items()},
    }


def digest_of_pipeline(plan: TrainingPlan) -> str:
    """SHA-256 of what the pipeline means, in hexadecimal: the folder that its paths start from does not count."""
    data = pipeline_to_json(plan)
    assert isinstance(data, dict)
    return digest({key: value for key, value in data.items() if key != "base"})


def pipeline_from_json(data: Any) -> TrainingPlan:
    """Read back what `pipeline_to_json` gave; raises PlanError for anything else."""
    require(isinstance(data, dict) and set(data) == {f.name for f in fields(TrainingPlan)}, "the pipeline's fields")
    counts = ("batch", "seed", "evaluate_every", "checkpoint_every", "keep")
    require(all(_is_count(data[name]) for name in counts), f"{', '.join(counts)} are whole numbers from 0 up")
    require(data["batch"] > 0 and data["keep"] > 0, "batch and keep are at least 1")
    optional = [data["epochs"], data["updates"]]
    require(all(n is None or _is_count(n) for n in optional) and optional.count(None) == 1, "epochs or updates")
    require(all(isinstance(data[name], str) for name in ("name", "network", "base")), "names are texts")
    require(isinstance(data["evaluate_on"], dict), "further data by name")
    return TrainingPlan(
        **data
        | {
            "data": _data_from_json(data["data"]),
            "optimizer": _call_from_json(data["optimizer"]),
            "evaluate_on": {str(name): _data_from_json(found) for name, found in data["evaluate_on"].items()},
        }
    )


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _data_to_json(plan: DataPlan) -> JSON:
    return {
        "source": _call_to_json(plan.source),
        "bindings": dict(plan.bindings),
        "transforms": [_call_to_json(call) for call in plan.transforms],
    }


def _data_from_json(data: Any) -> DataPlan:
    match data:
        case {"source": source, "bindings": dict(bindings), "transforms": list(transforms)}:
            require(all(isinstance(array, str) for array in bindings.values()), "arrays go by their names")
            return DataPlan(_call_from_json(source), dict(bindings), tuple(map(_call_from_json, transforms)))
    raise PlanError("not a plan: data need a source, bindings and transforms")


def _call_to_json(call: CallPlan) -> JSON:
    return {
        "call": call.name,
        "positional": [_value_to_json(v) for v in call.positional],
        "named": {name: _value_to_json(v) for name, v in call.named.items()},
    }


def _value_to_json(value: Value) -> JSON:
    return _call_to_json(value) if isinstance(value, CallPlan) else value


def _call_from_json(data: Any, depth: int = 0) -> CallPlan:
    require(depth < DEEPEST, f"calls stand inside each other more than {DEEPEST} deep")
    match data:
        case {"call": str(name), "positional": list(positional), "named": dict(named)}:
            return CallPlan(
                name,
                tuple(_value_from_json(v, depth) for v in positional),
                {str(key): _value_from_json(v, depth) for key, v in named.items()},
            )
    raise PlanError("not a plan: a call needs its name and arguments")


def _value_from_json(data: Any, depth: int) -> Value:
    if isinstance(data, dict):
        return _call_from_json(data, depth + 1)
    if data is None or isinstance(data, bool | int | float | str):
        return data
    raise PlanError("not a plan: an argument is a number, a word or a call")
