"""Write `compiler/pipelines/optax_signatures.json`: what the optimizers and schedules of the installed Optax take.

The compiler checks `optimizer` settings against this table without importing JAX. Run it after a change of the tested
version of Optax: `python tools/optax_signatures.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from inspect import Parameter, signature
from pathlib import Path
from typing import Any, get_args

from dync.runtime.optimizers import known_optimizers, known_schedules

TABLE = Path(__file__).parent.parent / "compiler" / "pipelines" / "optax_signatures.json"


def table() -> dict[str, dict[str, list[list[Any]]]]:
    """For each optimizer and schedule its parameters: name, what it takes, whether it must be given."""
    return {"optimizers": _all(known_optimizers()), "schedules": _all(known_schedules())}


def _all(functions: Mapping[str, Callable[..., Any]]) -> dict[str, list[list[Any]]]:
    return {name: _parameters(function) for name, function in sorted(functions.items())}


def _parameters(function: Callable[..., Any]) -> list[list[Any]]:
    parameters = signature(function).parameters.values()
    named = [p for p in parameters if p.kind not in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)]
    return [[p.name, _sort(p), p.default is Parameter.empty] for p in named]


def _sort(parameter: Parameter) -> str:
    """`flag`, `integer`, `number`, `text`, or `other` for what a `.dyn` file cannot say."""
    annotations = {parameter.annotation, *get_args(parameter.annotation)}
    if bool in annotations and float not in annotations:
        return "flag"
    if int in annotations and float not in annotations:
        return "integer"
    if float in annotations or int in annotations:
        return "number"
    return "text" if str in annotations or "dtype" in parameter.name else "other"


def text() -> str:
    """The table as JSON, a line for each function."""
    kinds = []
    for kind, functions in table().items():
        lines = ",\n".join(f"    {json.dumps(name)}: {json.dumps(takes)}" for name, takes in functions.items())
        kinds.append(f'  "{kind}": {{\n{lines}\n  }}')
    return "{\n" + ",\n".join(kinds) + "\n}\n"


if __name__ == "__main__":
    TABLE.write_text(text(), encoding="utf-8")
