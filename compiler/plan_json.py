"""The plan as canonical JSON, and back: sorted keys, no white space, floats by their shortest exact form."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from math import isfinite
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from msgspec import Struct

from dync.compiler.expression import JSON, Apply, Expression, Number, Parameter, Symbol, from_json, to_json
from dync.compiler.plan import VERSION, Plan, Structure
from dync.compiler.plan_error import PlanError
from dync.compiler.plan_field import added, hints
from dync.compiler.planning.verify_plan import verify_plan

__all__ = [
    "DEEPEST", "PlanError", "canonical", "digest", "digest_of_plan", "digest_of_structure", "plain", "plan_from_json",
    "plan_from_text", "plan_to_json", "refuse_depth", "typed",
]  # fmt: skip

_EXPRESSIONS = (Number, Symbol, Parameter, Apply)


DEEPEST = 256
"""How deeply the parts of a plan may be nested. Beyond this, reading it could exhaust Python's stack."""


def plain(value: Any) -> JSON:
    """Structs, tuples and expressions as plain JSON data; a field that was added later is left out at its default."""
    if isinstance(value, _EXPRESSIONS):
        return to_json(value)
    if isinstance(value, Struct):
        later, found = added(type(value)), {name: getattr(value, name) for name in value.__struct_fields__}
        return {name: plain(v) for name, v in found.items() if name not in later or v != later[name]}
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


def plan_from_text(text: str) -> Plan:
    """Read back a plan's JSON text; raises PlanError where it is damaged, of another version or no plan at all."""
    try:
        return plan_from_json(json.loads(text, object_pairs_hook=_object))
    except json.JSONDecodeError as error:
        raise PlanError(f"not a plan: no JSON at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise PlanError(f"not a plan: nested more than {DEEPEST} deep") from None
    except ValueError as error:  # PlanError itself, or an integer of more digits than Python reads
        raise error if isinstance(error, PlanError) else PlanError(f"not a plan: {error}") from None


def plan_from_json(data: JSON) -> Plan:
    """Read back what `plan_to_json` gave.

    Raises PlanError where the version differs, the data have another form, or the plan does not hold together (see
    `verify_plan`).
    """
    refuse_depth(data)
    match data:
        case {"version": version} if type(version) is not int or version != VERSION:
            raise PlanError(f"a plan of version {_shown(version)}; this dync reads version {VERSION}")
        case {"version": _, "structure": dict(structure), "numbers": dict(numbers), **rest} if not rest:
            plan = Plan(typed(structure, Structure), typed(numbers, dict[str, tuple[float, ...]]))
            verify_plan(plan)
            return plan
    raise PlanError("not a plan: it needs version, structure and numbers, and nothing else")


def typed(data: Any, kind: Any) -> Any:
    """Plain data as the Structs that `kind` says, checked all the way down; raises PlanError.

    The data are taken to be nested no deeper than `DEEPEST`.
    """
    if kind == Expression:
        return _expression(data)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _member(data, kind)
    if origin is Literal:
        if isinstance(data, str) and data in arguments:
            return data
    elif origin is tuple and isinstance(data, list):
        return tuple(typed(v, arguments[0]) for v in data)
    elif origin is dict and isinstance(data, dict):
        return {k: typed(v, arguments[1]) for k, v in data.items()}
    elif _is_struct(kind) and isinstance(data, dict):
        return _struct(data, kind)
    elif kind is float and type(data) in (int, float):
        return _float(data)
    elif kind in (int, str, bool) and type(data) is kind:
        return data
    raise PlanError(f"not a plan: expected {_named(kind)}, found {_shown(data)}")


def _named(kind: Any) -> str:
    """A type, for a message."""
    return kind.__name__ if isinstance(kind, type) and get_origin(kind) is None else str(kind)


def _float(data: float) -> float:
    try:
        number = float(data)
    except OverflowError:
        raise PlanError("not a plan: a number is too large") from None
    if not isfinite(number):
        raise PlanError("not a plan: a number is not finite")
    return number


def _expression(data: Any) -> Expression:
    try:
        return from_json(data)
    except OverflowError:
        raise PlanError("not a plan: a number is too large") from None
    except ValueError:
        raise PlanError(f"not a plan: expected an expression, found {_shown(data)}") from None


def _member(data: Any, kind: Any) -> Any:
    """A value of a union: of None, plain values, expressions, Structs; several of these differ in their `kind`."""
    members = get_args(kind)
    if data is None and NoneType in members:
        return None
    if any(member in _EXPRESSIONS for member in members):
        return typed(data, Expression)
    if isinstance(data, dict):
        classes: list[Any] = [member for member in members if _is_struct(member)]
        fitting = classes if len(classes) == 1 else [c for c in classes if data.get("kind") in _kinds(c)]
        if len(fitting) == 1:
            return typed(data, fitting[0])
    else:
        plain_members = [member for member in members if member is not NoneType and not _is_struct(member)]
        exact = [member for member in plain_members if member is type(data)]
        if exact or len(plain_members) == 1:
            return typed(data, (exact or plain_members)[0])
    names = " or ".join("null" if member is NoneType else _named(member) for member in members)
    raise PlanError(f"not a plan: expected {names}, found {_shown(data)}")


@cache
def _kinds(kind: Any) -> tuple[str, ...]:
    """The values that the field `kind` of a Struct can have; none where it has no such field."""
    return tuple(get_args(hints(kind).get("kind")))


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Struct)


def _struct(data: dict[str, Any], kind: type[Struct]) -> Any:
    types = hints(kind)
    if not types.keys() - added(kind).keys() <= data.keys() <= types.keys():
        raise PlanError(f"not a plan: {kind.__name__} has the fields {sorted(types)}, found {_shown(sorted(data))}")
    return kind(**{name: typed(data[name], hint) for name, hint in types.items() if name in data})


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON whose keys are all different: of two alike, one would silently be lost."""
    data = dict(pairs)
    if len(data) < len(pairs):
        raise PlanError("not a plan: a key stands twice")
    return data


def refuse_depth(data: Any, most: int = DEEPEST) -> None:
    """Raise PlanError for data nested deeper than `most`, level by level and so without recursion."""
    level = [data]
    for _ in range(most):
        level = [v for part in level for v in _parts(part)]
        if not level:
            return
    raise PlanError(f"not a plan: nested more than {most} deep")


def _parts(data: Any) -> list[Any]:
    match data:
        case dict():
            return list(data.values())
        case list():
            return data
    return []


def _shown(data: Any) -> str:
    """The beginning of some foreign data, for a message."""
    if isinstance(data, int) and not isinstance(data, bool) and data.bit_length() > 256:
        return "a very large integer"
    text = repr(data)
    return text if len(text) <= 80 else text[:79] + "…"
