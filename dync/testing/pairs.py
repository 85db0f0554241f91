"""Weights between single pairs of units, pair by pair, as the language says them."""

from __future__ import annotations

import re
from itertools import product

import numpy as np
from numpy.typing import NDArray

from dync.compiler.expression import Apply, Expression, Symbol
from dync.testing.evaluate import Array, Margin, evaluate
from dync.testing.unstacked import Edge


def present_pairs(edge: Edge, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Which weights of an edge exist, its fixed diagonal among them."""
    plan = edge.between
    found = np.ones(edge.shape, np.bool_)
    if plan is not None and plan.arcs is not None:
        pairs = {(i, j) for i, receivers in enumerate(plan.arcs) for j in receivers}
        found = np.array([[(i, j) in pairs for j in range(edge.shape[1])] for i in range(edge.shape[0])])
    elif plan is not None and plan.present is not None:
        condition = Apply("indicator", (plan.present,))
        for i, j in np.ndindex(*edge.shape):
            found[i, j] = _value(condition, edge, i, j, rng) == 1
    if edge.diagonal is not None:
        np.fill_diagonal(found, True)
    return found


def weights_of_pairs(edge: Edge, rng: np.random.Generator) -> Array | None:
    """The weights that an edge gives its pairs of units itself, absent ones too; None where they are Gaussian."""
    if edge.given is not None:
        return np.array(edge.given).reshape(edge.shape)
    if edge.between is None or edge.between.weights is None:
        return None
    found = np.zeros(edge.shape)
    for i, j in np.ndindex(*edge.shape):
        found[i, j] = _value(edge.between.weights, edge, i, j, rng)
    return found


def rescaled(edge: Edge, weight: Array) -> Array:
    """The weights with the spectral radius of the edge, where it has one; its fixed diagonal does not count."""
    if edge.radius is None:
        return weight
    free = weight.copy()
    if edge.diagonal is not None:
        np.fill_diagonal(free, 0.0)
    scaled: Array = free * edge.radius / np.abs(np.linalg.eigvals(free)).max()
    return scaled


def _value(expression: Expression, edge: Edge, i: int, j: int, rng: np.random.Generator) -> float:
    """The value of an expression for one pair of units; a draw that it reads twice is one."""
    drawn = {"uniform": np.array(rng.random()), "normal": np.array(rng.standard_normal())}
    numbers = {"i": i + 1, "j": j + 1, "fan_in": edge.sender.units, "fan_out": edge.receiver.units}

    def read(symbol: Symbol) -> Array:
        axis = re.fullmatch(r"([ij])\[(\d+)\]", symbol.name)
        if axis is not None:
            shape = (edge.sender if axis[1] == "i" else edge.receiver).shape
            place = list(product(*(range(1, n + 1) for n in shape)))[i if axis[1] == "i" else j]
            return np.array(float(place[int(axis[2]) - 1]))
        return drawn[symbol.name] if symbol.name in drawn else np.array(float(numbers[symbol.name]))

    return float(evaluate(expression, read, edge.weights_parameters, Margin()))
