"""What JAX makes of a network: the program of one batch, as a jaxpr and as StableHLO."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from dync.compiler.plan import Plan
from dync.runtime.error import RunError
from dync.runtime.gradients import run_training
from dync.runtime.network import Network
from dync.runtime.orchestrator import WaveOrchestrator
from dync.runtime.state import initial_state
from dync.runtime.updates import updates


def jaxpr(plan: Plan, batch: int) -> str:
    """The training protocol and the updates of a batch, before XLA. Ends with a newline."""
    return f"{jax.make_jaxpr(_program(plan))(*_arguments(plan, batch))}\n"


def stable_hlo(plan: Plan, batch: int) -> str:
    """The same as the StableHLO that goes to XLA."""
    text: str = jax.jit(_program(plan)).lower(*_arguments(plan, batch)).as_text()
    return text if text.endswith("\n") else f"{text}\n"


def _program(plan: Plan) -> Any:
    """A function of an orchestrator, the data by layer and a key; it gives the final state and the updates."""
    structure = plan.structure
    if structure.train is None:
        raise RunError(f"the network {structure.network} has no `train` protocol, so there is no program of a batch")

    def learn_from_batch(orchestrator: WaveOrchestrator, data: dict[str, jax.Array], key: jax.Array) -> Any:
        size = next(iter(data.values())).shape[0] if data else 1
        relaxing, updating = jax.random.split(key)
        state = initial_state(structure, orchestrator.parameters, data, size)
        state = run_training(orchestrator.machine, state, relaxing)
        return state.values, updates(orchestrator.machine, state, updating)

    return learn_from_batch


def _arguments(plan: Plan, batch: int) -> tuple[Any, Any, Any]:
    """Shapes and types alone: no weights are drawn."""
    outer = [layer for layer in plan.structure.layers if layer.role in ("input", "output")]
    data = {layer.name: jax.eval_shape(partial(jnp.zeros, (batch, layer.units), jnp.float32)) for layer in outer}
    orchestrator = jax.eval_shape(Network(plan).init, jax.random.key(0))
    return orchestrator, data, jax.eval_shape(lambda: jax.random.key(0))
