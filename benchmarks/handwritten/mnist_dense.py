"""The MNIST network with all its weights stored, absent ones as zeros that a mask keeps: what one writes first."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.handwritten.chain import sign
from benchmarks.networks import Mnist
from benchmarks.program import Edges, Program, compiled


class DenseWeights(NamedTuple):
    """All `[senders, receivers]`; the masks say which weights learn."""

    into: jax.Array
    own: jax.Array
    readout: jax.Array
    teach: jax.Array
    into_learns: jax.Array
    own_learns: jax.Array


def build(net: Mnist) -> Program:
    """The program of the network."""

    def learn(weights: DenseWeights, example: tuple[jax.Array, jax.Array]) -> tuple[DenseWeights, None]:
        return learn_batch(net, weights, *example), None

    def train(weights: DenseWeights, xs: jax.Array, ys: jax.Array) -> DenseWeights:
        last, _ = jax.lax.scan(learn, weights, (xs, ys))
        return last

    return Program(load, compiled(train), save)


def learn_batch(net: Mnist, weights: DenseWeights, x: jax.Array, y: jax.Array) -> DenseWeights:
    """One batch: the three phases, then the update. `x [rows, inputs]`, `y [rows, classes]`."""
    heard = x @ weights.into
    taught = heard + jnp.where(y > 0, *net.sent) @ weights.teach
    h = sign(heard)
    h = jax.lax.fori_loop(0, net.steps, lambda _, h: sign(taught + h @ weights.own), h)
    h = jax.lax.fori_loop(0, net.steps, lambda _, h: sign(heard + h @ weights.own), h)
    keep = [1 - rate * decay for rate, decay in zip(net.rates, net.decays, strict=True)]
    scale = [r / (net.rows * n) ** 0.5 for r, n in zip(net.rates, (net.inputs, net.units, net.units), strict=True)]
    error = jnp.where(h * (heard + h @ weights.own) <= net.margins[0], h, 0)
    error_out = jnp.where(y * (h @ weights.readout) <= net.margins[1], y, 0)
    into = jnp.where(weights.into_learns, keep[0] * weights.into + x.T @ (scale[0] * error), 0)
    own = jnp.where(weights.own_learns, keep[1] * weights.own + h.T @ (scale[1] * error), weights.own)
    return weights._replace(into=into, own=own, readout=keep[2] * weights.readout + h.T @ (scale[2] * error_out))


def load(edges: Edges) -> DenseWeights:
    """The weights as they are, and the masks."""
    own_learns = edges["h->h"] != 0
    np.fill_diagonal(own_learns, False)
    arrays = (edges["x->h"], edges["h->h"], edges["h->y"], edges["y->h"], edges["x->h"] != 0, own_learns)
    return DenseWeights(*map(jnp.array, arrays))


def save(weights: DenseWeights) -> Edges:
    """The weights by edge again."""
    names = ("x->h", "h->h", "h->y", "y->h")
    return {name: np.asarray(array) for name, array in zip(names, weights[:4], strict=True)}
