"""The shapes that data give to inputs and outputs which leave theirs to the data: `input x (*)`, `output y (*)`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import numpy as np

from dync.compiler.pipeline_plan import DataPlan
from dync.runtime.data.binding import Shapes, bind, chosen_arrays
from dync.runtime.data.content import Array, Content, is_class_array
from dync.runtime.data.sources import open_source
from dync.runtime.data.transforms import make_transform

OpenShapes: TypeAlias = Mapping[str, tuple[int, ...] | None]
"""Shapes of layers by name, None for those that the data have to say."""


def shapes_of(plan: DataPlan, inputs: OpenShapes, outputs: OpenShapes, base: Path) -> dict[str, tuple[int, ...]]:
    """The shape of each layer that has none yet: that of an example after all transforms, one unit a class for labels.

    An output without a target (`y = "none"`) gets one unit. `base` is the folder that relative paths start from. Raises
    DataError where the data cannot be read or bound.
    """
    left_open = [name for name, shape in {**inputs, **outputs}.items() if shape is None]
    if not left_open:
        return {}
    transforms = [make_transform(call) for call in plan.transforms]
    content = open_source(plan.source, base)
    arrays = chosen_arrays(content, plan.bindings, tuple(inputs), tuple(outputs))
    table = bind(content, plan.bindings, _known(inputs, content, arrays), _known(outputs, content, arrays))
    for transform in transforms:
        table = transform.apply(table)
    units = {layer.name: layer.shape for layer in table.layers}
    found: dict[str, tuple[int, ...]] = {}
    for name in left_open:
        values = table.train.arrays.get(name)
        labels = values is None or values.dtype == np.int64
        found[name] = units.get(name, (1,)) if labels or values is None else _shape(values)
    return found


def _known(layers: OpenShapes, content: Content, arrays: Mapping[str, str]) -> Shapes:
    """The shapes of layers, those left open as the source has them."""
    found = {}
    for name, shape in layers.items():
        array = arrays.get(name)
        if shape is not None:
            found[name] = shape
        else:
            found[name] = (1,) if array is None else _of_source(content, array)
    return found


def _of_source(content: Content, name: str) -> tuple[int, ...]:
    array = content.train[name]
    if not is_class_array(array):
        return _shape(array)
    parts = [array, *([] if content.test is None else [content.test[name]])]
    largest = max((int(part.max(initial=0)) for part in parts), default=0)
    return (content.class_counts.get(name, largest + 1),)


def _shape(array: Array) -> tuple[int, ...]:
    """The shape of an example; a single number an example is one unit."""
    return array.shape[1:] or (1,)
