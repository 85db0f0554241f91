"""The MNIST network as one would write it for speed: of the recurrent weights only those that exist.

A receiver's weights are a column of `K` pairs of sender and value, and states are `[units, rows]`, so that a message is
a sum over K of whole rows gathered; the sum is unrolled in Python because XLA then makes one loop of all the gathers.
The receivers are sorted by how many weights they have and cut into a few groups, each padded to its own largest, which
saves most of the padding. The input's weights, a tenth of which exist, are faster as a plain product once a batch.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from benchmarks.handwritten.chain import sign
from benchmarks.networks import Mnist
from benchmarks.program import Edges, Floats, Program, compiled

GROUPS = 4


class Columns(NamedTuple):
    """The weights of a group of receivers: `senders`, `values` and `exists` are `[K, receivers]`."""

    senders: jax.Array
    values: jax.Array
    exists: jax.Array


class MnistWeights(NamedTuple):
    """`into`, `readout` and `teach` are `[senders, receivers]`; hidden units stand in the order `order`."""

    into: jax.Array
    into_exists: jax.Array
    own: tuple[Columns, ...]
    readout: jax.Array
    teach: jax.Array
    order: jax.Array


def build(net: Mnist) -> Program:
    """The program of the network."""

    def learn(weights: MnistWeights, example: tuple[jax.Array, jax.Array]) -> tuple[MnistWeights, None]:
        return learn_batch(net, weights, *example), None

    def train(weights: MnistWeights, xs: jax.Array, ys: jax.Array) -> MnistWeights:
        transposed = (jnp.swapaxes(xs, 1, 2), jnp.swapaxes(ys, 1, 2))
        last, _ = jax.lax.scan(learn, weights, transposed)
        return last

    return Program(load, compiled(train), partial(save, net))


def learn_batch(net: Mnist, weights: MnistWeights, x: jax.Array, y: jax.Array) -> MnistWeights:
    """One batch: the three phases, then the update. `x [inputs, rows]`, `y [classes, rows]`."""
    heard = weights.into.T @ x
    taught = heard + weights.teach.T @ jnp.where(y > 0, *net.sent)

    def message(h: jax.Array) -> jax.Array:
        return net.diagonal * h + jnp.concatenate([gathered(columns, h) for columns in weights.own])

    h = sign(heard)  # the warm step: the layer has nothing to say to itself yet
    h = jax.lax.fori_loop(0, net.steps, lambda _, h: sign(taught + message(h)), h)
    h = jax.lax.fori_loop(0, net.steps, lambda _, h: sign(heard + message(h)), h)
    return updated(net, weights, x, y, h, heard + message(h))


def gathered(columns: Columns, h: jax.Array) -> jax.Array:
    """The messages `[receivers, rows]` that the group hears, in four sums side by side, which the processor likes."""
    terms = [value[:, None] * h[sender] for sender, value in zip(columns.senders, columns.values, strict=True)]
    sums = [sum(terms[first + 4 :: 4], start=terms[first]) for first in range(min(4, len(terms)))]
    heard: jax.Array = sum(sums[1:], start=sums[0])
    return heard


def updated(
    net: Mnist, weights: MnistWeights, x: jax.Array, y: jax.Array, h: jax.Array, field: jax.Array
) -> MnistWeights:
    """The weights after one step of plain SGD with decay, from the final state `h` and its forward fields."""
    keep = [1 - rate * decay for rate, decay in zip(net.rates, net.decays, strict=True)]
    scale = [r / (net.rows * n) ** 0.5 for r, n in zip(net.rates, (net.inputs, net.units, net.units), strict=True)]
    error = jnp.where(h * field <= net.margins[0], h, 0)
    error_out = jnp.where(y * (weights.readout.T @ h) <= net.margins[1], y, 0)
    firsts = np.cumsum([0, *(columns.values.shape[1] for columns in weights.own)])
    errors = [scale[1] * error[first:last] for first, last in pairwise(firsts)]
    return weights._replace(
        into=jnp.where(weights.into_exists, keep[0] * weights.into + x @ (scale[0] * error).T, 0),
        own=tuple(learnt(columns, keep[1], h, e) for columns, e in zip(weights.own, errors, strict=True)),
        readout=keep[2] * weights.readout + h @ (scale[2] * error_out).T,
    )


def learnt(columns: Columns, keep: float, h: jax.Array, error: jax.Array) -> Columns:
    """The columns with `error [receivers, rows]` times the senders' states added, where a weight exists."""
    rows = zip(error.T, h.T, strict=True)  # example by example: gathers of numbers from a vector in the nearest cache
    gains = sum(receiver * sender[columns.senders] for receiver, sender in rows)
    return columns._replace(values=jnp.where(columns.exists, keep * columns.values + gains, 0))


def load(edges: Edges) -> MnistWeights:
    """Sort the hidden units by how many weights reach them, and keep the recurrent weights that exist."""
    own = edges["h->h"].copy()
    np.fill_diagonal(own, 0)
    order = np.argsort(-np.count_nonzero(own, axis=0), kind="stable")
    own, into = own[np.ix_(order, order)], edges["x->h"][:, order]
    groups = np.array_split(np.arange(len(order)), GROUPS)
    return MnistWeights(
        into=jnp.array(into),
        into_exists=jnp.array(into != 0),
        own=tuple(columns_of(own[:, group]) for group in groups),
        readout=jnp.array(edges["h->y"][order]),
        teach=jnp.array(edges["y->h"][:, order]),
        order=jnp.array(order),
    )


def columns_of(weights: Floats) -> Columns:
    """The weights `[senders, receivers]` that are not zero, as columns padded with zeros."""
    exists = weights != 0
    longest = max(1, int(exists.sum(axis=0).max()))
    senders: NDArray[np.int32] = np.argsort(~exists, axis=0, kind="stable")[:longest].astype(np.int32)
    values = np.take_along_axis(weights, senders, axis=0)
    return Columns(jnp.array(senders), jnp.array(values), jnp.array(values != 0))


def save(net: Mnist, weights: MnistWeights) -> Edges:
    """The weights by edge again, the hidden units in their first order."""
    place = np.argsort(np.asarray(weights.order))
    own = np.concatenate([full(columns, net.units) for columns in weights.own], axis=1)
    own = own[np.ix_(place, place)]
    np.fill_diagonal(own, net.diagonal)
    return {
        "x->h": np.asarray(weights.into)[:, place],
        "h->h": own,
        "h->y": np.asarray(weights.readout)[place],
        "y->h": np.asarray(weights.teach)[:, place],
    }


def full(columns: Columns, senders: int) -> Floats:
    """The weights of a group as `[senders, receivers]`."""
    weights = np.zeros((senders, columns.values.shape[1]), np.float32)
    np.put_along_axis(weights, np.asarray(columns.senders), np.asarray(columns.values), axis=0)
    return weights
