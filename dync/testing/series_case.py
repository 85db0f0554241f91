"""One network over time with its weights and data, taken through the literal loop and through the compiled scan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from dync.compiler.plan import Plan, Role
from dync.testing.case import Values, edge_name, states, with_these_weights
from dync.testing.evaluate import Array
from dync.testing.interpreter import Data, Interpreter
from dync.testing.measures import measures
from dync.testing.moment import any_draws
from dync.testing.sequences import follow, learn

if TYPE_CHECKING:
    from dync.runtime.learner import Learner

RATE: Final = 0.05
"""The learning rate of the plain descent, by which what was learnt is divided again."""


def series_case(
    plan: Plan,
    weights: Mapping[str, Array],
    absent: Mapping[str, NDArray[np.bool_]],
    x: Data,
    y: Data,
    batch: int,
) -> SeriesCase:
    """A case of data by layer, or of one array where there is one layer to take it; all dimensions may be there.

    Raises ValueError for data that no layer takes, and for series of different lengths.
    """
    flat = {**_by_layer(plan, "input", x, batch), **_by_layer(plan, "output", y, batch)}
    time = _over_time(plan)
    lengths = {flat[name].shape[1] for name in time}
    if len(lengths) != 1:
        raise ValueError(f"series of different lengths: {sorted(lengths)}")
    roles = {layer.name: layer.role for layer in plan.structure.layers}
    inputs, outputs = ({n: v for n, v in flat.items() if roles[n] == role} for role in ("input", "output"))
    return SeriesCase(plan, weights, absent, inputs, outputs, batch, lengths.pop())


def _by_layer(plan: Plan, role: Role, data: Data, batch: int) -> dict[str, Array]:
    """`[batch, units]` by layer, of layers over time `[batch, samples, units]`."""
    layers = {layer.name: layer for layer in plan.structure.layers if layer.role == role}
    given = data if isinstance(data, Mapping) else dict.fromkeys(layers, data)
    if given.keys() != layers.keys() or (len(layers) > 1 and given is not data):
        raise ValueError(f"data for {sorted(given)}, where {role}s are {sorted(layers)}")
    time = _over_time(plan)
    sizes = {name: (batch, -1) if name in time else (batch,) for name in layers}
    return {name: np.asarray(given[name], np.float64).reshape(*sizes[name], layers[name].units) for name in layers}


def _over_time(plan: Plan) -> frozenset[str]:
    """The names of the layers over time."""
    numbers = () if plan.structure.time is None else plan.structure.time.layers
    return frozenset(plan.structure.layers[n].name for n in numbers)


@dataclass(frozen=True)
class SeriesCase:
    """A network over time, weights by edge, which of them are absent, inputs and targets by layer.

    Data are `[batch, units]`, of layers over time `[batch, samples, units]`.
    """

    plan: Plan
    weights: Mapping[str, Array]
    absent: Mapping[str, NDArray[np.bool_]]
    x: Mapping[str, Array]
    y: Mapping[str, Array]
    batch: int
    samples: int

    # --- the interpreter ----------------------------------------------------------------------------------------------

    def interpreted(self) -> tuple[Values, float]:
        """What the interpreter finds, and how near any decision came to falling the other way."""
        naive = Interpreter(self.plan, absent=self.absent, draws=any_draws)
        found: Values = {}
        if self.plan.structure.infer is not None:
            for t, sequence in follow(naive, "infer", self.x, dict(self.weights), self.samples, self.batch):
                found |= self._read(t, sequence.state)
                judged = measures(self.plan, sequence.state, self._targets(t), naive.margin)
                found |= {f"the measure {name} of sample {t}": value for name, value in judged.items()}
        if self.plan.structure.train is not None:
            after, sequence = learn(naive, {**self.x, **self.y}, dict(self.weights), RATE)
            found |= states("train", sequence.state)
            found |= {f"the steps of {phase}": sum(steps) for phase, steps in sequence.taken.items()}
            found |= {_learnt(name): (after[name] - weight) / RATE for name, weight in self.weights.items()}
        return found, naive.margin.smallest

    def _read(self, t: int, state: Mapping[str, Array]) -> Values:
        """The read-outs after a sample; of outputs that are not over time the last one counts."""
        last = t == self.samples - 1
        outputs = [layer.name for layer in self.plan.structure.layers if layer.role == "output"]
        return {_sample(t, name): state[name] for name in outputs if last or name in _over_time(self.plan)}

    def _targets(self, t: int) -> dict[str, Array]:
        return {name: y[:, t] if name in _over_time(self.plan) else y for name, y in self.y.items()}

    # --- the engine ---------------------------------------------------------------------------------------------------

    def computed(self) -> Values:
        """What the engine finds, by one compiled program. JAX is loaded here."""
        import equinox as eqx
        import optax

        from dync.runtime.learner import start_learner
        from dync.runtime.network import Network

        descent = optax.sgd(RATE)
        learner = start_learner(with_these_weights(Network(self.plan), self.weights), descent)
        x, y = ({name: value.astype(np.float32) for name, value in data.items()} for data in (self.x, self.y))
        found: Values = eqx.filter_jit(partial(self._found, descent.update))(learner, x, y)
        return found

    def _found(self, update: Any, learner: Learner, x: Any, y: Any) -> Values:
        import jax

        from dync.runtime.learner import learn_batch
        from dync.runtime.samples import read_sequences

        found: Values = {}
        structure, key = self.plan.structure, jax.random.key(0)
        if structure.infer is not None:
            machine = learner.orchestrator.machine
            read, judged = read_sequences(machine, x, self.batch, self.samples, key, y)
            for name, values in read.items():
                over_time = name in _over_time(self.plan)
                found |= {_sample(t, name): values[:, t] for t in range(self.samples) if over_time}
                found |= {} if over_time else {_sample(self.samples - 1, name): values}
            for name, values in judged.items():
                found |= {f"the measure {name} of sample {t}": values[:, t] for t in range(self.samples)}
        if structure.train is not None:
            after, state = learn_batch(update, learner, {**x, **y}, key)
            found |= states("train", state)
            phases = {structure.phases[n].name for n in structure.train}
            found |= {f"the steps of {phase}": state.steps_taken(phase) for phase in phases}
            found |= self._learnt(learner, after)
        return found

    def _learnt(self, before: Learner, after: Learner) -> Values:
        maps = before.orchestrator.lmap, after.orchestrator.lmap
        keys = {edge_name(key): key for key in maps[0]}
        pairs = ((name, [found[keys[name]].weight for found in maps]) for name in self.weights)
        return {_learnt(name): (new - old) / RATE for name, (old, new) in pairs if old is not None and new is not None}


def _sample(t: int, name: str) -> str:
    return f"infer, sample {t}: the state of {name}"


def _learnt(name: str) -> str:
    return f"what {name} has learnt"
