"""The chain as one would write it for speed: layers stacked, old states in one batched product, new ones in a scan."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.networks import Chain, scalar
from benchmarks.program import Edges, Program, compiled


class ChainWeights(NamedTuple):
    """`own [depth, n, n]`, `forth [depth - 1, n, n]` to the next layer; `[senders, receivers]` the others."""

    into: jax.Array
    own: jax.Array
    forth: jax.Array
    readout: jax.Array
    teach: jax.Array


def build(net: Chain) -> Program:
    """The program of a chain."""

    def learn(weights: ChainWeights, example: tuple[jax.Array, jax.Array]) -> tuple[ChainWeights, None]:
        return learn_batch(net, weights, *example), None

    def train(weights: ChainWeights, xs: jax.Array, ys: jax.Array) -> ChainWeights:
        last, _ = jax.lax.scan(learn, weights, (xs, ys))
        return last

    return Program(load, compiled(train), lambda weights: save(net, weights))


def learn_batch(net: Chain, weights: ChainWeights, x: jax.Array, y: jax.Array) -> ChainWeights:
    """One batch: the three phases, then the update. `x [rows, inputs]`, `y [rows, classes]`."""
    from_input, from_target = x @ weights.into, y @ weights.teach
    heard = jnp.zeros((net.depth, net.rows, net.units)).at[0].set(from_input)
    move = sequential if net.schedule == "sequential" else synchronous

    def clamped(_: int, h: jax.Array) -> jax.Array:
        field = (heard + across(h, weights.own)).at[:-1].add(net.back * h[1:]).at[-1].add(from_target)
        return move(weights, field, h)

    def relax(_: int, h: jax.Array) -> jax.Array:
        return move(weights, heard + across(h, weights.own), h)

    h = move(weights, heard, jnp.zeros_like(heard))  # the warm step: the layers have nothing to say to themselves yet
    h = jax.lax.fori_loop(0, net.steps, clamped, h)
    h = jax.lax.fori_loop(0, net.steps, relax, h)
    return updated(net, weights, x, y, h, (heard + across(h, weights.own)).at[1:].add(across(h[:-1], weights.forth)))


def sequential(weights: ChainWeights, field: jax.Array, _: jax.Array) -> jax.Array:
    """Each layer after the one before it, whose new state it hears; `field` holds all the other messages."""

    def layer(before: jax.Array, here: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        others, forth = here
        new = sign(others + before @ forth)
        return new, new

    first = sign(field[0])
    rest = jax.lax.scan(layer, first, (field[1:], weights.forth))[1]
    return jnp.concatenate([first[None], rest])


def synchronous(weights: ChainWeights, field: jax.Array, h: jax.Array) -> jax.Array:
    """All layers at once, from the old states `h`."""
    return sign(field.at[1:].add(across(h[:-1], weights.forth)))


def updated(
    net: Chain, weights: ChainWeights, x: jax.Array, y: jax.Array, h: jax.Array, field: jax.Array
) -> ChainWeights:
    """The weights after one step of the perceptron rule from the final state `h` and its forward fields."""
    scale = net.learning_rate / (net.rows * net.units) ** 0.5
    error = jnp.where(h * field <= net.margin, scale * h, 0)
    error_out = jnp.where(y * (h[-1] @ weights.readout) <= net.margin, scale * y, 0)
    free = 1 - jnp.eye(net.units)
    return ChainWeights(
        into=weights.into + x.T @ error[0],
        own=weights.own + free * jnp.einsum("lbi,lbj->lij", h, error),
        forth=weights.forth + jnp.einsum("lbi,lbj->lij", h[:-1], error[1:]),
        readout=weights.readout + h[-1].T @ error_out,
        teach=weights.teach,
    )


def across(states: jax.Array, weights: jax.Array) -> jax.Array:
    """The messages `[layers, rows, receivers]` of stacked layers through stacked weights."""
    return jnp.einsum("lbi,lij->lbj", states, weights)


def sign(field: jax.Array) -> jax.Array:
    """±1, and 1 at zero."""
    return jnp.where(field >= 0, jnp.float32(1), jnp.float32(-1))


def load(edges: Edges) -> ChainWeights:
    """Stack the weights of the edges."""
    depth = sum(sender == receiver for sender, receiver in (name.split("->") for name in edges))
    own = np.stack([edges[f"h[{i}]->h[{i}]"] for i in range(1, depth + 1)])
    forth = np.stack([edges[f"h[{i}]->h[{i + 1}]"] for i in range(1, depth)])
    single = (edges["x->h[1]"], own, forth, edges[f"h[{depth}]->y"], edges[f"y->h[{depth}]"])
    return ChainWeights(*map(jnp.array, single))


def save(net: Chain, weights: ChainWeights) -> Edges:
    """The weights by edge again."""
    into, owns, forths, readout, teach = map(np.asarray, weights)
    edges: Edges = {"x->h[1]": into, f"h[{net.depth}]->y": readout, f"y->h[{net.depth}]": teach}
    edges |= {f"h[{i + 1}]->h[{i + 1}]": own for i, own in enumerate(owns)}
    edges |= {f"h[{i + 1}]->h[{i + 2}]": forth for i, forth in enumerate(forths)}
    edges |= {f"h[{i + 1}]->h[{i}]": scalar(net.back) for i in range(1, net.depth)}
    return edges
