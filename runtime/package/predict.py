"""Predict with a packaged network. This file runs by itself: it needs JAX and NumPy, and the files beside it.

    python predict.py inputs.npz outputs.npz

`inputs.npz` has an array for each input by its name, `[examples, *shape]`; a network with one input also takes a
`.npy` file. `outputs.npz` gets an array for each output. From Python: `load().predict({"x": x})`.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import jax.export
import numpy as np
from jax.core import ShapedArray

FOLDER = Path(__file__).resolve().parent
PROGRAM, MODULE, WEIGHTS = "program.json", "program.stablehlo", "weights.npz"

Arrays = Mapping[str, np.ndarray[Any, Any]]


class PackageError(Exception):
    """Files that are damaged, a JAX that cannot run the program, or inputs that do not fit."""


class Model:
    """A network that predicts. `inputs` and `outputs` are the shapes of the layers by name, without the examples."""

    def __init__(self, program: Mapping[str, Any], module: bytes, weights: Arrays) -> None:
        self.inputs = {name: tuple(shape) for name, shape in program["inputs"].items()}
        self.outputs = {name: tuple(shape) for name, shape in program["outputs"].items()}
        self.batch = int(program["batch"])
        self._weights = [weights[name] for name in program["weights"]]
        self._call = jax.jit(_exported(program, module).call)

    def predict(self, inputs: Arrays, seed: int = 0) -> dict[str, np.ndarray[Any, Any]]:
        """The read-out of every output, `[examples, *shape]`; `seed` is for networks that draw.

        Examples are taken in batches of one size, the last filled up, so that an example has the same bits wherever the
        program ran before. Raises PackageError for inputs that do not fit.
        """
        flat = self._checked(inputs)
        count = len(next(iter(flat.values())))
        batches = -(-count // self.batch)
        rows = np.minimum(np.arange(batches * self.batch), count - 1).reshape(batches, self.batch)
        keys = np.asarray(jax.random.key_data(jax.random.split(jax.random.key(seed), batches)))
        found = [self._batch(flat, some, key) for some, key in zip(rows, keys, strict=True)]
        return {
            name: np.concatenate([batch[n] for batch in found])[:count].reshape(count, *shape)
            for n, (name, shape) in enumerate(self.outputs.items())
        }

    def _batch(self, flat: Arrays, rows: np.ndarray[Any, Any], key: np.ndarray[Any, Any]) -> list[Any]:
        data = [flat[name][rows] for name in self.inputs]
        return [np.asarray(array) for array in self._call(*self._weights, *data, key)]

    def _checked(self, inputs: Arrays) -> dict[str, np.ndarray[Any, Any]]:
        if set(inputs) != set(self.inputs):
            raise PackageError(f"the inputs are {', '.join(self.inputs)}, not {', '.join(inputs) or 'none'}")
        flat = {}
        for name, shape in self.inputs.items():
            array = np.asarray(inputs[name], np.float32)
            if array.ndim < 1 or len(array) < 1 or array[0].size != int(np.prod(shape)):
                raise PackageError(f"{name} takes an array {['examples', *shape]}, not {list(array.shape)}")
            flat[name] = array.reshape(len(array), -1)
        if len({len(array) for array in flat.values()}) > 1:
            raise PackageError("the inputs do not have equally many examples")
        return flat


def load(folder: Path = FOLDER) -> Model:
    """The network in a folder, every file compared with its hash; raises PackageError."""
    try:
        program = json.loads((folder / PROGRAM).read_bytes())
        for name, digest in program["files"].items():
            if hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest:
                raise PackageError(f"{name} is damaged, it is not what was packaged: copy the package again")
        with np.load(folder / WEIGHTS, allow_pickle=False) as weights:
            arrays = {name: weights[name] for name in program["weights"]}
        return Model(program, (folder / MODULE).read_bytes(), arrays)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PackageError(f"{folder} cannot be read ({error}): copy the package again") from None


def _exported(program: Mapping[str, Any], module: bytes) -> jax.export.Exported:
    """The program as JAX has it after `jax.export`, put together from its parts.

    JAX's own format of it needs one more package to be read, which is why the parts are stored.
    """
    arguments, results = program["arguments"], program["results"]
    values = {
        "fun_name": "predict",
        "in_tree": jax.tree.structure(((0,) * len(arguments), {})),
        "in_avals": tuple(_aval(a) for a in arguments),
        "out_tree": jax.tree.structure((0,) * len(results)),
        "out_avals": tuple(_aval(a) for a in results),
        "_has_named_shardings": True,
        "_in_named_shardings": (None,) * len(arguments),
        "_out_named_shardings": (None,) * len(results),
        "in_shardings_hlo": (None,) * len(arguments),
        "out_shardings_hlo": (None,) * len(results),
        "nr_devices": 1,
        "platforms": tuple(program["platforms"]),
        "ordered_effects": (),
        "unordered_effects": (),
        "disabled_safety_checks": (),
        "mlir_module_serialized": module,
        "calling_convention_version": program["calling_convention_version"],
        "module_kept_var_idx": tuple(program["kept"]),
        "uses_global_constants": program["uses_global_constants"],
        "_get_vjp": None,
    }
    names = [field.name for field in dataclasses.fields(jax.export.Exported)]
    if jax.default_backend() not in _aliases(program["platforms"]):
        raise PackageError(
            f"the program is for {', '.join(program['platforms'])}, not {jax.default_backend()}: set JAX_PLATFORMS=cpu"
        )
    if any(name not in values for name in names):
        raise PackageError(f"JAX {jax.__version__} holds programs in another form: install jax=={program['jax']}")
    return jax.export.Exported(**{name: values[name] for name in names})


def _aliases(platforms: list[str]) -> set[str]:
    return {*platforms, *(["gpu"] if {"cuda", "rocm"} & set(platforms) else [])}


def _aval(array: Mapping[str, Any]) -> ShapedArray:
    return ShapedArray(tuple(array["shape"]), np.dtype(array["dtype"]))


def _read(path: Path, model: Model) -> Arrays:
    found = np.load(path, allow_pickle=False)
    if isinstance(found, np.ndarray):
        return {next(iter(model.inputs)): found}
    with found:
        return {name: found[name] for name in found.files}


def main() -> int:
    """The command line; gives the exit status."""
    parser = argparse.ArgumentParser(description="Predict with the network in this folder.")
    parser.add_argument("inputs", type=Path, help="a .npz file with an array for each input, or a .npy file")
    parser.add_argument("outputs", type=Path, help="the .npz file to write")
    parser.add_argument("--seed", type=int, default=0, help="for networks that draw random numbers")
    arguments = parser.parse_args()
    try:
        model = load()
        found = model.predict(_read(arguments.inputs, model), arguments.seed)
        np.savez(arguments.outputs, allow_pickle=False, **found)
    except (PackageError, OSError, ValueError) as error:
        print(f"predict.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
