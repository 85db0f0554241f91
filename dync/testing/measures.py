"""The measures that a plan declares, worked out literally with NumPy."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dync.compiler.expression import Apply, Expression, Number, Symbol
from dync.compiler.plan import Plan
from dync.testing.evaluate import Array, Margin, evaluate


def measures(plan: Plan, state: Mapping[str, Array], targets: Mapping[str, Array], margin: Margin) -> dict[str, Array]:
    """Every measure by name, one number an example `[batch]`.

    `state` and `targets` are `[batch, units]` by the names of layers. Raises KeyError for a target that is not there.
    """

    return {m.name: measure(plan, m.name, state, targets, margin) for m in plan.structure.measures}


def measure(plan: Plan, name: str, state: Mapping[str, Array], targets: Mapping[str, Array], margin: Margin) -> Array:
    """One measure, declared or given, one number an example `[batch]`. Of several outputs a given one is the mean."""

    def read(symbol: Symbol) -> Array:
        return (targets if symbol.name == "target" else state)[symbol.moment or ""]

    batch = len(next(iter(state.values())))
    for declared in plan.structure.measures:
        if declared.name == name:
            numbers = {key: plan.numbers[f"measure.{name}.{key}"][0] for key in declared.parameters}
            value = evaluate(declared.value, read, numbers, margin)
            return np.broadcast_to(value, (batch, 1))[:, 0].copy()
    outputs = [layer for layer in plan.structure.layers if layer.role == "output"]
    counted = [layer.name for layer in outputs if name != "accuracy" or layer.units > 1]
    each = [evaluate(_given(name, output), read, {}, margin)[:, 0] for output in counted]
    return np.asarray(np.mean(each, axis=0), np.float64)


def _given(name: str, output: str) -> Expression:
    """A measure that is given, of one output, as the language would write it."""
    state, target = Symbol("state", output), Symbol("target", output)
    match name:
        case "accuracy":
            places = tuple(Apply("units_argmax", (part,)) for part in (state, target))
            return Apply("indicator", (Apply("eq", places),))
        case "mse":
            return Apply("units_mean", (Apply("pow", (Apply("sub", (state, target)), Number(2.0))),))
        case "agreement":
            signs = tuple(Apply("sign", (part,)) for part in (state, target))
            return Apply("units_mean", (Apply("indicator", (Apply("eq", signs),)),))
        case _:
            raise KeyError(name)
