"""The plan as canonical JSON, and back: sorted keys, no white space, floats by their shortest exact form."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from dync.compiler import plan as plan_module
from dync.compiler.expression import JSON, Apply, Expression, Number, Parameter, Symbol, from_json, to_json
from dync.compiler.plan import VERSION, Plan, Structure

_EXPRESSIONS = (Number, Symbol, Parameter, Apply)


class PlanError(ValueError):
    """A text that is not a plan of this version."""


def plain(value: Any) -> JSON:
    """Dataclasses, tuples and expressions as plain JSON data."""
    if isinstance(value, _EXPRESSIONS):
        return to_json(value)
    if is_dataclass(value):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, tuple | list):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"{type(value).__name__} has no place in a plan")


def canonical(data: JSON) -> str:
    """The one text of JSON data. Raises ValueError for numbers that JSON cannot hold."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)


def digest(data: JSON) -> str:
    """SHA-256 of the canonical text, in hexadecimal."""
    return hashlib.sha256(canonical(data).encode()).hexdigest()


def digest_of_structure(structure: Structure) -> str:
    """See `Structure.digest`."""
    return digest({"version": VERSION, "structure": plain(structure)})


def digest_of_plan(plan: Plan) -> str:
    """See `Plan.digest`."""
    return digest(plan_to_json(plan))


def plan_to_json(plan: Plan) -> JSON:
    """The plan as plain data with its version."""
    return {"version": VERSION, "structure": plain(plan.structure), "numbers": plain(plan.numbers)}


def plan_from_json(data: JSON) -> Plan:
    """Read back what `plan_to_json` gave.

    Raises PlanError where the version differs or the data have another form.
    """
    match data:
        case {"version": version} if version != VERSION:
            raise PlanError(f"a plan of version {version}; this dync reads version {VERSION}")
        case {"version": _, "structure": dict(structure), "numbers": dict(numbers)}:
            return Plan(typed(structure, Structure), typed(numbers, dict[str, tuple[float, ...]]))
    raise PlanError("not a plan: it needs version, structure and numbers")


def typed(data: Any, kind: Any) -> Any:
    """Plain data as the dataclasses that `kind` says, checked all the way down; raises PlanError."""
    if kind == Expression:
        try:
            return from_json(data)
        except ValueError as error:
            raise PlanError(str(error)) from None
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _optional(data, kind)
    if origin is Literal:
        if data in arguments:
            return data
    elif origin is tuple and isinstance(data, list):
        return tuple(typed(v, arguments[0]) for v in data)
    elif origin is dict and isinstance(data, dict):
        return {k: typed(v, arguments[1]) for k, v in data.items()}
    elif is_dataclass(kind) and isinstance(data, dict):
        return _dataclass(data, kind)
    elif kind is float and isinstance(data, int | float) and not isinstance(data, bool):
        return float(data)
    elif kind in (int, str, bool) and type(data) is kind:
        return data
    raise PlanError(f"not a plan: expected {kind}, found {data!r:.80}")


def _optional(data: Any, kind: Any) -> Any:
    """`X | None`, or the union of expressions with None."""
    members = [a for a in get_args(kind) if a is not NoneType]
    if data is None and len(members) < len(get_args(kind)):
        return None
    return typed(data, Expression if members[0] in _EXPRESSIONS else members[0])


def _dataclass(data: dict[str, Any], kind: Any) -> Any:
    hints = get_type_hints(kind, vars(plan_module))
    names = {f.name for f in fields(kind)}
    if set(data) != names:
        raise PlanError(f"not a plan: {kind.__name__} has the fields {sorted(names)}, found {sorted(data)}")
    return kind(**{name: typed(data[name], hints[name]) for name in names})
