"""The data of a run, ready for the network: parts of float32 arrays by layer, and what they came from."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dync.compiler.pipeline_plan import DataPlan
from dync.runtime.data.binding import Shapes, bind
from dync.runtime.data.content import FileRecord
from dync.runtime.data.error import DataError
from dync.runtime.data.onehot import OneHot, has_labels
from dync.runtime.data.sources import open_source
from dync.runtime.data.table import PART_NAMES, BoundLayer, Examples, PartName, Table
from dync.runtime.data.transforms import make_transform


@dataclass(frozen=True, eq=False)
class Part:
    """Some of the examples: by the name of each layer that takes data, float32 `[examples, *shape of the layer]`.

    An example is a sequence where layers are over time, and their arrays are `[examples, time, *shape of the layer]`.
    """

    arrays: Mapping[str, NDArray[np.float32]]
    examples: int


@dataclass(frozen=True, eq=False)
class Dataset:
    """Parts by name: `train` always, `validation` and `test` where they were split off or the source has them.

    `digest` is the SHA-256 of the content, in hexadecimal; `files` are the files that were read.
    """

    parts: Mapping[PartName, Part]
    digest: str
    files: tuple[FileRecord, ...]

    @property
    def held_out(self) -> Part:
        """What to measure on where these data serve nothing else: the test part, or all of it where none was split."""
        return self.parts.get("test", self.parts["train"])


def load(plan: DataPlan, inputs: Shapes, outputs: Shapes, base: Path, over_time: Collection[str] = ()) -> Dataset:
    """The data of a plan for a network's inputs and outputs, which go by name and shape.

    `base` is the folder that relative paths start from, `over_time` are the layers that take series. Raises DataError,
    whose one sentence is for the user.
    """
    transforms = [make_transform(call) for call in plan.transforms]
    content = open_source(plan.source, base)
    table = bind(content, plan.bindings, inputs, outputs, over_time)
    for transform in transforms:
        table = transform.apply(table)
    if any(has_labels(table.train, layer.name) for layer in table.layers):
        table = OneHot().apply(table)
    parts: dict[PartName, Part] = {name: _part(table, name) for name in PART_NAMES if name in table.parts}
    return Dataset(parts, _digest(parts), content.files)


def _part(table: Table, name: PartName) -> Part:
    examples = table.parts[name]
    return Part({layer.name: _shaped(examples, layer) for layer in table.layers}, examples.count)


def _shaped(examples: Examples, layer: BoundLayer) -> NDArray[np.float32]:
    """The layer's array in the layer's shape; raises DataError where they do not fit."""
    values = examples.arrays[layer.name]
    axes = 2 if layer.over_time else 1
    found = values.shape[axes:]
    if not _fits(found, layer.shape):
        each = "a sample" if layer.over_time else "an example"
        raise DataError(
            f"{layer.name} has the shape {layer.shape}, {prod(layer.shape)} units, but {layer.array!r} gives {found},"
            f" {prod(found)} values {each}: give {layer.name} this shape, or bind it to another array"
        )
    return np.ascontiguousarray(values.reshape(*values.shape[:axes], *layer.shape), dtype=np.float32)


def _fits(found: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """Equal but for dimensions of one, or equally many units where one of the two is flat."""
    a, b = (tuple(size for size in sizes if size != 1) for sizes in (found, shape))
    return a == b or (prod(a) == prod(b) and min(len(a), len(b)) <= 1)


def _digest(parts: Mapping[PartName, Part]) -> str:
    total = hashlib.sha256()
    for name, part in parts.items():
        for layer, array in sorted(part.arrays.items()):
            total.update(f"{name} {layer} {array.shape} {array.dtype.str}\n".encode())
            total.update(np.ascontiguousarray(array, dtype="<f4").data)
    return total.hexdigest()
