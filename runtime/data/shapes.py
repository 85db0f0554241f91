"""The shapes that data give to inputs and outputs which leave theirs to the data: `input x (*)`, `output y (*)`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TypeAlias

import numpy as np

from dync.compiler.pipeline_plan import DataPlan
from dync.runtime.data.binding import Shapes, bind, chosen_arrays
from dync.runtime.data.content import Array, Content, is_class_array
from dync.runtime.data.series import as_sequences
from dync.runtime.data.sources import open_source
from dync.runtime.data.transforms import make_transform

OpenShapes: TypeAlias = Mapping[str, tuple[int, ...] | None]
"""Shapes of layers by name, None for those that the data have to say."""


def shapes_of(
    plan: DataPlan, inputs: OpenShapes, outputs: OpenShapes, base: Path, over_time: Collection[str] = ()
) -> dict[str, tuple[int, ...]]:
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
    known_inputs, known_outputs = (_known(layers, content, arrays, over_time) for layers in (inputs, outputs))
    table = bind(content, plan.bindings, known_inputs, known_outputs, over_time)
    for transform in transforms:
        table = transform.apply(table)
    units = {layer.name: layer.shape for layer in table.layers}
    found: dict[str, tuple[int, ...]] = {}
    for name in left_open:
        values = table.train.arrays.get(name)
        labels = values is None or values.dtype == np.int64
        found[name] = units.get(name, (1,)) if labels or values is None else _shape(values, name in over_time)
    return found


def _known(layers: OpenShapes, content: Content, arrays: Mapping[str, str], over_time: Collection[str]) -> Shapes:
    """The shapes of layers, those left open as the source has them."""
    found = {}
    for name, shape in layers.items():
        array = arrays.get(name)
        if shape is not None:
            found[name] = shape
        else:
            found[name] = (1,) if array is None else _of_source(content, array, name in over_time)
    return found


def _of_source(content: Content, name: str, over_time: bool) -> tuple[int, ...]:
    array = content.train[name]
    if over_time:
        return _shape(as_sequences(array, 1), True)
    if not is_class_array(array):
        return _shape(array)
    parts = [array, *([] if content.test is None else [content.test[name]])]
    largest = max((int(part.max(initial=0)) for part in parts), default=0)
    return (content.class_counts.get(name, largest + 1),)


def _shape(array: Array, over_time: bool = False) -> tuple[int, ...]:
    """The shape of an example or, over time, of a sample; a single number is one unit."""
    return array.shape[2 if over_time else 1 :] or (1,)
