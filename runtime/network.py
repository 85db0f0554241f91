"""A network bound to its parameters: what makes orchestrators and states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from dync.compiler.plan import Plan, Role
from dync.runtime.given_weights import given_weights
from dync.runtime.initial import draw_weights
from dync.runtime.layer_map import Parameters, Weights
from dync.runtime.layout import unknown
from dync.runtime.orchestrator import ORCHESTRATORS, WaveOrchestrator
from dync.runtime.state import State, as_units, initial_state

Data = ArrayLike | Mapping[str, ArrayLike]
"""A layer's array `[batch, *shape]`, or arrays by the names of layers."""


@dataclass(frozen=True)
class Network:
    """A network whose plan is complete: shapes, topology and numbers are known."""

    plan: Plan

    @property
    def name(self) -> str:
        """The name in the `.dyn` file."""
        return self.plan.structure.network

    @property
    def parameters(self) -> Parameters:
        """The numbers of the plan as arrays by key: what `init` puts into the orchestrator."""
        return {key: jnp.asarray(np.array(values, np.float32)) for key, values in sorted(self.plan.numbers.items())}

    def layers(self, role: Role) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the layers of a role, in their order."""
        return {layer.name: layer.shape for layer in self.plan.structure.layers if layer.role == role}

    def init(self, key: Array, parameters: Parameters | None = None) -> WaveOrchestrator:
        """An orchestrator with weights drawn from a key; `parameters` (see above) stand in for the plan's numbers."""
        structure = self.plan.structure
        numbers = self.parameters if parameters is None else parameters
        return ORCHESTRATORS[structure.schedule](draw_weights(structure, numbers, key), numbers, structure)

    def with_weights(self, weights: Weights) -> WaveOrchestrator:
        """An orchestrator with these weights, one array an edge, by (receiver, sender) or label; nothing is drawn.

        Each is `[units of sender, units of receiver]`, or as `orchestrator.with_weights` takes it. Where you have them
        all, this takes less time and memory than to draw others first. Raises KeyError for an unknown edge, ValueError
        for arrays that do not fit, edges that are left out, and networks that must be drawn first.
        """
        structure, numbers = self.plan.structure, self.parameters
        return ORCHESTRATORS[structure.schedule](given_weights(structure, numbers, weights), numbers, structure)

    def state(self, x: Data | None = None, y: Data | None = None, *, batch: int | None = None) -> State:
        """The state before the first step: inputs clamped to `x`, outputs to `y` (zero where left out).

        Arrays are `[batch, *shape]`; with several inputs or outputs give mappings by name. A network without inputs
        needs `batch`. Raises ValueError for arrays that do not fit, KeyError for unknown names.
        """
        data = {**self.named("input", x), **self.named("output", y)}
        shapes = self.layers("input") | self.layers("output")
        sizes = {name: np.shape(value)[0] if np.ndim(value) else 0 for name, value in data.items()}
        size = batch if batch is not None else next(iter(sizes.values()), None)
        if size is None:
            raise ValueError("give the data of an input, or batch=N")
        if size < 1 and not any(np.ndim(value) == 0 for value in data.values()):
            raise ValueError(f"a batch has at least one example, not {size}")
        arrays = {name: as_units(value, name, shapes[name], size) for name, value in data.items()}
        return initial_state(self.plan.structure, self.parameters, arrays, size)

    def named(self, role: Role, data: Data | None) -> dict[str, ArrayLike]:
        """Data by layer; a bare array belongs to the only layer of its role."""
        if data is None:
            return {}
        known = self.layers(role)
        if isinstance(data, Mapping):
            for name in data:
                if name not in known:
                    raise KeyError(unknown(role, name, known))
            return dict(data)
        if len(known) != 1:
            raise ValueError(
                f"the network {self.name} has {len(known)} {role}s: give a mapping by name ({', '.join(known)})"
            )
        return {next(iter(known)): data}
