"""An orchestrator's arrays by name, as files hold them, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from dync.runtime.error import RunError
from dync.runtime.layer_map import LayerMap
from dync.runtime.network import Network
from dync.runtime.orchestrator import ORCHESTRATORS, WaveOrchestrator

Arrays = Mapping[str, NDArray[Any]]


def saved_arrays(orchestrator: WaveOrchestrator) -> dict[str, NDArray[Any]]:
    """What is stored by family, and the numbers.

    `weights.F`, `diagonal.F`, `mask.F`, `senders.F`, `crowded.F`, `number.KEY`.
    """
    lmap = orchestrator.lmap
    found: dict[str, Any] = {f"weights.{f}": weight for f, weight in enumerate(lmap.weights) if weight is not None}
    found |= {f"diagonal.{f}": d for f, d in enumerate(lmap.diagonals) if d is not None}
    found |= {f"mask.{f}": m for f, m in enumerate(lmap.masks) if m is not None}
    found |= {f"senders.{f}": s for f, s in enumerate(lmap.senders) if s is not None}
    found |= {f"crowded.{f}": c for f, c in enumerate(lmap.crowded) if c is not None}
    found |= {f"number.{key}": number for key, number in orchestrator.parameters.items()}
    return {name: np.asarray(array) for name, array in found.items()}


def restored_orchestrator(network: Network, arrays: Arrays) -> WaveOrchestrator:
    """The orchestrator whose arrays these are; raises RunError where they do not fit the network."""
    structure = network.plan.structure
    families = structure.families
    lmap = LayerMap(
        tuple(None if family.weightless else _array(arrays, f"weights.{f}") for f, family in enumerate(families)),
        tuple(
            _array(arrays, f"diagonal.{f}") if family.diagonal and not family.weightless else None
            for f, family in enumerate(families)
        ),
        tuple(
            _array(arrays, f"mask.{f}") if family.masked and not family.weightless else None
            for f, family in enumerate(families)
        ),
        tuple(_array(arrays, f"senders.{f}") if family.slots else None for f, family in enumerate(families)),
        tuple(_array(arrays, f"crowded.{f}") if family.slots else None for f, family in enumerate(families)),
        structure,
    )
    numbers = {key: _array(arrays, f"number.{key}") for key in network.parameters}
    found = ORCHESTRATORS[structure.schedule](lmap, numbers, structure)
    _verify_shapes(network, found)
    return found


def _array(arrays: Arrays, name: str) -> Any:
    if name not in arrays:
        raise RunError(f"the array {name} is missing: these are the weights of another network")
    return jnp.asarray(arrays[name])


def _verify_shapes(network: Network, found: WaveOrchestrator) -> None:
    import equinox as eqx
    import jax

    expected = eqx.filter_eval_shape(network.init, jax.random.key(0))
    for wanted, given in zip(jax.tree.leaves(expected), jax.tree.leaves(found), strict=True):
        if wanted.shape != given.shape or wanted.dtype != given.dtype:
            raise RunError(
                f"an array has the shape {given.shape} and type {given.dtype}, the network needs {wanted.shape} and"
                f" {wanted.dtype}: these are the weights of another network"
            )
