"""The one shape of all baselines: an object that makes a model from sizes and a key; and what a model is."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, Protocol

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array


@dataclass(frozen=True)
class Sizes:
    """Units of all inputs and all outputs together, and of each hidden layer of the network that it stands beside."""

    inputs: int
    outputs: int
    hidden: tuple[int, ...]

    @property
    def total(self) -> int:
        """All hidden units: what a baseline of one pool of units has by default; 100 beside a network without any."""
        return sum(self.hidden) or 100


class Affine(eqx.Module):
    """`x @ weight + bias`, the weight `[inputs, outputs]` drawn uniformly with the variance 2 / inputs.

    He, Zhang, Ren, Sun (2015), Delving deep into rectifiers.
    """

    weight: Array
    bias: Array

    def __init__(self, inputs: int, outputs: int, key: Array) -> None:
        bound = (6 / inputs) ** 0.5
        self.weight = jax.random.uniform(key, (inputs, outputs), jnp.float32, -bound, bound)
        self.bias = jnp.zeros(outputs, jnp.float32)

    def __call__(self, x: Array) -> Array:
        """`[examples, inputs]` to `[examples, outputs]`."""
        return x @ self.weight + self.bias


class BaselineModel(eqx.Module):
    """Something that turns inputs `[examples, inputs]` into scores `[examples, outputs]`."""

    @abstractmethod
    def __call__(self, x: Array) -> Array:
        """The scores, which become a read-out by `Targets.read_out`."""

    def learns(self) -> Any:
        """A tree like the model's that is true for the arrays that are learned: here all of them."""
        return jax.tree.map(lambda leaf: True, self)


class Baseline(Protocol):
    """A kind of model with its settings."""

    @property
    def learning_rate(self) -> float:
        """The rate of Adam."""
        ...

    def init(self, sizes: Sizes, key: Array) -> BaselineModel:
        """A model with everything drawn from the key; raises RunError where the settings do not fit the sizes."""
        ...
