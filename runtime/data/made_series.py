"""What the sources that make a series have in common: sizes that can be made, and what is to be told of what."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dync.runtime.data.bounds import verify_bytes
from dync.runtime.data.content import Content
from dync.runtime.data.error import DataError

MOST_STEPS = 20_000_000
"""The most steps of time that are worked out one after another: a minute or so."""

Series = NDArray[np.float64]
"""`[sequences, time]`."""


def verify_sizes(source: str, samples: int, work: int, **sizes: int) -> None:
    """Raise DataError for a size below 1, or for more samples and work than can be made on the spot."""
    for name, value in sizes.items():
        if value < 1:
            raise DataError(f"{source} has {name} = {value}: give at least 1")
    verify_bytes(8 * samples, f"the series of {source}")
    if work > MOST_STEPS:
        raise DataError(f"{source} would take {work:,} steps, more than {MOST_STEPS:,}: make its length smaller")


def told_ahead(given: Series, wanted: Series) -> Content:
    """What is given at each moment as `data`, what is to be told as `target`, both `[sequences, time, 1]`."""
    arrays = {"data": given, "target": wanted}
    return Content({name: array[:, :, None].astype(np.float32) for name, array in arrays.items()}, series=True)
