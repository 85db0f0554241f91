"""What a data source gives: named arrays, and which of them are taken when nobody says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

ALIASES: Mapping[str, str] = {"images": "data", "labels": "target", "features": "data"}
"""Names that every source also understands, where it has no array of that very name."""


@dataclass(frozen=True)
class FileRecord:
    """A file that was read: its path as the `.dyn` file has it, and the SHA-256 of its bytes in hexadecimal."""

    path: str
    sha256: str


@dataclass(frozen=True, eq=False)
class Content:
    """The arrays of a source by name, examples along the first axis of each.

    A one-dimensional array of whole numbers holds class labels 0, 1, …; all others are numbers. `data` and `target`
    name the arrays that an input and an output take by default. `class_counts` says how many classes an array of labels
    has, where the source knows (else: its greatest label and one). `test` holds the source's own test part, by the same
    names. `series` says that the arrays of layers over time have an axis of time: `[sequences, time, …]`.
    """

    train: Mapping[str, Array]
    test: Mapping[str, Array] | None = None
    data: str | None = "data"
    target: str | None = "target"
    class_counts: Mapping[str, int] = field(default_factory=dict)
    files: tuple[FileRecord, ...] = ()
    series: bool = False

    def resolve(self, name: str) -> str | None:
        """The array that a name means, aliases included; None where there is none."""
        if name in self.train:
            return name
        alias = ALIASES.get(name)
        return alias if alias in self.train else None


def is_class_array(array: Array) -> bool:
    """Whether an array holds class labels rather than numbers: one whole number (or truth value) an example."""
    return array.ndim == 1 and (np.issubdtype(array.dtype, np.integer) or array.dtype == np.bool_)
