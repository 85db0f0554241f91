"""An array in the analysis of a compiled function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dync.verification.masks import Mask, Shape, everything, nothing


@dataclass(frozen=True)
class Node:
    """The shape of an array, what each of its elements depends on, and how to find its value where that is known.

    A value is known where nothing that could change goes into it: sizes, places, the numbers of a plan.
    """

    shape: Shape
    mask: Mask
    find: Callable[[], Any] | None = None

    @property
    def rank(self) -> int:
        """How many axes it has."""
        return len(self.shape)

    @property
    def known(self) -> bool:
        """Whether its value can be found."""
        return self.find is not None

    @cached_property
    def value(self) -> Any:
        """Its value; only where it is known."""
        assert self.find is not None
        return self.find()

    def everywhere(self, rank: int) -> Mask:
        """All that any of its elements depends on, for an array of another rank."""
        return everything(self.mask, rank)

    def like(self, mask: Mask) -> Node:
        """The same array with other sources and an unknown value."""
        return Node(self.shape, mask)


def constant(value: Any, words: int) -> Node:
    """An array that is known and depends on nothing."""
    shape = tuple(getattr(value, "shape", ()))
    return Node(shape, nothing(len(shape), words), lambda: value)
