"""Numbers that a network can take: no infinities, nothing that is not a number."""

from __future__ import annotations

import numpy as np

from dync.runtime.data.content import Array
from dync.runtime.data.error import DataError


def verify_finite(numbers: Array, what: str, part: str) -> None:
    """Raise DataError where an example has a value that is not a finite float32."""
    finite = np.isfinite(numbers)
    if not finite.all():
        example = int(np.argmin(finite.reshape(len(numbers), -1).all(axis=1)))
        count = int(finite.size - np.count_nonzero(finite))
        raise DataError(
            f"{what} has {count} values that are no finite 32-bit numbers, the first in example {example} (from 0)"
            f" of the {part} part: remove or replace them"
        )
