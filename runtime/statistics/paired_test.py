"""What a test of paired differences is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from dync.runtime.statistics.aggregate import Floats


@dataclass(frozen=True)
class OneSided:
    """p values `[rows]` against 'not greater than zero' and 'not less than zero', row by row."""

    greater: Floats
    less: Floats

    def two_sided(self) -> Floats:
        """Twice the smaller of the two, at most 1: as for any test whose null distribution is symmetric."""
        return np.asarray(np.minimum(1.0, 2 * np.minimum(self.greater, self.less)))


class PairedTest(Protocol):
    """A test of whether paired differences lie about zero. Where one of them is not finite, p values are 1."""

    @property
    def name(self) -> str:
        """What results call it."""

    def p(self, differences: Floats) -> OneSided:
        """The p values of each row of `[rows, units]`."""

    def smallest(self, units: int) -> float:
        """The smallest two-sided p value that so many units can reach."""
