"""The same networks as this compiler makes them, from their `.dyn` text."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import optax

import dync
from benchmarks.networks import Chain, Network
from benchmarks.program import Edges, Floats, Program, Train
from dync.runtime.learner import Feed, Learner, learning_program, start_learner


def build(net: Network) -> Program:
    """The program of a chain or of the MNIST network."""
    optimizer = optax.sgd(net.learning_rate if isinstance(net, Chain) else 1.0)

    keys: list[jax.Array] = []

    def load(edges: Edges) -> Learner:
        keys.append(jax.random.key(0))  # of the run; nothing is drawn while it trains
        network = dync.compile_text(net.text, name="benchmark.dyn").network("Net")
        return start_learner(network.with_weights(by_ends(edges)), optimizer)

    def compile_for(learner: Learner, xs: jax.Array, ys: jax.Array) -> Train:
        learn: Any = learning_program(optimizer)
        arrays = flat(np.asarray(xs), np.asarray(ys))
        step = learn.lower(feed(arrays, xs.shape, keys[0]), learner).compile()
        placed = jax.device_put(arrays)  # once, as a training does

        def train(learner: Learner, new_xs: jax.Array, new_ys: jax.Array) -> Learner:
            arrays = placed if new_xs is xs and new_ys is ys else flat(new_xs, new_ys)
            after: Learner = step(feed(arrays, xs.shape, keys[0]), learner)[0]
            return after

        return train

    return Program(load, compile_for, save)


def flat(xs: Any, ys: Any) -> dict[str, Any]:
    """Batches `[batches, rows, units]` as the whole arrays `[examples, units]` that the training loop takes."""
    return {"x": xs.reshape(-1, xs.shape[-1]), "y": ys.reshape(-1, ys.shape[-1])}


def feed(arrays: dict[str, Any], shape: tuple[int, ...], key: jax.Array) -> Feed:
    """The same batches again, of this shape: the rows of each, which are chosen anew for every call."""
    batches, rows = shape[:2]
    places = np.arange(batches * rows, dtype=np.int32).reshape(batches, rows)
    return Feed(arrays, places, np.int32(batches), key)


def by_ends(edges: Edges) -> dict[tuple[str, str], Floats]:
    """The weights by (receiver, sender)."""
    pairs = ((name.split("->"), weight) for name, weight in edges.items())
    return {(receiver, sender): weight for (sender, receiver), weight in pairs}


def save(learner: Learner) -> Edges:
    """The weights by edge again."""
    edges = learner.orchestrator.lmap.items()
    return {f"{key[1]}->{key[0]}": np.asarray(edge.weight) for key, edge in edges}
