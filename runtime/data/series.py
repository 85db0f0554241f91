"""The source `series`: arrays with an axis of time from a NumPy file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from dync.runtime.data.content import Array, Content
from dync.runtime.data.error import DataError
from dync.runtime.data.npz import npz


def series(base: Path, file: str) -> Content:
    """The arrays of a `.npz` file for layers over time: `[sequences, time, units]`, or `[time, units]` of one sequence.

    `[time]` is one sequence of one unit. A layer that is not over time takes one example a sequence, as from `npz`,
    whose names and defaults hold here too.
    """
    return replace(npz(base, file), series=True)


def as_sequences(array: Array, axes: int) -> Array:
    """Numbers as `[sequences, time, …]`, for a layer over time that has so many axes itself.

    Up to two axes are one sequence, as are `[time, *shape]` of a layer with two axes or more; the rest is as it says.
    """
    numbers = np.asarray(array)
    if numbers.ndim == 1:
        return numbers[None, :, None]
    return numbers[None] if numbers.ndim == 2 or (axes > 1 and numbers.ndim == axes + 1) else numbers


def verify_alike(lengths: dict[str, tuple[int, int]], part: str) -> None:
    """Raise DataError unless the series of a part, by name `(sequences, samples)`, run side by side."""
    if len(set(lengths.values())) <= 1:
        return
    found = ", ".join(f"{name!r} has {_counted(*length)}" for name, length in lengths.items())
    raise DataError(f"the series of the {part} part do not run side by side: {found}; give them equal lengths")


def _counted(sequences: int, samples: int) -> str:
    return f"{samples} samples" if sequences == 1 else f"{sequences} sequences of {samples} samples"
