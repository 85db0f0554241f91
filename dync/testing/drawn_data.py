"""Data for networks that nobody has data for."""

from __future__ import annotations

import numpy as np

from dync.compiler.plan import Plan, Role
from dync.testing.evaluate import Array
from dync.testing.unstacked import layers_of


def drawn_data(plan: Plan, role: Role, batch: int, samples: int, rng: np.random.Generator) -> dict[str, Array]:
    """Arrays for the layers of a role, `[batch, units]`, of layers over time `[batch, samples, units]`.

    Continuous in (-1, 1) and exact in float32.
    """
    time = () if plan.structure.time is None else plan.structure.time.layers
    found = {}
    for layer in layers_of(plan):
        if layer.role == role:
            shape = (batch, samples, layer.units) if layer.number in time else (batch, layer.units)
            found[layer.name] = rng.uniform(-1, 1, shape).astype(np.float32).astype(np.float64)
    return found
