"""Weights that a file holds: one array of a safetensors file, read whole and checked. Nothing is unpickled."""

from __future__ import annotations

from functools import lru_cache
from math import prod
from pathlib import Path
from typing import Any, Final

from dync.compiler.between_plan import GIVEN
from dync.compiler.window_plan import Shape

LARGEST: Final = 2**30
"""The most bytes of a file of weights: 1 GiB."""

_TYPES: Final = ("F16", "F32", "F64")


class FileRefusedError(Exception):
    """Why no weights can be read; the sentence goes on from "no weights can be read from …:"."""


class ArrayUnknownError(Exception):
    """The file has no array of this name; `known` are those that it has."""

    def __init__(self, known: tuple[str, ...]) -> None:
        super().__init__()
        self.known = known


class ArrayShapeError(Exception):
    """The array has another shape."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape


class NotFiniteError(Exception):
    """A weight is not finite in float32; `place` says which, from 1."""

    def __init__(self, place: tuple[int, int]) -> None:
        super().__init__()
        self.place = place


def weights_of_file(spec: str, path: str, name: str, shape: Shape) -> tuple[float, ...]:
    """The weights in an array of this shape `[senders, receivers]`, row by row; `path` is relative to the file `spec`.

    Raises one of the exceptions above.
    """
    if prod(shape) > GIVEN:
        raise FileRefusedError(f"{prod(shape):,} weights are more than the {GIVEN:,} of one edge that a plan can hold")
    found = Path(spec).parent / path
    try:
        if not found.is_file():
            raise FileRefusedError("there is no such file; paths are relative to the .dyn file")
        stat = found.stat()
    except (OSError, ValueError) as error:
        raise FileRefusedError(_reason(error)) from None
    if stat.st_size > LARGEST:
        raise FileRefusedError(f"it has {stat.st_size:,} bytes, more than {LARGEST:,}")
    return _read(str(found), name, shape, (stat.st_mtime_ns, stat.st_size, stat.st_ino))


@lru_cache(maxsize=8)
def _read(path: str, name: str, shape: Shape, version: tuple[int, ...]) -> tuple[float, ...]:
    """The same of a file of this version: it is read anew when it changes."""
    import safetensors

    try:
        with safetensors.safe_open(path, "numpy") as file:
            if name not in file.keys():  # noqa: SIM118 - it is no mapping
                raise ArrayUnknownError(tuple(sorted(file.keys())))
            part = file.get_slice(name)
            if tuple(part.get_shape()) != shape:
                raise ArrayShapeError(tuple(part.get_shape()))
            if part.get_dtype() not in _TYPES:
                raise FileRefusedError(f"`{name}` is of type {part.get_dtype()}; weights are {', '.join(_TYPES)}")
            array = file.get_tensor(name)
    except (OSError, safetensors.SafetensorError) as error:
        raise FileRefusedError(f"it is no safetensors file, or a damaged one ({_reason(error)})") from None
    return _values(array)


def _values(array: Any) -> tuple[float, ...]:
    import numpy as np

    with np.errstate(over="ignore"):
        weights = np.asarray(array, np.float32)
    if not np.isfinite(weights).all():
        row, column = np.unravel_index(int(np.argmin(np.isfinite(weights))), weights.shape)
        raise NotFiniteError((int(row) + 1, int(column) + 1))
    return tuple(weights.astype(np.float64).ravel().tolist())


def _reason(error: Exception) -> str:
    """An error of the system in its own words, without the path, on one line."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(text.split())[:120]
