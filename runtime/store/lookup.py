"""What a key of a condition means for a run: a column of the list, a measure or a setting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Final

from dync.compiler.expression import JSON
from dync.runtime.error import RunError
from dync.runtime.store.condition import Condition, Value
from dync.runtime.store.rows import Row, from_json
from dync.runtime.store.run_data import Summary

_COLUMNS: Final = ("id", "name", "kind", "status", "created", "seconds")
_PARTS: Final = ("test", "validation", "train")

Found = tuple[Summary, Row]


def matching(where: Condition, found: Sequence[Found]) -> list[Found]:
    """The runs of which a condition holds; raises RunError for a key that none of them has."""
    known = [(pair, values_of(*pair)) for pair in found]
    for key in where.mentioned():
        if known and all(value_under(key, values) is None for _, values in known):
            raise RunError(_unknown(key, {name for _, values in known for name in values}))
    return [pair for pair, values in known if where.holds(lambda key, values=values: value_under(key, values))]  # type: ignore[misc]


def values_of(summary: Summary, row: Row) -> dict[str, Value]:
    """All that can be asked of a run, by full names; where names are alike, columns go before measures and settings."""
    found: dict[str, Value] = {}
    for text in (row["settings"], row["measures"]):
        data = from_json(text)
        found |= {key: plain for key, v in _items(data) if (plain := _value(v)) is not None}
    columns = {name: getattr(summary, name) for name in _COLUMNS}
    return found | {name: value for name, value in columns.items() if value is not None}


def value_under(key: str, values: Mapping[str, Value]) -> Value | None:
    """The value under a full name, or under the end of one.

    `accuracy` is the test's before the validation's; other ends must mean one alone, as in `learning_rate`.
    """
    if key in values:
        return values[key]
    for part in _PARTS:
        if f"{part}.{key}" in values:
            return values[f"{part}.{key}"]
    ends = [name for name in values if name.endswith(f".{key}")]
    return values[ends[0]] if len(ends) == 1 else None


def _items(data: JSON) -> list[tuple[str, JSON]]:
    return list(data.items()) if isinstance(data, dict) else []


def _value(value: JSON) -> Value | None:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return float(value) if abs(value) < 1e308 else None
        case str():
            return value
    return None


def _unknown(key: str, names: set[str]) -> str:
    ends = {name.rpartition(".")[2] for name in names if not name.startswith(("layer.", "number."))}
    near = get_close_matches(key, sorted(names | ends), n=1)
    several = sorted(name for name in names if name.endswith(f".{key}"))
    if several:
        return f"{key!r} means {', '.join(several[:5])}: give the whole name"
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(names)[:8])}, …"
    return f"none of the runs has a measure or setting {key!r}: {hint}"
