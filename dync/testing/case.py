"""One network with its weights and data, taken through the interpreter and through the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dync.compiler.plan import MessageFilter, Plan
from dync.testing.evaluate import Array
from dync.testing.gradients import with_gradients
from dync.testing.interpreter import Data, Interpreter
from dync.testing.measures import measures
from dync.testing.moment import any_draws
from dync.testing.relaxation import Relaxation

if TYPE_CHECKING:
    from dync.runtime.network import Network
    from dync.runtime.orchestrator import WaveOrchestrator
    from dync.runtime.state import State

Values = dict[str, Any]
"""Arrays by what they are: `train: the state of h[1]`."""


@dataclass(frozen=True)
class Case:
    """A network, weights by edge, which of them are absent, data by layer, and how its two steps are taken."""

    plan: Plan
    weights: Mapping[str, Array]
    absent: Mapping[str, NDArray[np.bool_]]
    x: Data
    y: Data
    batch: int
    messages: MessageFilter
    silent: tuple[str, ...]

    # --- the interpreter ----------------------------------------------------------------------------------------------

    def interpreted(self) -> tuple[Values, float]:
        """What the interpreter finds, and how near any decision came to falling the other way."""
        naive, weights = Interpreter(self.plan, absent=self.absent, draws=any_draws), self.weights
        start = naive.start(self.x, self.y, batch=self.batch)
        first = naive.step(start, weights, self.messages, self.silent)
        second = naive.step(first, weights, self.messages, self.silent, past=(start, first))
        found = states("step", first) | states("second step", second)
        ends: dict[str, Relaxation] = {}
        if self.plan.structure.train is not None:
            ends["train"] = naive.relax("train", start, weights)
        if self.plan.structure.infer is not None:
            ends["infer"] = naive.relax("infer", naive.start(self.x, None, batch=self.batch), weights)
        for name, end in ends.items():
            found |= states(name, end.state)
        last = [*ends.values()][-1].state if ends else start
        targets = {name: start[name] for name, layer in naive.layers.items() if layer.role == "output"}
        judged = measures(self.plan, last, targets, naive.margin)
        found |= {f"the measure {name}": value for name, value in judged.items()}
        found |= {
            f"the update of {name}": value for name, value in self._learned(naive, start, ends.get("train")).items()
        }
        return found, naive.margin.smallest

    def _learned(self, naive: Interpreter, start: Mapping[str, Array], end: Relaxation | None) -> Mapping[str, Array]:
        """What the rules make of the end of training; nothing where they read phases that there are not."""
        if end is not None:
            beside = with_gradients(naive, dict(start), self.weights, end.beside)
            return naive.pseudo_gradients(end.state, self.weights, end.snapshots, end.past, end.pasts, beside)
        return {} if self._reads_moments else naive.pseudo_gradients(dict(start), self.weights)

    @property
    def _reads_moments(self) -> bool:
        structure = self.plan.structure
        return structure.follows_gradients or any(rule.moments for rule in structure.rules)

    # --- the engine ---------------------------------------------------------------------------------------------------

    def computed(self) -> Values:
        """What the engine finds, by one compiled program. JAX is loaded here."""
        import equinox as eqx

        from dync.runtime.network import Network

        net = Network(self.plan)
        x, y = self._shaped(net, "input", self.x), self._shaped(net, "output", self.y)
        found: Values = eqx.filter_jit(partial(self._found, net))(with_these_weights(net, self.weights), x, y)
        return found

    def _found(self, net: Network, orch: WaveOrchestrator, x: Any, y: Any) -> Values:
        import jax

        key = jax.random.key(0)
        state = net.state(x, y, batch=self.batch)
        first, _ = orch.step(state, rng=key, messages=self.messages, silent=self.silent)
        second, _ = orch.step(first, rng=key, messages=self.messages, silent=self.silent)
        found = states("step", first) | states("second step", second)
        structure, at, last = self.plan.structure, state, state
        if structure.train is not None:
            at, _ = orch.relax("train", state, rng=key)
            last, found = at, found | states("train", at)
        if structure.infer is not None:
            last, _ = orch.relax("infer", net.state(x, batch=self.batch), rng=key)
            found |= states("infer", last)
        return found | self._judged(orch, last, state) | self._updates(orch, at)

    def _shaped(self, net: Network, role: Any, data: Data) -> Any:
        """The data with all dimensions of their layers."""
        shapes = net.layers(role)
        if data is None or not isinstance(data, Mapping):
            return data
        return {name: np.reshape(value, (-1, *shapes[name])) for name, value in data.items()}

    def _judged(self, orch: WaveOrchestrator, last: State, start: State) -> Values:
        from dync.runtime.declared_measures import measured

        outputs = [layer.name for layer in self.plan.structure.layers if layer.role == "output"]
        targets = {name: start[name].reshape(start.batch, -1) for name in outputs}
        return {f"the measure {name}": value for name, value in measured(last, orch.parameters, targets).items()}

    def _updates(self, orch: WaveOrchestrator, state: State) -> Values:
        import jax

        if self._reads_moments and self.plan.structure.train is None:
            return {}
        found = orch.backward(state, rng=jax.random.key(0))
        keys = {edge_name(key): key for key in orch.lmap}
        return {f"the update of {name}": found[keys[name]].weight for name in self.weights}


def with_these_weights(net: Network, weights: Mapping[str, Array]) -> WaveOrchestrator:
    """An orchestrator with exactly these weights; drawn first only where the drawing decides more than numbers."""
    import jax

    from dync.runtime.layout import layout

    structure = net.plan.structure
    keys = {edge_name(key): key for key in layout(structure).edges}
    given: dict[Any, Array] = {keys[name]: weight.astype(np.float32) for name, weight in weights.items()}
    if any(family.inner is not None or family.between is not None for family in structure.families):
        return net.init(jax.random.key(0)).with_weights(given)
    return net.with_weights(given)


def states(when: str, state: Mapping[str, Any] | State) -> Values:
    """All the states of a moment, and the traces of units."""
    found = {f"{when}: the state of {name}": state[name] for name in state}
    return found if isinstance(state, Mapping) else found | _traces(when, state)


def _traces(when: str, state: State) -> Values:
    """The traces of a state of the engine, called as the interpreter calls them."""
    structure = state.structure
    return {
        f"{when}: the state of {structure.layers[n].name}, trace {trace.name}": state.trace(
            structure.layers[n].name, trace.name
        )
        for block in structure.blocks
        for n in block.layers
        for trace in (() if block.activation is None else block.activation.traces)
    }


def edge_name(key: tuple[str, ...]) -> str:
    """The name of an edge from its key in a layer map: `S->R`, of several between one pair `S->R:LABEL`."""
    receiver, sender, *label = key
    return ":".join([f"{sender}->{receiver}", *label])
