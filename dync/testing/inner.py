"""Networks that edges are, for the literal interpreter: their plans, and their weights out of one row."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from dync.compiler.plan import Plan
from dync.testing.evaluate import Array


def inner_plan(plan: Plan, family: int, place: int) -> Plan | None:
    """The plan of the network that an edge is, by its family and its place there; None where it is none."""
    found = plan.structure.families[family]
    if found.inner is None:
        return None
    start = f"family.{family}.network."
    numbers = {}
    for key, values in plan.numbers.items():
        if key.startswith(start):
            count = len(values) // len(found.edges)
            numbers[key.removeprefix(start)] = values[place * count : (place + 1) * count]
    return Plan(found.inner, numbers)


def row_length(plan: Plan) -> int:
    """How many weights a network has."""
    from dync.testing.weights import owners_of

    return sum(prod(edge.shape) for edge in owners_of(plan).values())


def weights_of_row(plan: Plan, row: Any) -> dict[str, Array]:
    """The weights of each edge of a network, with fixed diagonals in their place."""
    from dync.testing.weights import owners_of

    found, start = {}, 0
    for name, edge in owners_of(plan).items():
        size = prod(edge.shape)
        found[name] = np.array(row[start : start + size], np.float64).reshape(edge.shape)
        if edge.diagonal is not None:
            np.fill_diagonal(found[name], edge.diagonal)
        start += size
    return found


def row_of_weights(plan: Plan, weights: Mapping[str, Array]) -> Array:
    """The row of all weights; fixed diagonals are numbers of the network, and zero in it."""
    from dync.testing.weights import owners_of

    parts = []
    for name, edge in owners_of(plan).items():
        weight = np.array(weights[name], np.float64)
        if edge.diagonal is not None:
            np.fill_diagonal(weight, 0.0)
        parts.append(weight.reshape(-1))
    return np.concatenate([np.zeros(0), *parts])
