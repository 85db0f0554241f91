"""The source `idx`: images and labels in the format of MNIST.

An IDX file is a magic number (two zero bytes, the type, the number of dimensions), the sizes as big-endian 32-bit
numbers, and the values in C order: http://yann.lecun.com/exdb/mnist (LeCun, Cortes and Burges).
"""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Final

import numpy as np

from dync.runtime.data.bounds import verify_bytes
from dync.runtime.data.content import Array, Content, FileRecord
from dync.runtime.data.error import DataError
from dync.runtime.data.input_file import InputFile, Reader, read_file

_UNSIGNED_BYTES: Final = 8
_DEFLATE_AT_BEST: Final = 1100
"""No gzip stream expands by more than about 1032."""


def idx(
    base: Path,
    images: str,
    labels: str | None = None,
    test_images: str | None = None,
    test_labels: str | None = None,
) -> Content:
    """Images as float32 in 0..1 (`data`, alias `images`) and class labels (`target`, alias `labels`).

    `test_images` and `test_labels` are the test part.
    """
    train, files = _pair(base, "images", images, "labels", labels)
    target = "target" if labels is not None else None
    if test_images is None:
        if test_labels is not None:
            raise DataError("idx has test_labels but no test_images: give both")
        return Content(train, target=target, files=files)
    if (labels is None) != (test_labels is None):
        raise DataError("idx has labels for one of the training and the test part alone: give both, or neither")
    test, more = _pair(base, "test_images", test_images, "test_labels", test_labels)
    return Content(train, test, target=target, files=files + more)


def _pair(
    base: Path, images_name: str, images: str, labels_name: str, labels: str | None
) -> tuple[dict[str, Array], tuple[FileRecord, ...]]:
    """The arrays and files of one part."""
    file = read_file(base, images)
    pixels = _array(file, images_name, labelling=False)
    scaled = np.divide(pixels, np.float32(255), dtype=np.float32)
    if labels is None:
        return {"data": scaled}, (file.record,)
    label_file = read_file(base, labels)
    classes = _array(label_file, labels_name, labelling=True)
    if len(classes) != len(pixels):
        raise DataError(
            f"{images} holds {len(pixels)} images but {labels} {len(classes)} labels:"
            " name two files that belong together"
        )
    return {"data": scaled, "target": classes.astype(np.int64)}, (file.record, label_file.record)


def _array(file: InputFile, argument: str, *, labelling: bool) -> Array:
    """The unsigned bytes of an IDX file: one dimension of labels, two or more of images."""
    reader = Reader(file)
    shape = _shape(reader, file, argument, labelling=labelling)
    size = prod(shape)
    verify_bytes(4 * size, f"the array in {file.path}")
    if size > len(file.content) * (_DEFLATE_AT_BEST if file.compressed else 1):
        raise DataError(_length_message(file, shape, "far fewer"))
    values = reader.read(size + 1)
    if len(values) != size:
        raise DataError(_length_message(file, shape, "more" if len(values) > size else f"only {len(values):,}"))
    return np.frombuffer(values, dtype=np.uint8).reshape(shape)


def _shape(reader: Reader, file: InputFile, argument: str, *, labelling: bool) -> tuple[int, ...]:
    magic = reader.read(4)
    expected = "labels (magic number 2049)" if labelling else "images (magic number 2051)"
    if len(magic) < 4 or magic[:2] != b"\0\0":
        raise DataError(f"{file.path} is not an IDX file: it starts with {magic!r}; expected {expected}")
    kind, dimensions = magic[2], magic[3]
    if kind != _UNSIGNED_BYTES or (dimensions == 1) != labelling or dimensions == 0:
        raise DataError(
            f"{file.path} has the magic number {int.from_bytes(magic)}, but {argument} expects {expected}:"
            " were images and labels exchanged?"
        )
    sizes = reader.read(4 * dimensions)
    if len(sizes) < 4 * dimensions:
        raise DataError(f"{file.path} is cut short in its header: fetch it again")
    return tuple(int.from_bytes(sizes[i : i + 4]) for i in range(0, len(sizes), 4))


def _length_message(file: InputFile, shape: tuple[int, ...], found: str) -> str:
    sizes = " x ".join(map(str, shape))
    return f"{file.path} says that it holds {sizes} bytes, but {found} follow: it is damaged; fetch it again"
