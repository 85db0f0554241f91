"""Weights as they are first drawn."""

from __future__ import annotations

from zlib import crc32

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from dync.compiler.plan import FamilyPlan, Structure
from dync.runtime.layer_map import LayerMap, Parameters
from dync.runtime.layout import weight_shape


@eqx.filter_jit
def draw_weights(structure: Structure, parameters: Parameters, key: Array) -> LayerMap:
    """The weights of all edges from one key: a pure function of the numbers, so it maps over strengths and seeds.

    Every edge has a stream of its own, named after its ends: adding an edge leaves the weights of the others alone.
    """
    drawn = [_draw_family(structure, f, parameters, key) for f in range(len(structure.families))]
    diagonals = tuple(
        parameters[f"family.{f}.diagonal"] if family.diagonal else None for f, family in enumerate(structure.families)
    )
    return LayerMap(tuple(w for w, _ in drawn), diagonals, tuple(m for _, m in drawn), structure)


def _draw_family(structure: Structure, f: int, parameters: Parameters, key: Array) -> tuple[Array, Array | None]:
    family = structure.families[f]
    shape = weight_shape(structure, family)
    strength = parameters[f"family.{f}.strength"]
    if family.kind == "one_to_one":
        return jnp.broadcast_to(strength.reshape(-1, *(1,) * len(shape)), (len(family.edges), *shape)), None
    keys = jax.vmap(lambda name: jax.random.fold_in(key, name))(_names(structure, family))
    density = parameters[f"family.{f}.density"] if family.masked else jnp.ones_like(strength)
    deviation = strength / jnp.sqrt(shape[0] * density)
    weights = jax.vmap(lambda k, d: d * jax.random.normal(k, shape, jnp.float32))(keys, deviation)
    if family.diagonal:
        weights = weights * (1 - jnp.eye(shape[0], dtype=weights.dtype))
    if not family.masked:
        return weights, None
    kept = jax.vmap(lambda k, p: jax.random.bernoulli(jax.random.fold_in(k, 1), p, shape))(keys, density)
    if family.diagonal:
        kept = kept & ~jnp.eye(shape[0], dtype=bool)
    return jnp.where(kept, weights, 0), kept


def _names(structure: Structure, family: FamilyPlan) -> Array:
    """A number for each edge that depends on its name alone."""
    names = [f"{structure.layers[e.sender].name}->{structure.layers[e.receiver].name}" for e in family.edges]
    return jnp.asarray(np.array([crc32(name.encode()) for name in names], dtype=np.uint32))
