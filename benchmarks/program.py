"""The one shape of every program that is measured, whoever wrote it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Edges = dict[str, Floats]
"""Weights by `sender->receiver`: `[units of sender, units of receiver]`, 0 where absent; a scalar if `one_to_one`."""

Weights = Any
"""The weights as one program keeps them: a PyTree of its own."""

Train = Callable[[Weights, jax.Array, jax.Array], Weights]
"""Learns from `xs` and `ys`, both `[batches, rows, units]`, one update a batch; it may consume the weights."""


@dataclass(frozen=True)
class Program:
    """A network that can be trained: weights in, a compiled training loop, weights out."""

    load: Callable[[Edges], Weights]
    compile: Callable[[Weights, jax.Array, jax.Array], Train]
    save: Callable[[Weights], Edges]


def compiled(train: Train) -> Callable[[Weights, jax.Array, jax.Array], Train]:
    """`Program.compile` for a function that JAX can trace: ahead of time, the weights donated."""

    def compile_for(weights: Weights, xs: jax.Array, ys: jax.Array) -> Train:
        result: Train = jax.jit(train, donate_argnums=0).lower(weights, xs, ys).compile()
        return result

    return compile_for
