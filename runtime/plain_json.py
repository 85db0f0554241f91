"""Values as plain JSON data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from msgspec import Struct

from dync.compiler.expression import JSON


def plain_json(value: Any) -> JSON:
    """Dataclasses, Structs, mappings, sequences and NumPy numbers as JSON data; what is not finite becomes null."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain_json(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Struct):
        return {name: plain_json(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, Mapping):
        return {str(k): plain_json(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain_json(v) for v in value]
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        return plain_json(value.item())
    if isinstance(value, float) and value - value != 0:
        return None
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)
