"""Recording states while a network trains, without changing what it learns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import equinox as eqx
import numpy as np
import optax
from jax import Array
from numpy.typing import NDArray

from dync.compiler.pipeline_plan import RecordPlan
from dync.grammar.diagnostic import nearest
from dync.runtime.error import RunError
from dync.runtime.learner import Learner, learn_batch
from dync.runtime.network import Network
from dync.runtime.records import EXAMPLE, UPDATE, Recorder


class Recording:
    """`record LAYERS every N`: before every N-th update its batch is relaxed once more, on the side, by the same draws.

    The training's own program stays as it is, so a training that is recorded learns to the bit what it would learn
    otherwise; a record costs one more relaxation.
    """

    def __init__(self, plan: RecordPlan, optimizer: optax.GradientTransformation, recorder: Recorder) -> None:
        self.every, self.recorder = plan.every, recorder
        self._states = _program(optimizer, plan.layers)

    def until_next(self, updates: int) -> int:
        """How many updates can be made before the next one that is recorded, after so many; 0 where it is the next."""
        return self.every - 1 - updates % self.every

    def take(self, learner: Learner, arrays: Mapping[str, Array], rows: NDArray[Any], key: Array) -> None:
        """Record the states for the batch that the learner is about to learn; `rows` are its examples."""
        data = {name: array[rows] for name, array in arrays.items()}
        states = self._states(learner, data, key)
        self.recorder.add(int(learner.count) + 1, rows, {name: np.asarray(value) for name, value in states.items()})


def verify_recorded(plan: RecordPlan, network: Network) -> None:
    """Raise RunError for layers that the network does not have."""
    names = network.plan.structure.layer_numbers
    for layer in plan.layers:
        if layer not in names or layer in (UPDATE, EXAMPLE):
            guess = nearest(layer, names)
            hint = f"did you mean {guess!r}?" if guess else f"there are {', '.join(list(names)[:12])}"
            raise RunError(f"record: the network {network.name} has no layer {layer!r} to record; {hint}")


def _program(optimizer: optax.GradientTransformation, layers: tuple[str, ...]) -> Callable[..., dict[str, Array]]:
    @eqx.filter_jit
    def states(learner: Learner, data: dict[str, Array], key: Array) -> dict[str, Array]:
        _, state = learn_batch(optimizer.update, learner, data, key)
        return {layer: state[layer] for layer in layers}

    return states
