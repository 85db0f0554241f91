"""The source `npz`: NumPy arrays by name, never with pickle."""

from __future__ import annotations

import zipfile
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np

from dync.runtime.data.bounds import verify_bytes
from dync.runtime.data.content import ALIASES, Array, Content
from dync.runtime.data.error import DataError
from dync.runtime.data.input_file import InputFile, read_file


def npz(base: Path, file: str) -> Content:
    """The arrays of a `.npz` file under their own names, examples along the first axis.

    One-dimensional whole numbers (or texts) are class labels, all else are numbers, taken as they are. `data` or
    `images` is what an input takes by default, `target` or `labels` what an output takes.
    """
    source = read_file(base, file)
    arrays, counts = {}, {}
    for name, array in _load(source).items():
        if array.dtype.kind == "U" and array.ndim == 1:
            classes, arrays[name] = np.unique(array, return_inverse=True)
            counts[name] = len(classes)
        else:
            arrays[name] = array
    data, target = (_first(arrays, *_names(canonical)) for canonical in ("data", "target"))
    return Content(arrays, data=data, target=target, class_counts=counts, files=(source.record,))


def _load(source: InputFile) -> dict[str, Array]:
    """Every array of the archive, its decompressed size checked before it is read."""
    try:
        with zipfile.ZipFile(BytesIO(source.content)) as archive:
            members = archive.infolist()
            verify_bytes(sum(member.file_size for member in members), f"{source.path}, decompressed,")
            return {member.filename.removesuffix(".npy"): _read(archive, member, source.path) for member in members}
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError) as error:
        raise DataError(f"{source.path} is not a whole .npz file: {error}; write it with numpy.savez") from None


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: str) -> Array:
    name = member.filename.removesuffix(".npy")
    try:
        with archive.open(member) as stream:
            array = np.lib.format.read_array(stream, allow_pickle=False)
            stream.read()  # to the end, where zipfile compares the checksum
    except (ValueError, MemoryError) as error:
        if "Object arrays" in str(error):
            raise DataError(
                f"the array {name!r} of {path} holds Python objects, and dync never unpickles a file:"
                " save it as numbers, for instance with array.astype('float32')"
            ) from None
        raise DataError(f"the array {name!r} of {path} is damaged or no NumPy array: {error}") from None
    if array.ndim == 0 or array.dtype.kind not in "biufU":
        raise DataError(
            f"the array {name!r} of {path} has the shape {array.shape} and the type {array.dtype}:"
            " expected numbers with the examples along the first axis"
        )
    return array


def _names(canonical: str) -> tuple[str, ...]:
    return canonical, *(alias for alias, name in ALIASES.items() if name == canonical)


def _first(arrays: dict[str, Array], *names: str) -> str | None:
    return next((name for name in names if name in arrays), None)
