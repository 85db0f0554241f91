"""Tied edges: when all edges are known, each gets what it shares from the edge that owns the weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

from msgspec import Struct
from msgspec.structs import replace

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.collector import Collector
from dync.compiler.elaboration.elaborate_layers import UNKNOWN
from dync.compiler.model import EdgeModel, LayerModel
from dync.compiler.window_plan import Shape, WindowPlan
from dync.grammar import syntax

Ends = tuple[Shape, Shape]
"""The shapes of sender and receiver."""


class Tie(Struct, frozen=True):
    """A tied edge: its place among the edges, its statement, and where that names the owner of the weights."""

    place: int
    statement: syntax.Edge | syntax.Wire
    names: syntax.Expression


def settle_ties(found: list[EdgeModel], ties: Sequence[Tie], layers: Sequence[LayerModel], mistakes: Collector) -> None:
    """Put in place of each tied edge one of the kind, window and rank of its owner; say where that is impossible."""
    owners = {edge.label: edge for edge in found if edge.label is not None}
    shapes = {layer.name: layer.shape for layer in layers}
    for tie in ties:
        edge = found[tie.place]
        assert edge.tie is not None
        owner = owners.get(edge.tie.label)
        if owner is None:
            known = tuple(label for label, labelled in owners.items() if _weightless(labelled) is None)
            mistakes.add(wrong.ties.UnknownTie(tie.names.span, edge.tie.label, known))
        elif _weightless(owner) is not None:
            what = _weightless(owner) or ""
            mistakes.add(wrong.ties.TieToWeightless(tie.names.span, edge.tie.label, what, owner.span))
        else:
            found[tie.place] = _settled(tie, edge, owner, shapes, mistakes)


def _weightless(owner: EdgeModel) -> str | None:
    """What an edge is that has no weights of its own."""
    if owner.tie is not None:
        return "tied itself"
    if owner.foreign is not None:
        return "of a kind in Python"
    return f"a `{owner.kind}`" if owner.kind in ("pool", "unpool") else None


def _settled(
    tie: Tie, edge: EdgeModel, owner: EdgeModel, shapes: Mapping[str, Shape], mistakes: Collector
) -> EdgeModel:
    assert edge.tie is not None
    label, turned = edge.tie.label, edge.tie.turned
    own, shared = (shapes[edge.sender], shapes[edge.receiver]), (shapes[owner.sender], shapes[owner.receiver])
    window = owner.window and replace(owner.window, transposed=owner.window.transposed != turned)
    if UNKNOWN not in (*own, *shared) and not _fits(owner, window, own, shared[::-1] if turned else shared, shared):
        mistakes.add(wrong.ties.TieShapes(tie.statement.kind.span, label, own, shared, turned, owner.span))
    if edge.rule is not None and not owner.learns:
        mistakes.add(wrong.ties.TieLearnsAlone(edge.rule.span, label, owner.span))
    if edge.gradient is not None:
        mistakes.add(wrong.gradients.TiedGradient(edge.gradient.span, label, owner.span))
    if tie.statement.decay is not None:
        mistakes.add(wrong.ties.TieDecays(tie.statement.decay.span, label))
    return replace(
        edge,
        kind=owner.kind,
        strength=owner.strength,
        density=owner.density,
        diagonal=owner.diagonal,
        window=window,
        rank=owner.rank,
    )


def _fits(owner: EdgeModel, window: WindowPlan | None, own: Ends, needed: Ends, shared: Ends) -> bool:
    """Whether the weights are for layers of these shapes; those of a `conv` serve any number of places."""
    if owner.kind == "conv":
        if owner.window is None or window is None or {len(s) for s in own} != {len(s) for s in shared}:
            return owner.window is None  # its own mistake is said already
        large, small = window.ends(*own)
        alike = window.weights(*own) == owner.window.weights(*shared)
        return alike and window.places(large) == small[:-1] and large[-1] % window.groups == 0
    if owner.kind == "one_to_one":
        return own[0] == own[1] and prod(own[0]) == prod(needed[0])
    return tuple(map(prod, own)) == tuple(map(prod, needed))
