"""Weights as they are first drawn."""

from __future__ import annotations

from functools import partial
from zlib import crc32

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.core import Tracer

from dync.compiler.plan import FamilyPlan, Structure
from dync.runtime.between import draw_between, draws_otherwise, numbers
from dync.runtime.error import RunError
from dync.runtime.kinds.inner_network import packed
from dync.runtime.kinds.kind import EdgeKind
from dync.runtime.kinds.of_family import kinds
from dync.runtime.kinds.python_kind import PythonKind
from dync.runtime.kinds.stored import Stored
from dync.runtime.layer_map import LayerMap, Parameters, layer_map
from dync.runtime.messages import inner_numbers
from dync.runtime.spectral_radius import spectral_radii
from dync.runtime.streams import CHUNK, Names, chunks_of

_NOT_FINITE = "are not all finite: `weights` has no value for some draws"
_NO_RADIUS = (
    "have the spectral radius 0, which no factor changes, or are not all finite: without a loop of weights nothing that"
    " a unit sends ever comes back to it. Have more of them, or leave `radius` away"
)


def draw_weights(structure: Structure, parameters: Parameters, key: Array) -> LayerMap:
    """The weights of all edges from one key: a pure function of the numbers, so it maps over strengths and seeds.

    Every edge has a stream of its own, named after its ends: adding an edge leaves the weights of the others alone.
    Raises RunError for weights that are not finite, and for recurrent ones that have no spectral radius to rescale;
    where they are traced, what JAX runs later raises an error that says so.
    """
    lmap, sound = _drawn(structure, parameters, chunks_of(key, *_chunks(structure)), key)
    for f, found in sound.items():
        lmap = _verified(lmap, f, found)
    return lmap


@eqx.filter_jit
def _drawn(
    structure: Structure, parameters: Parameters, chunks: Array, key: Array
) -> tuple[LayerMap, dict[int, Array]]:
    """The weights, and for families of which that is not certain, by edge whether they are sound."""
    families = [_draw_family(structure, f, parameters, s) for f, s in enumerate(_streams(structure, chunks))]
    for f, family in enumerate(structure.families):
        if family.inner is not None:
            families[f] = _draw_networks(structure, f, family.inner, parameters, key)
        elif family.foreign is not None:
            families[f] = _draw_in_python(structure, f, key)
    sound: dict[int, Array] = {}
    for f, family in enumerate(structure.families):
        if family.between is not None and family.between.radius:
            radii = spectral_radii(jax.vmap(kinds(structure)[f].full)(_without_diagonal(families[f])))
            factors = _edgewise(parameters[f"family.{f}.radius"] / radii, families[f].weights)
            families[f] = families[f].with_weights(families[f].weights * factors)
            sound[f] = radii > 0
        elif family.between is not None and family.between.weights is not None:
            weights = families[f].weights
            sound[f] = jnp.all(jnp.isfinite(weights), axis=tuple(range(1, weights.ndim)))
    return layer_map(families, structure), sound


def _edgewise(numbers_: Array, weights: Array) -> Array:
    """One number an edge, as it multiplies weights."""
    return numbers_.reshape(-1, *(1,) * (weights.ndim - 1))


def _draw_networks(structure: Structure, f: int, inner: Structure, parameters: Parameters, key: Array) -> Stored:
    """The weights of networks that edges are: each draws its own, from a key named after the edge."""
    family = structure.families[f]
    keys = jax.vmap(partial(jax.random.fold_in, key))(jnp.asarray(_names(structure, family)))
    numbers = inner_numbers(family, f, parameters)
    drawn = jax.vmap(lambda own, k: packed(draw_weights(inner, own, k)))(numbers, keys)
    return Stored(drawn, None, None, None)


def _draw_in_python(structure: Structure, f: int, key: Array) -> Stored:
    """The weights of edges of a kind in Python: each draws its own, from a key named after the edge."""
    kind = kinds(structure)[f]
    assert isinstance(kind, PythonKind)
    keys = jax.vmap(partial(jax.random.fold_in, key))(jnp.asarray(_names(structure, structure.families[f])))
    return Stored(jax.vmap(kind.drawn)(keys), None, None, None)


def _without_diagonal(stored: Stored) -> Stored:
    return Stored(stored.weights, None, stored.mask, stored.senders, stored.crowded)


def _verified(lmap: LayerMap, f: int, sound: Array) -> LayerMap:
    """The map itself, where the weights of family `f` are sound."""
    family = lmap.structure.families[f]
    reason = _NO_RADIUS if family.between is not None and family.between.radius else _NOT_FINITE
    if isinstance(sound, Tracer):
        weights = list(lmap.weights)
        weights[f] = eqx.error_if(weights[f], ~sound, f"weights as they are drawn {reason}")
        return lmap.with_family_weights(weights)
    if not sound.all():
        edge = family.edges[int(sound.argmin())]
        sender, receiver = (lmap.structure.layers[n].name for n in (edge.sender, edge.receiver))
        raise RunError(f"the weights of {sender} -> {receiver} as they are drawn {reason}")
    return lmap


def _chunks(structure: Structure) -> tuple[Names, Names]:
    """For each chunk of numbers that is drawn, the name of its edge and its place in the stream of that."""
    counts = [-(-count // CHUNK) for count in _needed(structure)]
    names = [np.repeat(_names(structure, f), n) for f, n in zip(structure.families, counts, strict=True)]
    places = [
        np.tile(np.arange(n, dtype=np.uint32), len(f.edges)) for f, n in zip(structure.families, counts, strict=True)
    ]
    none = np.zeros(0, np.uint32)
    return np.concatenate([none, *names]), np.concatenate([none, *places])


def _streams(structure: Structure, chunks: Array) -> list[Array]:
    """Standard normal numbers for each family, `[edges, numbers]`, out of the chunks that were drawn."""
    found, begin = [], 0
    for family, count in zip(structure.families, _needed(structure), strict=True):
        edges, own = len(family.edges), -(-count // CHUNK)
        part = lax.slice_in_dim(chunks, begin, begin + edges * own)
        found.append(part.reshape(edges, own * CHUNK)[:, :count])
        begin += edges * own
    return found


def _needed(structure: Structure) -> list[int]:
    """How many numbers one edge of each family is drawn from."""
    return [_of_edge(family, kind) for family, kind in zip(structure.families, kinds(structure), strict=True)]


def _of_edge(family: FamilyPlan, kind: EdgeKind) -> int:
    """How many numbers one edge of a family is drawn from."""
    if family.weightless:
        return 0
    if family.between is not None and draws_otherwise(family):
        return numbers(family.between, kind.senders, kind.receivers)
    return kind.numbers


def _draw_family(structure: Structure, f: int, parameters: Parameters, stream: Array) -> Stored:
    family, kind = structure.families[f], kinds(structure)[f]
    if family.weightless or family.inner is not None or family.foreign is not None:
        return Stored(jnp.zeros((len(family.edges), 0), jnp.float32), None, None, None)
    strength = parameters[f"family.{f}.strength"]
    density = parameters[f"family.{f}.density"] if family.masked else jnp.ones_like(strength)
    if draws_otherwise(family):
        drawn = draw_between(structure, f, kind, parameters, stream)
    else:
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
