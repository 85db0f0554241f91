"""Weights drawn as the language says, for networks that nobody has initialised."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dync.compiler.plan import Plan
from dync.testing.evaluate import Array
from dync.testing.synapses import fans
from dync.testing.unstacked import Edge, edges_of


def draw_weights(plan: Plan, rng: np.random.Generator) -> tuple[dict[str, Array], dict[str, NDArray[np.bool_]]]:
    """Weights and absent weights (True: absent) of every edge by its name, `S->R` or `S->R:LABEL`.

    Dense weights are Gaussian of standard deviation `strength / sqrt(fan_in * density)`, kept with probability
    `density`, and a fixed diagonal always stands; so are kernels, and factors of low rank. Edges without weights of
    their own are left out. All values are exact in float32.
    """
    weights: dict[str, Array] = {}
    absent: dict[str, NDArray[np.bool_]] = {}
    for name, edge in owners_of(plan).items():
        gone = np.zeros(edge.shape, np.bool_)
        if edge.kind in ("dense", "conv"):
            gone = rng.random(edge.shape) >= edge.density
            if edge.diagonal is not None:
                np.fill_diagonal(gone, False)
        weights[name] = _weight(edge, gone, rng).astype(np.float32).astype(np.float64)
        absent[name] = gone
    return weights, absent


def owners_of(plan: Plan) -> dict[str, Edge]:
    """The edges that have weights of their own, by name."""
    found = edges_of(plan).items()
    return {name: edge for name, edge in found if edge.owner is None and edge.kind not in ("pool", "unpool")}


def _weight(edge: Edge, gone: NDArray[np.bool_], rng: np.random.Generator) -> Array:
    if edge.kind == "one_to_one":
        return np.full(edge.shape, edge.strength)
    if edge.rank is not None:
        u = rng.normal(0.0, 1 / np.sqrt(edge.sender.units), (edge.sender.units, edge.rank))
        v = rng.normal(0.0, edge.strength / np.sqrt(edge.rank), (edge.receiver.units, edge.rank))
        return np.concatenate([u, v])
    deviation = edge.strength / np.sqrt(fans(edge)[0] * edge.density)
    weight = np.where(gone, 0.0, rng.normal(0.0, deviation, edge.shape))
    if edge.diagonal is not None:
        np.fill_diagonal(weight, edge.diagonal)
    return weight
