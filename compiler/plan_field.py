"""Fields of the plan that it did not always have."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Final, TypeVar, get_args, get_type_hints

from msgspec import Struct
from msgspec.structs import fields

Value = TypeVar("Value")

_MARK: Final = "added"

Added = Annotated[Value, _MARK]
"""A field that the plan did not always have: where it is at its default, it is not written, and older plans, which lack
it, are read and have the digest that they had."""


@cache
def hints(kind: type[Struct]) -> Mapping[str, Any]:
    """The types of the fields, by name."""
    found = get_type_hints(kind)
    return {name: found[name] for name in kind.__struct_fields__}


@cache
def added(kind: type[Struct]) -> Mapping[str, Any]:
    """The defaults of the fields that may be missing, by name."""
    marked = get_type_hints(kind, include_extras=True)
    return {field.name: field.default for field in fields(kind) if _MARK in get_args(marked[field.name])[1:]}
