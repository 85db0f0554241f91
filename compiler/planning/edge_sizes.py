"""How many weights an edge has, and how much arithmetic its message takes."""

from __future__ import annotations

from math import prod
from typing import assert_never

from dync.compiler.model import EdgeModel
from dync.compiler.plan import FamilyPlan
from dync.compiler.window_plan import Shape

Sized = EdgeModel | FamilyPlan
"""What of an edge or a family decides its size: its kind, its window, its rank."""


def weights_between(edge: Sized, sender: Shape, receiver: Shape) -> int:
    """The weights of an edge between layers of these shapes, absent ones included.

    One a unit for `one_to_one`; none where a window or rank was a mistake.
    """
    match edge.kind:
        case "dense":
            return prod(sender) * prod(receiver)
        case "one_to_one":
            return prod(receiver)
        case "conv":
            return 0 if edge.window is None else prod(edge.window.weights(sender, receiver))
        case "pool" | "unpool":
            return 0
        case "low_rank":
            return (prod(sender) + prod(receiver)) * (edge.rank or 0)
        case _:
            assert_never(edge.kind)


def multiply_adds_between(edge: Sized, sender: Shape, receiver: Shape) -> int:
    """The multiply-adds of one message for one example, where no weight is absent."""
    if edge.window is not None:
        return edge.window.multiply_adds(sender, receiver)
    return weights_between(edge, sender, receiver)
