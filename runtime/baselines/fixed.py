"""`random_features` and `reservoir`: fixed random units, of which only the read-out is learned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from dync.runtime.baselines.baseline import Affine, BaselineModel, Sizes
from dync.runtime.baselines.settings import verify_count, verify_rate
from dync.runtime.error import RunError

LARGEST: Final = 8192
"""The most units of a reservoir, whose recurrent weights are a whole matrix."""


class ReadOut(BaselineModel):
    """Fixed features and a learned affine read-out."""

    features: eqx.Module
    last: Affine

    def __call__(self, x: Array) -> Array:
        """The scores."""
        return self.last(lax.stop_gradient(self.features(x)))  # type: ignore[operator]

    def learns(self) -> Any:
        """Only the read-out."""
        fixed = jax.tree.map(lambda leaf: False, self)
        return eqx.tree_at(lambda model: model.last, fixed, jax.tree.map(lambda leaf: True, self.last))


class Rectified(eqx.Module):
    """`max(0, x @ weight + bias)`."""

    inner: Affine

    def __call__(self, x: Array) -> Array:
        """The features."""
        return jax.nn.relu(self.inner(x))


class Echo(eqx.Module):
    """The state of leaky tanh units after some steps in which the input stays as it is."""

    inner: Affine
    recurrent: Array
    leak: float = eqx.field(static=True)
    steps: int = eqx.field(static=True)

    def __call__(self, x: Array) -> Array:
        """The state after the last step, which began at zero."""
        drive = self.inner(x)

        def step(state: Array, _: None) -> tuple[Array, None]:
            return (1 - self.leak) * state + self.leak * jnp.tanh(drive + state @ self.recurrent), None

        return lax.scan(step, jnp.zeros_like(drive), length=self.steps)[0]


@dataclass(frozen=True)
class RandomFeatures:
    """`random_features(units, learning_rate)`: rectified random projections and a learned read-out.

    By default as many units as the network has hidden ones. Rahimi, Recht (2008), Weighted sums of random kitchen
    sinks.
    """

    units: int | None = None
    learning_rate: float = 0.01

    def __post_init__(self) -> None:
        verify_count("random_features", "units", self.units)
        verify_rate("random_features", self.learning_rate)

    def init(self, sizes: Sizes, key: Array) -> BaselineModel:
        """Everything drawn."""
        units = self.units or sizes.total
        first, shift, last = jax.random.split(key, 3)
        inner = Affine(sizes.inputs, units, first)
        shifts = jax.random.uniform(shift, (units,), jnp.float32, -1, 1)
        inner = eqx.tree_at(lambda layer: layer.bias, inner, shifts)
        return ReadOut(Rectified(inner), Affine(units, sizes.outputs, last))


@dataclass(frozen=True)
class Reservoir:
    """`reservoir(units, leak, density, spectral_radius, steps, learning_rate)`: an echo-state network.

    It hears the same input at each of its steps; the read-out from its last state is learned. By default it has as many
    units as the network has hidden ones. Jaeger (2001), The echo state approach to analysing and training recurrent
    neural networks.
    """

    units: int | None = None
    leak: float = 0.5
    density: float = 0.1
    spectral_radius: float = 0.9
    steps: int = 5
    learning_rate: float = 0.01

    def __post_init__(self) -> None:
        verify_count("reservoir", "units", self.units, LARGEST)
        verify_count("reservoir", "steps", self.steps)
        verify_rate("reservoir", self.learning_rate)
        for name in ("leak", "density"):
            if not 0 < getattr(self, name) <= 1:
                raise RunError(f"reservoir has {name} = {getattr(self, name)}: give a number above 0 and up to 1")
        if not 0 <= self.spectral_radius < np.inf:
            raise RunError(f"reservoir has spectral_radius = {self.spectral_radius}: give a number from 0 up, as 0.9")

    def init(self, sizes: Sizes, key: Array) -> BaselineModel:
        """Everything drawn."""
        units = self.units or min(sizes.total, LARGEST)
        first, middle, last = jax.random.split(key, 3)
        echo = Echo(Affine(sizes.inputs, units, first), self._recurrent(units, middle), self.leak, self.steps)
        return ReadOut(echo, Affine(units, sizes.outputs, last))

    def _recurrent(self, units: int, key: Array) -> Array:
        """Sparse Gaussian weights scaled to the spectral radius; zeros where what was drawn has none."""
        weights, there = jax.random.split(key)
        matrix = np.asarray(jax.random.normal(weights, (units, units), jnp.float32))
        matrix = matrix * np.asarray(jax.random.bernoulli(there, self.density, (units, units)))
        radius = float(np.abs(np.linalg.eigvals(matrix.astype(np.float64))).max())
        return jnp.asarray(matrix * np.float32(self.spectral_radius / radius if radius > 1e-6 else 0.0))
