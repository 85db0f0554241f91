"""Weights drawn as the language says, for networks that nobody has initialised."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dync.compiler.plan import Plan
from dync.testing.evaluate import Array
from dync.testing.inner import row_of_weights
from dync.testing.pairs import present_pairs, rescaled, weights_of_pairs
from dync.testing.synapses import fans
from dync.testing.unstacked import Edge, edges_of


def draw_weights(plan: Plan, rng: np.random.Generator) -> tuple[dict[str, Array], dict[str, NDArray[np.bool_]]]:
    """Weights and absent weights (True: absent) of every edge by its name, `S->R` or `S->R:LABEL`.

    Dense weights are Gaussian of standard deviation `strength / sqrt(fan_in * density)`, kept with probability
    `density`, unless the edge says of each pair of units what its weight is; a fixed diagonal always stands; so are
    kernels, and factors of low rank. Edges without weights of their own are left out. All values are exact in float32.
    """
    weights: dict[str, Array] = {}
    absent: dict[str, NDArray[np.bool_]] = {}
    for name, edge in owners_of(plan).items():
        gone = np.zeros(edge.shape, np.bool_)
        if edge.kind in ("dense", "conv"):
            chosen = edge.between is not None and edge.between.chosen
            gone = ~present_pairs(edge, rng) if chosen else rng.random(edge.shape) >= edge.density
            if edge.diagonal is not None:
                np.fill_diagonal(gone, False)
        weights[name] = _weight(edge, gone, rng).astype(np.float32).astype(np.float64)
        # Weights are given without saying which exist: of those that a draw decided, the ones that are zero do not.
        drawn = edge.between is not None and edge.between.chosen and not edge.between.known
        absent[name] = gone | (weights[name] == 0) & _free(edge) if drawn else gone
    return weights, absent


def owners_of(plan: Plan) -> dict[str, Edge]:
    """The edges that have weights of their own, by name."""
    found = edges_of(plan).items()
    return {name: edge for name, edge in found if edge.owner is None and edge.kind not in ("pool", "unpool")}


def _weight(edge: Edge, gone: NDArray[np.bool_], rng: np.random.Generator) -> Array:
    if edge.inner is not None:
        return row_of_weights(edge.inner, draw_weights(edge.inner, rng)[0])
    if edge.kind == "one_to_one":
        return np.full(edge.shape, edge.strength)
    if edge.rank is not None:
        u = rng.normal(0.0, 1 / np.sqrt(edge.sender.units), (edge.sender.units, edge.rank))
        v = rng.normal(0.0, edge.strength / np.sqrt(edge.rank), (edge.receiver.units, edge.rank))
        return np.concatenate([u, v])
    if edge.foreign is not None:
        return rng.normal(0.0, 1 / np.sqrt(edge.sender.units), edge.shape)
    deviation = edge.strength / np.sqrt(fans(edge)[0] * edge.density)
    given = weights_of_pairs(edge, rng)
    weight = rescaled(edge, np.where(gone, 0.0, rng.normal(0.0, deviation, edge.shape) if given is None else given))
    if edge.diagonal is not None:
        np.fill_diagonal(weight, edge.diagonal)
    return weight


def _free(edge: Edge) -> NDArray[np.bool_]:
    """The weights of a matrix that are not on a fixed diagonal."""
    free = np.ones(edge.shape, np.bool_)
    if edge.diagonal is not None:
        np.fill_diagonal(free, False)
    return free
