"""Weights as they are first drawn."""

from __future__ import annotations

from zlib import crc32

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from dync.compiler.plan import FamilyPlan, Structure
from dync.runtime.kinds.of_family import kinds
from dync.runtime.kinds.stored import Stored
from dync.runtime.layer_map import LayerMap, Parameters, layer_map


@eqx.filter_jit
def draw_weights(structure: Structure, parameters: Parameters, key: Array) -> LayerMap:
    """The weights of all edges from one key: a pure function of the numbers, so it maps over strengths and seeds.

    Every edge has a stream of its own, named after its ends: adding an edge leaves the weights of the others alone.
    """
    return layer_map([_draw_family(structure, f, parameters, key) for f in range(len(structure.families))], structure)


def _draw_family(structure: Structure, f: int, parameters: Parameters, key: Array) -> Stored:
    family, kind = structure.families[f], kinds(structure)[f]
    strength = parameters[f"family.{f}.strength"]
    density = parameters[f"family.{f}.density"] if family.masked else jnp.ones_like(strength)
    keys = jax.vmap(lambda name: jax.random.fold_in(key, name))(_names(structure, family))
    drawn = jax.vmap(kind.draw)(keys, strength, density)
    diagonal = parameters[f"family.{f}.diagonal"] if family.diagonal else None
    return Stored(drawn.weights, diagonal, drawn.mask, drawn.senders, drawn.crowded)


def _names(structure: Structure, family: FamilyPlan) -> Array:
    """A number for each edge that depends on its name alone."""
    names = [f"{structure.layers[e.sender].name}->{structure.layers[e.receiver].name}" for e in family.edges]
    return jnp.asarray(np.array([crc32(name.encode()) for name in names], dtype=np.uint32))
