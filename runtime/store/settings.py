"""A resolved spec as settings by dotted keys, so that runs can be filtered by them and compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import Final

from dync.compiler.expression import JSON

MOST_SETTINGS: Final = 2_000
"""Of more settings only the first are kept."""

LONGEST: Final = 300
"""Longer texts are cut off."""

Setting = bool | int | float | str


def settings_of(resolved: Mapping[str, JSON]) -> dict[str, Setting]:
    """Settings of the pipeline (`epochs`, `optimizer.learning_rate`) and numbers of the network (`layer.h[1]`: units).

    `resolved` has a `pipeline` and the `plan` of its network, or `plans` by name. The folder that relative paths start
    from is no setting.
    """
    plans = resolved.get("plans")
    networks = plans.items() if isinstance(plans, dict) else [("", resolved.get("plan"))]
    found = chain(_pipeline(resolved.get("pipeline")), *(_network(prefix, plan) for prefix, plan in networks))
    return dict(islice(found, MOST_SETTINGS))


def _pipeline(pipeline: JSON) -> Iterator[tuple[str, Setting]]:
    """What a benchmark compares stands under the keys of a comparison, so that the two can be compared.

    The `base` of a sweep is its training; that of others is the folder.
    """
    if isinstance(pipeline, dict) and isinstance(inner := pipeline.get("comparison"), dict):
        pipeline = {**inner, **{key: value for key, value in pipeline.items() if key != "comparison"}}
    folder = not (isinstance(pipeline, dict) and pipeline.get("pipeline") == "sweep")
    for key, value in flat(pipeline):
        if not (folder and key == "base"):
            yield key, value


def flat(data: JSON, key: str = "") -> Iterator[tuple[str, Setting]]:
    """Leaves by dotted keys; a call stands under its own key by name, its arguments below it."""
    match data:
        case {"name": str(name), "positional": list(positional), "named": dict(named)} | {
            "call": str(name),
            "positional": list(positional),
            "named": dict(named),
        }:
            yield key, _short(name)
            yield from flat(named, key)
            yield from flat(positional, key)
        case dict():
            for name, value in data.items():
                yield from flat(value, _under(key, name))
        case list():
            for place, value in enumerate(data):
                yield from flat(value, _under(key, str(place)))
        case str():
            yield key, _short(data)
        case bool() | int() | float():
            yield key, data


def _network(prefix: str, plan: JSON) -> Iterator[tuple[str, Setting]]:
    match plan:
        case {"structure": {"layers": list(layers)}}:
            for layer in layers:
                match layer:
                    case {"name": str(name), "shape": list(shape)}:
                        yield _under(prefix, f"layer.{_short(name)}"), _units(shape)
    match plan:
        case {"numbers": dict(numbers)}:
            for name, values in numbers.items():
                yield _under(prefix, f"number.{_short(name)}"), _numbers(values)


def _units(shape: list[JSON]) -> Setting:
    """`100`, or `8x8` where there is more than one dimension."""
    match shape:
        case [int() as units]:
            return units
    return _joined(shape, "x")


def _numbers(values: JSON) -> Setting:
    """The one number that all members share, or all of them."""
    if isinstance(values, list) and values and all(value == values[0] for value in values):
        match values[0]:
            case int() | float():
                return values[0]
    return _joined(values if isinstance(values, list) else [values], " ")


def _joined(parts: list[JSON], by: str) -> str:
    return _short(by.join(str(part) for part in parts[:LONGEST] if isinstance(part, int | float | str)))


def _under(key: str, name: str) -> str:
    return _short(f"{key}.{name}" if key else name)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
