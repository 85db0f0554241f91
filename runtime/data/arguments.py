"""Arguments of sources and transforms: names checked against the signature, values against its types."""

from __future__ import annotations

from collections.abc import Callable
from inspect import BoundArguments, Parameter, Signature
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin

from dync.compiler.pipeline_plan import CallPlan, Value
from dync.runtime.arguments import ArgumentError, bind_arguments, plain_value
from dync.runtime.data.error import DataError

T = TypeVar("T")

_WORDS = {int: "a whole number", float: "a number", bool: "true or false", str: "a text", NoneType: "none"}


def call_with(function: Callable[..., T], call: CallPlan, signature: Signature, *before: object) -> T:
    """`function(*before, …)` with the arguments of the call, which `signature` (without `before`) describes."""
    try:
        positional, named = bind_arguments(call, signature)
    except ArgumentError as error:
        raise DataError(str(error)) from None
    bound = signature.bind(*positional, **named)
    _convert(call.name, bound)
    return function(*before, *bound.args, **bound.kwargs)


def _convert(name: str, bound: BoundArguments) -> None:
    """Check each argument against its parameter's type, and make numbers the type that it asks for."""
    for parameter in bound.signature.parameters.values():
        if parameter.name not in bound.arguments:
            continue
        value = bound.arguments[parameter.name]
        if parameter.kind is Parameter.VAR_POSITIONAL:
            bound.arguments[parameter.name] = tuple(_converted(name, parameter, v) for v in value)
        else:
            bound.arguments[parameter.name] = _converted(name, parameter, value)


def _converted(name: str, parameter: Parameter, value: Value) -> Any:
    kinds = _kinds(parameter.annotation)
    if not kinds or type(value) in kinds:
        return value
    if float in kinds and type(value) is int and abs(value) < 2**53:
        return float(value)
    if int in kinds and type(value) is float and value.is_integer():
        return int(value)
    expected = " or ".join(_WORDS[kind] for kind in kinds)
    raise DataError(f"{name} takes {expected} for {parameter.name}, not {plain_value(value)}")


def _kinds(annotation: Any) -> tuple[type, ...]:
    """The plain types that a parameter takes; none where its annotation says something else."""
    members = get_args(annotation) if get_origin(annotation) is UnionType else (annotation,)
    return members if all(member in _WORDS for member in members) else ()
