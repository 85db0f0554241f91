"""A trained network as a program of its own: StableHLO for one size of batch, and its arrays in a file beside it."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import jax
import jax.export
import numpy as np
from jax import Array
from numpy.typing import NDArray

from dync.compiler.expression import JSON
from dync.compiler.plan_json import canonical
from dync.runtime.error import RunError
from dync.runtime.network import Network
from dync.runtime.orchestrator import WaveOrchestrator
from dync.runtime.package.predict import MODULE, PROGRAM, WEIGHTS
from dync.runtime.phases import run_protocol
from dync.runtime.saved_weights import restored_orchestrator, saved_arrays
from dync.runtime.state import initial_state, layer_rows

PLATFORMS: Final = ("cpu", "cuda", "rocm", "tpu")
"""Where the program is to run."""

_NO_PATHS: Final = {"jax_hlo_source_file_canonicalization_regex": ".*", "jax_traceback_in_locations_limit": 0}
"""Settings of JAX under which a module names no source file: of those it names no frame, and none by its path."""


@dataclass(frozen=True, eq=False)
class Program:
    """The program's files by name: the module, the arrays that it is given, and the facts with which it is called."""

    files: Mapping[str, bytes]
    platforms: tuple[str, ...]


def program_of(network: Network, orchestrator: WaveOrchestrator, batch: int) -> Program:
    """What `infer` reads out, for batches of this size: `predict(*arrays, *inputs [batch, units], key) -> outputs`.

    The arrays are arguments and not part of the module, so that the module is small and they can be looked at.
    Raises RunError for a network over time.
    """
    if network.plan.structure.time is not None:
        raise RunError(f"{network.name} is over time and cannot be packaged yet: package a network that takes examples")
    arrays = saved_arrays(orchestrator)
    inputs = network.layers("input")
    function = _function(network, tuple(arrays), tuple(inputs))
    data = [np.zeros((batch, int(np.prod(shape))), np.float32) for shape in inputs.values()]
    exported = _export(function, (*arrays.values(), *data, np.zeros(2, np.uint32)))
    files = {MODULE: exported.mlir_module_serialized, WEIGHTS: _npz(arrays)}
    facts: dict[str, JSON] = {
        "network": network.name,
        "plan": network.plan.digest,
        "jax": jax.__version__,
        "batch": batch,
        "inputs": {name: list(shape) for name, shape in inputs.items()},
        "outputs": {name: list(shape) for name, shape in network.layers("output").items()},
        "weights": list(arrays),
        "arguments": [_aval(a) for a in exported.in_avals],
        "results": [_aval(a) for a in exported.out_avals],
        "kept": list(exported.module_kept_var_idx),
        "platforms": list(exported.platforms),
        "calling_convention_version": exported.calling_convention_version,
        "uses_global_constants": exported.uses_global_constants,
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
    }
    return Program({**files, PROGRAM: canonical(facts).encode() + b"\n"}, exported.platforms)


def _function(network: Network, arrays: tuple[str, ...], inputs: tuple[str, ...]) -> Callable[..., tuple[Array, ...]]:
    structure = network.plan.structure

    def predict(*given: Array) -> tuple[Array, ...]:
        *tensors, key = given
        orchestrator = restored_orchestrator(network, dict(zip(arrays, tensors, strict=False)))  # type: ignore[arg-type]
        data = dict(zip(inputs, tensors[len(arrays) :], strict=True))
        batch = next(iter(data.values())).shape[0]
        state = initial_state(structure, orchestrator.parameters, data, batch)
        state = run_protocol(orchestrator.machine, state, "infer", jax.random.wrap_key_data(key), at_rest=True)
        outputs = [layer for layer in structure.layers if layer.role == "output"]
        return tuple(layer_rows(structure, state.values, layer) for layer in outputs)

    return predict


def _export(function: Callable[..., Any], given: tuple[Any, ...]) -> jax.export.Exported:
    """For all platforms. A part that one of them lacks would be a fault of ours, and is raised as one."""
    with _no_paths():
        return jax.export.export(jax.jit(function), platforms=PLATFORMS)(*given)


@contextmanager
def _no_paths() -> Iterator[None]:
    """Keep the paths of source files out of the module: they are of this machine, and nobody needs them there."""
    before = {name: getattr(jax.config, name) for name in _NO_PATHS}
    try:
        for name, value in _NO_PATHS.items():
            jax.config.update(name, value)  # type: ignore[no-untyped-call]
        yield
    finally:
        for name, value in before.items():
            jax.config.update(name, value)  # type: ignore[no-untyped-call]


def _aval(array: Any) -> JSON:
    return {"shape": list(array.shape), "dtype": str(array.dtype)}


def _npz(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()
