"""Weights as they are first drawn."""

from __future__ import annotations

from zlib import crc32

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from dync.compiler.plan import FamilyPlan, Structure
from dync.runtime.kinds.of_family import kinds
from dync.runtime.kinds.stored import Stored
from dync.runtime.layer_map import LayerMap, Parameters, layer_map

_CHUNK = 4096
"""Numbers drawn from one key. It decides which numbers a key gives, so changing it changes every network."""


@eqx.filter_jit
def draw_weights(structure: Structure, parameters: Parameters, key: Array) -> LayerMap:
    """The weights of all edges from one key: a pure function of the numbers, so it maps over strengths and seeds.

    Every edge has a stream of its own, named after its ends: adding an edge leaves the weights of the others alone.
    """
    streams = _streams(structure, key)
    return layer_map([_draw_family(structure, f, parameters, stream) for f, stream in enumerate(streams)], structure)


def _streams(structure: Structure, key: Array) -> list[Array]:
    """Standard normal numbers for each family, `[edges, numbers]`.

    All come out of one loop, since a generator takes longer to compile than all the rest of this program.
    """
    kinds_of = zip(structure.families, kinds(structure), strict=True)
    needed = [0 if family.weightless else kind.numbers for family, kind in kinds_of]
    chunks = [-(-count // _CHUNK) for count in needed]
    names = [np.repeat(_names(structure, f), n) for f, n in zip(structure.families, chunks, strict=True)]
    numbers = [np.tile(np.arange(n), len(f.edges)) for f, n in zip(structure.families, chunks, strict=True)]
    if not sum(map(len, names)):
        return [jnp.zeros((len(f.edges), 0), jnp.float32) for f in structure.families]

    def chunk(place: tuple[Array, Array]) -> Array:
        edge, number = place
        return jax.random.normal(jax.random.fold_in(jax.random.fold_in(key, edge), number), (_CHUNK,), jnp.float32)

    drawn = lax.map(chunk, (jnp.asarray(np.concatenate(names)), jnp.asarray(np.concatenate(numbers).astype(np.uint32))))
    ends = np.cumsum([len(n) for n in names]).tolist()
    parts = [drawn[end - len(n) : end] for end, n in zip(ends, names, strict=True)]
    return [
        part.reshape(len(family.edges), -1)[:, :count]
        for part, family, count in zip(parts, structure.families, needed, strict=True)
    ]


def _draw_family(structure: Structure, f: int, parameters: Parameters, stream: Array) -> Stored:
    family, kind = structure.families[f], kinds(structure)[f]
    if family.weightless:
        return Stored(jnp.zeros((len(family.edges), 0), jnp.float32), None, None, None)
    strength = parameters[f"family.{f}.strength"]
    density = parameters[f"family.{f}.density"] if family.masked else jnp.ones_like(strength)
    drawn = jax.vmap(kind.draw)(stream, strength, density)
    diagonal = parameters[f"family.{f}.diagonal"] if family.diagonal else None
    return Stored(drawn.weights, diagonal, drawn.mask, drawn.senders, drawn.crowded)


def _names(structure: Structure, family: FamilyPlan) -> np.ndarray:
    """A number for each edge that depends on its name alone, its label included where several join one pair."""
    ends = [f"{structure.layers[e.sender].name}->{structure.layers[e.receiver].name}" for e in family.edges]
    several = structure.parallel
    names = [
        f"{name}:{e.label}" if (e.sender, e.receiver) in several else name
        for name, e in zip(ends, family.edges, strict=True)
    ]
    return np.array([crc32(name.encode()) for name in names], dtype=np.uint32)
