"""The measures that a plan declares, worked out literally with NumPy."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dync.compiler.expression import Symbol
from dync.compiler.plan import Plan
from dync.testing.evaluate import Array, Margin, evaluate


def measures(plan: Plan, state: Mapping[str, Array], targets: Mapping[str, Array], margin: Margin) -> dict[str, Array]:
    """Every measure by name, one number an example `[batch]`.

    `state` and `targets` are `[batch, units]` by the names of layers. Raises KeyError for a target that is not there.
    """

    def read(symbol: Symbol) -> Array:
        return (targets if symbol.name == "target" else state)[symbol.moment or ""]

    batch = len(next(iter(state.values())))
    found = {}
    for measure in plan.structure.measures:
        numbers = {name: plan.numbers[f"measure.{measure.name}.{name}"][0] for name in measure.parameters}
        found[measure.name] = np.broadcast_to(evaluate(measure.value, read, numbers, margin), (batch, 1))[:, 0].copy()
    return found
