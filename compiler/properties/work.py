"""How much the trials of one property may make the machine do: anybody's file may be tried."""

from __future__ import annotations

from typing import Final

from msgspec import Struct, field

MOST = 5_000_000
"""Steps of work for all cases of a property: seconds, and a minute at worst."""

ITEM: Final = 10
"""What a layer, an edge or a requirement costs, in steps over an edge of a graph."""


class OutOfWorkError(Exception):
    """The work is used up."""


class Work(Struct):
    """What is left."""

    left: int = field(default_factory=lambda: MOST)

    def take(self, steps: int) -> None:
        """Use some of it up; raises OutOfWorkError, and takes all that is left, where that is not enough."""
        if steps > self.left:
            self.left = 0
            raise OutOfWorkError
        self.left -= steps
