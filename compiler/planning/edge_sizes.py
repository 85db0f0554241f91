"""How many weights an edge has, and how much arithmetic its message takes."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import assert_never

from dync.compiler.model import EdgeModel, NetworkModel
from dync.compiler.plan import FamilyPlan, Structure
from dync.compiler.window_plan import Shape

Sized = EdgeModel | FamilyPlan
"""What of an edge or a family decides its size: its kind, its window, its rank."""


def weights_between(edge: Sized, sender: Shape, receiver: Shape) -> int:
    """The weights of an edge between layers of these shapes, absent ones included.

    One a unit for `one_to_one`; none where a window or rank was a mistake, nor of a kind in Python, which is not run.
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
        case "python":
            return 0  # only what is run knows
        case "network":
            return 0 if edge.inner is None else weights_within(edge.inner)
        case _:
            assert_never(edge.kind)


def weights_within(inner: NetworkModel | Structure) -> int:
    """The weights of a network that an edge is; tied edges have none of their own."""
    return sum(weights_between(edge, *ends) for edge, ends, owns in _edges(inner) if owns)


def _edges(inner: NetworkModel | Structure) -> Iterator[tuple[Sized, tuple[Shape, Shape], bool]]:
    """Its edges, the shapes at both ends of each, and whether its weights are its own."""
    if isinstance(inner, Structure):
        blocks = [block.shape for block in inner.blocks]
        for family in inner.families:
            for _ in family.edges:
                yield family, (blocks[family.sender], blocks[family.receiver]), family.owner is None
        return
    shapes = {layer.name: layer.shape for layer in inner.layers}
    for edge in inner.edges:
        yield edge, (shapes[edge.sender], shapes[edge.receiver]), edge.tie is None


def steps_within(inner: NetworkModel | Structure) -> int:
    """The steps of its `infer`, at most, and its read-out."""
    if isinstance(inner, Structure):
        return 1 + sum(inner.phases[number].steps for number in inner.infer or ())
    steps = {phase.name: phase.steps for phase in inner.phases}
    return 1 + sum(steps[name] for name in inner.infer or ())


def multiply_adds_between(edge: Sized, sender: Shape, receiver: Shape) -> int:
    """The multiply-adds of one message for one example, where no weight is absent."""
    if edge.inner is not None:
        return sum(multiply_adds_between(one, *ends) for one, ends, _ in _edges(edge.inner)) * steps_within(edge.inner)
    if edge.window is not None:
        return edge.window.multiply_adds(sender, receiver)
    return weights_between(edge, sender, receiver)
