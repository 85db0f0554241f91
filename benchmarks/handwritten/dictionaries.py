"""The same networks as a dictionary of dictionaries of small Equinox modules, unrolled in Python, jitted a batch.

This is how libraries of this field are written today: nothing is stacked, every step sends every message anew, and the
update goes through Optax.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from benchmarks.handwritten.chain import sign
from benchmarks.networks import Chain, Mnist, Network
from benchmarks.program import Edges, Program, Train

States = dict[str, jax.Array]
Rows = dict[str, dict[str, "Link"]]


class Link(eqx.Module):
    """An edge with a matrix. `learns` masks its weights, `sent` replaces what a ±1 sender emits."""

    weight: jax.Array
    learns: jax.Array
    margin: float = eqx.field(static=True)
    rate: float = eqx.field(static=True)
    decay: float = eqx.field(static=True)
    sent: tuple[float, float] | None = eqx.field(static=True)

    def __call__(self, state: jax.Array) -> jax.Array:
        """The message `[rows, receivers]`."""
        return (state if self.sent is None else jnp.where(state > 0, *self.sent)) @ self.weight

    def backward(self, x: jax.Array, y: jax.Array, field: jax.Array) -> Link:
        """The pseudo-gradient, in the shape of the module."""
        rows, fan_in = x.shape
        gain = x.T @ jnp.where(y * field <= self.margin, y, 0) / (rows * fan_in) ** 0.5
        change = self.rate * jnp.where(self.learns, self.decay * self.weight - gain, 0)
        link: Link = eqx.tree_at(lambda link: link.weight, self, change)
        return link


class Copy(eqx.Module):
    """An edge from unit to unit."""

    strength: float = eqx.field(static=True)

    def __call__(self, state: jax.Array) -> jax.Array:
        """The message `[rows, receivers]`."""
        return self.strength * state


class Orchestra(eqx.Module):
    """The rows of the layer map by receiver, each the edges by sender."""

    rows: dict[str, dict[str, Link | Copy]]
    order: tuple[str, ...] = eqx.field(static=True)
    sequential: bool = eqx.field(static=True)

    def field(self, states: States, receiver: str, forward: bool) -> jax.Array:
        """The sum of the messages that reach a layer."""
        place = self.order.index
        senders = [s for s in self.rows[receiver] if not forward or place(s) <= place(receiver)]
        return sum((self.rows[receiver][s](states[s]) for s in senders), start=jnp.zeros(()))

    def step(self, states: States, forward: bool) -> States:
        """Move every hidden layer once."""
        new = dict(states)
        for name in self.order[1:-1]:
            new[name] = sign(self.field(new if self.sequential else states, name, forward))
        return new

    def backward(self, states: States) -> Orchestra:
        """The pseudo-gradients of all edges, in the shape of the orchestra."""
        rows: dict[str, dict[str, Link | Copy]] = {}
        for receiver, row in self.rows.items():
            field = self.field(states, receiver, forward=True)
            rows[receiver] = {
                sender: edge.backward(states[sender], states[receiver], field) if isinstance(edge, Link) else edge
                for sender, edge in row.items()
            }
        return Orchestra(rows, self.order, self.sequential)


def build(net: Network) -> Program:
    """The program of a chain or of the MNIST network."""
    optimizer = optax.sgd(net.learning_rate if isinstance(net, Chain) else 1.0)

    def learn_batch(orchestra: Orchestra, x: jax.Array, y: jax.Array) -> Orchestra:
        hidden = orchestra.order[1:-1]
        states = {"x": x, "y": y} | {name: jnp.zeros((net.rows, net.units)) for name in hidden}
        for forward, steps in ((True, 1), (False, net.steps), (True, net.steps)):
            states = jax.lax.fori_loop(0, steps, lambda _, s, forward=forward: orchestra.step(s, forward), states)
        gradients = eqx.filter(orchestra.backward(states), eqx.is_inexact_array)
        changes, _ = optimizer.update(gradients, optimizer.init(gradients))
        moved: Orchestra = eqx.apply_updates(orchestra, changes)
        return moved

    jitted: Any = eqx.filter_jit(learn_batch)

    def compile_for(weights: Orchestra, xs: jax.Array, ys: jax.Array) -> Train:
        step = jitted.lower(weights, xs[0], ys[0]).compile()

        def train(weights: Orchestra, xs: jax.Array, ys: jax.Array) -> Orchestra:
            for x, y in zip(xs, ys, strict=True):
                weights = step(weights, x, y)
            return weights

        return train

    return Program(lambda edges: load(net, edges), compile_for, save)


def load(net: Network, edges: Edges) -> Orchestra:
    """A module for each edge."""
    order = ("x", *layers_of(net), "y")
    rows: dict[str, dict[str, Link | Copy]] = {name: {} for name in order[1:]}
    for name, weight in edges.items():
        sender, receiver = name.split("->")
        rows[receiver][sender] = module(net, sender, receiver, weight) if weight.ndim else Copy(float(weight))
    return Orchestra(rows, order, isinstance(net, Mnist) or net.schedule == "sequential")


def layers_of(net: Network) -> tuple[str, ...]:
    """The names of the hidden layers."""
    return ("h",) if isinstance(net, Mnist) else tuple(f"h[{i}]" for i in range(1, net.depth + 1))


def module(net: Network, sender: str, receiver: str, weight: Any) -> Link:
    """The module of one edge with a matrix."""
    learns = np.full(weight.shape, sender != "y") & (weight != 0)
    if sender == receiver:
        np.fill_diagonal(learns, False)
    margin, rate, decay = net.margin if isinstance(net, Chain) else net.margins[receiver == "y"], 1.0, 0.0
    if isinstance(net, Mnist) and sender != "y":
        number = ("x->h", "h->h", "h->y").index(f"{sender}->{receiver}")
        rate, decay = net.rates[number], net.decays[number]
    sent = net.sent if isinstance(net, Mnist) and sender == "y" else None
    return Link(jnp.array(weight), jnp.array(learns), margin, rate, decay, sent)


def save(weights: Orchestra) -> Edges:
    """The weights by edge again."""
    return {
        f"{sender}->{receiver}": np.asarray(edge.weight if isinstance(edge, Link) else edge.strength, np.float32)
        for receiver, row in weights.rows.items()
        for sender, edge in row.items()
    }
