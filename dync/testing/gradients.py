"""The updates of edges that learn by gradients, as the interpreter finds them: by central differences, in float64.

Every weight takes two runs of the training protocol, so this is for small networks. Independent of the chain rule: it
knows nothing of derivatives, and so nothing of surrogates either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from dync.compiler.plan import GradientPlan
from dync.testing.evaluate import Array
from dync.testing.interpreter import Interpreter, State
from dync.testing.measures import measure
from dync.testing.plasticity import Beside

STEP: Final = 1e-5
"""How far a weight is moved to either side."""


def with_gradients(naive: Interpreter, start: State, weights: Mapping[str, Array], beside: Beside) -> Beside:
    """What training from `start` left beside the state, with the update of each edge that learns by a gradient.

    Raises ValueError for an activation with a surrogate, whose derivative is not that of what it does.
    """
    found = {name: _update(naive, start, weights, name) for name, edge in naive.edges.items() if edge.gradient}
    return replace(beside, gathered={**beside.gathered, **found})


def along(
    naive: Interpreter, start: State, weights: Mapping[str, Array], name: str, direction: Array, gradient: GradientPlan
) -> float:
    """How fast a measure improves when the weights of an edge move along a direction: two runs."""
    _refuse_surrogates(naive)
    sides = []
    for side in (-1.0, 1.0):
        moved = np.asarray(weights[name], np.float64) + side * STEP * direction
        sides.append(_mean(naive, start, {**weights, name: moved}, gradient))
    return _sign(naive, gradient) * (sides[1] - sides[0]) / (2 * STEP)


def _update(naive: Interpreter, start: State, weights: Mapping[str, Array], name: str) -> Array:
    edge = naive.edges[name]
    assert edge.gradient is not None
    change = np.zeros(edge.shape)
    for place in zip(*np.nonzero(naive.moves(edge)), strict=True):
        direction = np.zeros(edge.shape)
        direction[place] = 1.0
        change[place] = along(naive, start, weights, name, direction, edge.gradient)
    return change


def _mean(naive: Interpreter, start: State, weights: Mapping[str, Array], gradient: GradientPlan) -> float:
    """The mean of a measure over the batch at its moment; targets are what outputs hold in `start`."""
    end = naive.relax("train", start, weights)
    phase = None if gradient.phase is None else naive.plan.structure.phases[gradient.phase].name
    state = end.state if phase is None else end.snapshots[phase]
    targets = {name: start[name] for name, layer in naive.layers.items() if layer.role == "output"}
    return float(np.mean(measure(naive.plan, gradient.measure, state, targets, naive.margin)))


def _sign(naive: Interpreter, gradient: GradientPlan) -> float:
    """1 where more of the measure is better, else -1."""
    less = {"mse", *(measure.name for measure in naive.plan.structure.measures if measure.minimize)}
    return -1.0 if gradient.measure in less else 1.0


def _refuse_surrogates(naive: Interpreter) -> None:
    for name, layer in naive.layers.items():
        activation = layer.activation
        if activation is not None and (activation.surrogate or activation.sends_slope is not None):
            raise ValueError(f"the layer {name} has a surrogate: differences know nothing of it")
