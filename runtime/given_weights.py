"""Weights that are given, not drawn."""

from __future__ import annotations

from functools import partial
from typing import Any

import equinox as eqx
import jax
import numpy as np

from dync.compiler.plan import Structure
from dync.runtime.initial import draw_weights
from dync.runtime.layer_map import LayerMap, Parameters, Weights, with_weights
from dync.runtime.layout import layout

_DRAW_FIRST = "draw the weights first: `init(key).with_weights(…)`"


def given_weights(structure: Structure, parameters: Parameters, weights: Weights) -> LayerMap:
    """The weights of all edges from arrays, as `LayerMap` reads them; none is drawn, and no program compiled for it.

    Raises KeyError for an unknown edge, ValueError for arrays that do not fit, for edges that are left out, and for a
    network whose drawing decides more than numbers: networks that are edges, and `weights`, `present` or `radius`.
    """
    if any(family.inner is not None or family.between is not None for family in structure.families):
        raise ValueError(f"edges with structure between their units, or networks of their own: {_DRAW_FIRST}")
    blank = _blank(structure, parameters)
    places = {blank.place(key)[1] for key in weights}
    owned = {name: place for name, place in layout(structure).edges.items() if _has_weights(structure, place.family)}
    missing = [f"{sender} -> {receiver}" for (receiver, sender, *_), place in owned.items() if place not in places]
    if missing:
        raise ValueError(f"there are no weights for {', '.join(missing)}: give those of every edge, or {_DRAW_FIRST}")
    return with_weights(blank, weights, in_place=True)


def _has_weights(structure: Structure, f: int) -> bool:
    return not structure.families[f].weightless and structure.families[f].owner is None


def _blank(structure: Structure, parameters: Parameters) -> LayerMap:
    """All weights zero, the fixed diagonals in place."""
    shapes: LayerMap = eqx.filter_eval_shape(partial(draw_weights, structure), parameters, jax.random.key(0))
    zeros: LayerMap = jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), shapes)
    fixed = enumerate(zeros.diagonals)
    diagonals: tuple[Any, ...] = tuple(
        None if zero is None else np.array(parameters[f"family.{f}.diagonal"]) for f, zero in fixed
    )
    return LayerMap(zeros.weights, diagonals, zeros.masks, zeros.senders, zeros.crowded, structure)
