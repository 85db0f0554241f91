"""The networks that are measured: their sizes and constants, a `.dyn` text for each, weights and data to start from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchmarks.program import Edges, Floats

Schedule = Literal["sequential", "synchronous"]


@dataclass(frozen=True)
class Chain:
    """A chain of hidden layers alike: each hears itself, the layer before it and, weakly, the layer after it."""

    depth: int
    schedule: Schedule = "sequential"
    units: int = 100
    classes: int = 10
    rows: int = 16
    steps: int = 7
    diagonal: float = 0.9
    back: float = 0.5
    margin: float = 1.0
    learning_rate: float = 0.1

    @property
    def inputs(self) -> int:
        """Units of the input."""
        return self.units

    @property
    def text(self) -> str:
        """The network and how it is trained, in the language."""
        return f"""
network Net {{
  param depth = {self.depth} in 2..1024
  input  x ({self.units})
  layer  h[1..depth] ({self.units}) sign
  output y ({self.classes})
  edge x -> h[1]     dense learn perceptron(margin = {self.margin})
  edge h[depth] -> y dense learn perceptron(margin = {self.margin})
  edge y -> h[depth] dense
  for i in 1..depth {{ edge h[i] -> h[i] dense(diagonal = {self.diagonal}) learn perceptron(margin = {self.margin}) }}
  for i in 1..depth-1 {{
    edge h[i] -> h[i+1] dense learn perceptron(margin = {self.margin})
    edge h[i+1] -> h[i] one_to_one({self.back})
  }}
  schedule {self.schedule}
  phase warm    {{ steps 1 messages forward }}
  phase clamped {{ steps {self.steps} messages all }}
  phase relax   {{ steps {self.steps} messages forward }}
  train warm, clamped, relax
  infer warm, relax
}}
"""

    def edges(self, seed: int) -> Edges:
        """Gaussian weights, the diagonals in place."""
        rng = np.random.default_rng(seed)
        edges: Edges = {"x->h[1]": gaussian(rng, self.inputs, self.units)}
        for i in range(1, self.depth + 1):
            edges[f"h[{i}]->h[{i}]"] = with_diagonal(gaussian(rng, self.units, self.units), self.diagonal)
        for i in range(1, self.depth):
            edges[f"h[{i}]->h[{i + 1}]"] = gaussian(rng, self.units, self.units)
            edges[f"h[{i + 1}]->h[{i}]"] = scalar(self.back)
        edges[f"h[{self.depth}]->y"] = gaussian(rng, self.units, self.classes)
        edges[f"y->h[{self.depth}]"] = gaussian(rng, self.classes, self.units)
        return edges

    def data(self, seed: int, batches: int) -> tuple[Floats, Floats]:
        """Random ±1 inputs and one-of-many ±1 targets."""
        rng = np.random.default_rng(seed)
        xs = np.where(rng.random((batches, self.rows, self.inputs)) < 0.5, -1, 1).astype(np.float32)
        return xs, one_of_many(rng, batches, self.rows, self.classes)


@dataclass(frozen=True)
class Mnist:
    """One wide sparse layer between pixels and classes, with the published constants."""

    inputs: int = 784
    units: int = 2000
    classes: int = 10
    rows: int = 16
    steps: int = 5
    densities: tuple[float, float] = (0.1, 0.01)
    strengths: tuple[float, float] = (5.0, 1.3)
    diagonal: float = 0.95
    margins: tuple[float, float] = (1.78, 7.0)
    sent: tuple[float, float] = (3 / 2, -1 / 3)
    decays: tuple[float, float, float] = (1.13e-4, 4.2e-7, 4.5e-4)

    @property
    def rates(self) -> tuple[float, float, float]:
        """Of the input, the recurrent and the read-out weights."""
        return 0.159 / self.densities[0] ** 0.5, 0.058 / self.densities[1] ** 0.5, 0.17

    @property
    def text(self) -> str:
        """The network, in the language."""
        (input_rate, own_rate, readout_rate), (input_decay, own_decay, readout_decay) = self.rates, self.decays
        return f"""
network Net {{
  input  x ({self.inputs})
  layer  h ({self.units}) sign
  output y ({self.classes})
  edge x -> h dense(strength = {self.strengths[0]}, density = {self.densities[0]})
    learn perceptron(margin = {self.margins[0]}) rate {input_rate} decay {input_decay}
  edge h -> h dense(density = {self.densities[1]}, diagonal = {self.diagonal})
    learn perceptron(margin = {self.margins[0]}) rate {own_rate} decay {own_decay}
  edge h -> y dense learn perceptron(margin = {self.margins[1]}) rate {readout_rate} decay {readout_decay}
  edge y -> h dense(strength = {self.strengths[1]}) sends where(state > 0, 3 / 2, -1 / 3)
  phase warm    {{ steps 1 messages forward }}
  phase clamped {{ steps {self.steps} messages all }}
  phase relax   {{ steps {self.steps} messages forward }}
  train warm, clamped, relax
  infer warm, relax
}}
"""

    def edges(self, seed: int) -> Edges:
        """Gaussian weights, most of them absent, the diagonal in place."""
        rng = np.random.default_rng(seed)
        own = gaussian(rng, self.units, self.units, density=self.densities[1])
        return {
            "x->h": gaussian(rng, self.inputs, self.units, self.strengths[0], self.densities[0]),
            "h->h": with_diagonal(own, self.diagonal),
            "h->y": gaussian(rng, self.units, self.classes),
            "y->h": gaussian(rng, self.classes, self.units, self.strengths[1]),
        }

    def data(self, seed: int, batches: int) -> tuple[Floats, Floats]:
        """Inputs in 0..1 of which a fifth is not zero, as in pictures of digits, and one-of-many ±1 targets."""
        rng = np.random.default_rng(seed)
        ink = rng.random((batches, self.rows, self.inputs)) < 0.2
        xs = (rng.random(ink.shape) * ink).astype(np.float32)
        return xs, one_of_many(rng, batches, self.rows, self.classes)


Network = Chain | Mnist


def gaussian(rng: np.random.Generator, senders: int, receivers: int, strength: float = 1, density: float = 1) -> Floats:
    """Weights of a `dense` edge, by the language's rule for them."""
    weights = rng.normal(size=(senders, receivers)) * (strength / np.sqrt(senders * density))
    return np.where(rng.random(weights.shape) < density, weights, 0).astype(np.float32)


def scalar(value: float) -> Floats:
    """The weight of a `one_to_one` edge."""
    return np.array(value, np.float32)


def with_diagonal(weights: Floats, value: float) -> Floats:
    """The same weights with this diagonal."""
    result = weights.copy()
    np.fill_diagonal(result, value)
    return result


def one_of_many(rng: np.random.Generator, batches: int, rows: int, classes: int) -> Floats:
    """Targets `[batches, rows, classes]`: 1 for a random class, -1 for the others."""
    drawn = rng.integers(0, classes, (batches, rows, 1))
    return np.where(drawn == np.arange(classes), 1, -1).astype(np.float32)
