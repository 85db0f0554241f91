"""How far the trying of properties is, on a terminal; nothing elsewhere, where each property has its line."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from typing import Final

from dync.compiler.properties.model import PropertyModel

EVERY: Final = 0.1
"""Seconds between two changes of the line."""

_CLEAR: Final = "\r\x1b[K"


@dataclass
class Progress:
    """One line that changes, for so many properties."""

    properties: int
    _place: dict[int, int] = field(default_factory=dict, init=False)
    _last: float = field(default=0.0, init=False)
    _shown: bool = field(default=False, init=False)

    def heard(self, prop: PropertyModel, tried: int) -> None:
        """A property was tried so often."""
        place = self._place.setdefault(id(prop), len(self._place) + 1)
        if not sys.stderr.isatty() or time.monotonic() - self._last < EVERY:
            return
        self._last, self._shown = time.monotonic(), True
        sys.stderr.write(f"{_CLEAR}property {place} of {self.properties}: {prop.name}, {tried} tried")
        sys.stderr.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            self._shown = False
            sys.stderr.write(_CLEAR)
            sys.stderr.flush()
