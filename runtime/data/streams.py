"""Sequences that follow each other as one, where the state is carried on from one to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dync.runtime.data.dataset import Dataset, Part
from dync.runtime.data.error import DataError

Arrays = Mapping[str, NDArray[np.float32]]


def as_streams(dataset: Dataset, batch: int) -> Dataset:
    """The sequences of each part end to end: of the training part as `batch` streams, of the others as one.

    Stream r holds the r-th of equally many sequences in a row; those at the end that would make one longer are left
    out. All layers have to be over time. Raises DataError where there are fewer sequences than streams.
    """
    parts = {name: _joined(part, batch if name == "train" else 1) for name, part in dataset.parts.items()}
    return replace(dataset, parts=parts)


def _joined(part: Part, streams: int) -> Part:
    count = part.examples // streams
    if count == 0:
        raise DataError(
            f"a batch of {streams} streams needs as many sequences, but the training part has {part.examples}:"
            " make the batch smaller"
        )
    arrays = {name: _stream(array[: count * streams], streams) for name, array in part.arrays.items()}
    return Part(arrays, streams)


def _stream(array: NDArray[np.float32], streams: int) -> NDArray[np.float32]:
    return array.reshape(streams, -1, *array.shape[2:])
