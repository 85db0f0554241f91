"""`mlp` and `linear`: layers that are learned by backpropagation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array

from dync.grammar.diagnostic import nearest
from dync.runtime.baselines.baseline import Affine, BaselineModel, Sizes
from dync.runtime.baselines.settings import verify_count, verify_rate
from dync.runtime.error import RunError

ACTIVATIONS: Final[Mapping[str, Callable[[Array], Array]]] = {
    "relu": jax.nn.relu,
    "tanh": jnp.tanh,
    "gelu": jax.nn.gelu,
    "silu": jax.nn.silu,
    "sigmoid": jax.nn.sigmoid,
}
"""What hidden units of an `mlp` can be."""


class Layers(BaselineModel):
    """Affine layers with an activation between them."""

    layers: tuple[Affine, ...]
    activation: str = eqx.field(static=True)

    def __call__(self, x: Array) -> Array:
        """The scores."""
        *hidden, last = self.layers
        for layer in hidden:
            x = ACTIVATIONS[self.activation](layer(x))
        return last(x)


@dataclass(frozen=True)
class Mlp:
    """`mlp(hidden, depth, learning_rate, activation)`: a feedforward network.

    Without `hidden` and `depth` its hidden layers have the units of the network's; `depth` layers of `hidden` units
    otherwise (`hidden` alone: one layer; `depth` alone: as wide as the network's widest).
    """

    hidden: int | None = None
    depth: int | None = None
    learning_rate: float = 0.001
    activation: str = "relu"

    def __post_init__(self) -> None:
        verify_count("mlp", "hidden", self.hidden)
        verify_count("mlp", "depth", self.depth)
        verify_rate("mlp", self.learning_rate)
        if self.activation not in ACTIVATIONS:
            guess = nearest(self.activation, ACTIVATIONS)
            hint = f"did you mean {guess}?" if guess else f"there are {', '.join(ACTIVATIONS)}"
            raise RunError(f"mlp has activation = {self.activation}, which it does not know: {hint}")

    def init(self, sizes: Sizes, key: Array) -> BaselineModel:
        """Drawn layers."""
        widths = (sizes.inputs, *self._widths(sizes), sizes.outputs)
        return _layers(widths, self.activation, key)

    def _widths(self, sizes: Sizes) -> tuple[int, ...]:
        if self.hidden is None and self.depth is None:
            return sizes.hidden
        width = self.hidden if self.hidden is not None else max(sizes.hidden, default=sizes.total)
        return (width,) * (self.depth or 1)


@dataclass(frozen=True)
class Linear:
    """`linear(learning_rate)`: softmax regression, or least squares where targets are not one of many."""

    learning_rate: float = 0.01

    def __post_init__(self) -> None:
        verify_rate("linear", self.learning_rate)

    def init(self, sizes: Sizes, key: Array) -> BaselineModel:
        """One drawn layer."""
        return _layers((sizes.inputs, sizes.outputs), "relu", key)


def _layers(widths: tuple[int, ...], activation: str, key: Array) -> Layers:
    keys = jax.random.split(key, len(widths) - 1)
    return Layers(tuple(Affine(a, b, k) for (a, b), k in zip(pairwise(widths), keys, strict=True)), activation)
