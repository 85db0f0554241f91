"""A package is only worth something if it does what the network did: its `predict.py` is run and its bits compared."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from dync.runtime.error import RunError
from dync.runtime.evaluation import Examples, predict_examples
from dync.runtime.network import Network
from dync.runtime.orchestrator import WaveOrchestrator
from dync.runtime.saved_weights import restored_orchestrator, saved_arrays

SECONDS: Final = 300
"""How long `predict.py` may take."""

ALLOWED: Final = ("jax", "jaxlib", "numpy", "scipy", "ml_dtypes", "opt_einsum")
"""JAX, NumPy and what JAX itself needs. All else is kept from the process."""

_ALONE: Final = """
import runpy, sys
allowed = {*sys.argv[1].split(","), *sys.stdlib_module_names}
class Alone:
    def __init__(self, finder):
        self.finder = finder
    def __getattr__(self, name):
        return getattr(self.finder, name)
    def find_spec(self, name, path=None, target=None):
        first = name.partition(".")[0]
        if first in allowed or first.startswith("_sysconfigdata"):
            return self.finder.find_spec(name, path, target)
sys.meta_path[:] = map(Alone, sys.meta_path)
sys.argv = sys.argv[2:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""Runs a script in a process that can import nothing but the standard library and what is allowed."""


@dataclass(frozen=True)
class Verification:
    """What was compared: so many examples, drawn with the seed; `equal` tells whether all bits were the same.

    `largest_difference` is that of any unit, 0 where they were.
    """

    examples: int
    seed: int
    platform: str
    allowed: tuple[str, ...]
    equal: bool
    largest_difference: float


def verify_package(
    folder: Path, network: Network, orchestrator: WaveOrchestrator, some: Examples, batch: int, seed: int
) -> Verification:
    """Run `predict.py` of a package, on the CPU and alone, on random examples, and compare with the network itself.

    Raises RunError where it fails or is not the same to the bit.
    """
    rows = _rows(some.count, batch, seed)
    inputs = {name: np.asarray(array)[rows] for name, array in some.inputs.items()}
    found = _alone(folder, inputs, seed)
    with jax.default_device(jax.devices("cpu")[0]):
        ours = _ours(network, orchestrator, inputs, len(rows), seed)
    shaped = {name: np.asarray(found[name]).reshape(len(rows), -1) for name in ours}
    equal = all(shaped[name].tobytes() == ours[name].tobytes() for name in ours)
    largest = max(float(np.abs(shaped[name] - ours[name]).max()) for name in ours)
    if not equal:
        raise RunError(
            f"the package does not predict what the network does: they differ by up to {largest:.3g} on {len(rows)}"
            " examples. This is a bug of dync: please report it with the spec"
        )
    return Verification(len(rows), seed, "cpu", ALLOWED, equal, largest)


def _rows(count: int, batch: int, seed: int) -> NDArray[np.int64]:
    """Random examples: a whole batch and, where there are as many, a part of another."""
    wanted = min(count, batch + batch // 2 + 1)
    return np.random.Generator(np.random.PCG64([seed, 7])).choice(count, size=wanted, replace=False)


def _ours(
    network: Network, orchestrator: WaveOrchestrator, inputs: dict[str, NDArray[np.float32]], count: int, seed: int
) -> dict[str, NDArray[np.float32]]:
    here = restored_orchestrator(network, saved_arrays(orchestrator))
    some = Examples({name: jnp.asarray(array) for name, array in inputs.items()}, {}, count)
    return predict_examples(here, some, jax.random.key(seed))


def _alone(folder: Path, inputs: dict[str, NDArray[np.float32]], seed: int) -> dict[str, NDArray[np.float32]]:
    with tempfile.TemporaryDirectory() as name:
        given, made = Path(name) / "inputs.npz", Path(name) / "outputs.npz"
        np.savez(given, allow_pickle=False, **inputs)
        command = [
            sys.executable,
            "-I",
            "-c",
            _ALONE,
            ",".join(ALLOWED),
            str(folder.resolve() / "predict.py"),
            str(given),
        ]
        environment = {**os.environ, "JAX_PLATFORMS": "cpu"}
        try:
            done = subprocess.run(
                [*command, str(made), "--seed", str(seed)],
                capture_output=True, text=True, check=False, timeout=SECONDS, cwd=name, env=environment,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise RunError(f"predict.py of the package did not end within {SECONDS} s") from None
        if done.returncode != 0 or not made.is_file():
            raise RunError(f"predict.py of the package failed: {done.stderr.strip()[-600:]}")
        with np.load(made, allow_pickle=False) as found:
            return {name: found[name] for name in found.files}
