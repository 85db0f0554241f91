"""What ends a run with a sentence for the person who started it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class RunError(Exception):
    """Something that the user can mend: the sentence says what was found and what to do.

    `outputs` is what was made all the same, such as the last good checkpoint.
    """

    def __init__(self, message: str, outputs: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.outputs = dict(outputs or {})
