"""Weights that edges use without owning them: read from the family that does, and updates given back to it."""

from __future__ import annotations

from jax import Array

from dync.compiler.plan import FamilyPlan
from dync.runtime.kinds.kind import EdgeKind
from dync.runtime.kinds.stored import Stored
from dync.runtime.layout import as_slice


def tied(kind: EdgeKind, family: FamilyPlan, owned: Stored) -> Stored:
    """The arrays of tied edges, the way round in which they use them; `kind` is that of the family that owns them."""
    owners = _owners(family)
    if owners != tuple(range(owned.weights.shape[0])):
        owned = owned.map(lambda array: array[as_slice(owners)])
    return kind.turn(owned) if family.turned else owned


def with_tied(kind: EdgeKind, family: FamilyPlan, own: Array, change: Array) -> Array:
    """The update `own` of the family that owns the weights, with that of tied edges, of this kind, added to it."""
    if family.turned:
        change = kind.turn(Stored(change, None, None, None)).weights
    owners = _owners(family)
    if owners == tuple(range(own.shape[0])):
        return own + change
    return own.at[as_slice(owners)].add(change)


def _owners(family: FamilyPlan) -> tuple[int, ...]:
    return tuple(edge.owner for edge in family.edges if edge.owner is not None)
