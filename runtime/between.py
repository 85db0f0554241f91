"""Weights as edges say of single pairs of units: drawn, computed or given, present or absent."""

from __future__ import annotations

from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.scipy.special import ndtr

from dync.compiler.between_plan import BetweenPlan, draws, units_at
from dync.compiler.expression import Expression, Symbol
from dync.compiler.plan import FamilyPlan, Structure
from dync.runtime.evaluate import evaluate
from dync.runtime.kinds.dense import Dense
from dync.runtime.kinds.kind import EdgeKind
from dync.runtime.kinds.sparse import Sparse
from dync.runtime.kinds.stored import Stored
from dync.runtime.layer_map import Parameters

_BELOW_ONE = 1 - 2**-24
_ABOVE_ZERO = 2.0**-126


def draws_otherwise(family: FamilyPlan) -> bool:
    """Whether the weights of a family begin otherwise than its kind draws them."""
    plan = family.between
    return plan is not None and (plan.chosen or plan.given or plan.weights is not None)


def numbers(plan: BetweenPlan, senders: int, receivers: int) -> int:
    """How many random numbers one edge's arrays are drawn from."""
    return senders * receivers * len(_planes(plan))


def draw_between(structure: Structure, f: int, kind: EdgeKind, parameters: Parameters, stream: Array) -> Stored:
    """The arrays of a family, without its diagonal; `stream` are standard normal numbers, `[edges, numbers]`.

    The Gaussian weights of edges that only say which exist have the deviation `strength / sqrt(fan_in * density)`, the
    density being the part of all pairs that do exist.
    """
    family = structure.families[f]
    plan = family.between
    assert plan is not None
    sender, receiver = (structure.blocks[b].shape for b in (family.sender, family.receiver))
    shape = (len(family.edges), prod(sender), prod(receiver))
    planes = dict(zip(_planes(plan), jnp.moveaxis(stream.reshape(shape[0], -1, *shape[1:]), 1, 0), strict=True))

    def value(expression: Expression, which: str) -> Array:
        found = evaluate(
            expression,
            lambda symbol: _symbol(symbol, which, planes, sender, receiver),
            lambda name: parameters[f"family.{f}.weights.{name}"][:, None, None],
        )
        return jnp.broadcast_to(jnp.asarray(found), shape)

    exists = None
    if plan.known:
        # Behind a barrier: XLA would sort this constant while it compiles, for minutes where it is large.
        known = lax.optimization_barrier(jnp.asarray(plan.existing(sender, receiver)))  # type: ignore[no-untyped-call]
        exists = jnp.broadcast_to(known, shape)
    elif plan.present is not None:
        exists = value(plan.present, "present")
    if plan.given:
        weights = parameters[f"family.{f}.given"].reshape(shape)
    elif plan.weights is not None:
        weights = value(plan.weights, "weights").astype(jnp.float32)
    else:
        density = jnp.ones(shape[:1]) if exists is None else jnp.mean(exists, axis=(1, 2), dtype=jnp.float32)
        deviation = parameters[f"family.{f}.strength"] / jnp.sqrt(shape[1] * jnp.maximum(density, _ABOVE_ZERO))
        weights = deviation[:, None, None] * planes["weights", "normal"]
    return _stored(kind, weights, exists, family.diagonal)


def _stored(kind: EdgeKind, weights: Array, exists: Array | None, diagonal: bool) -> Stored:
    """Weights in full as a kind stores them; nothing is held of those that do not exist or stand on the diagonal."""
    free = ~jnp.eye(weights.shape[1], dtype=bool) if diagonal else None
    if exists is None:
        return Stored(weights if free is None else jnp.where(free, weights, 0), None, None, None)
    exists = exists if free is None else exists & free
    assert isinstance(kind, Dense | Sparse)
    return jax.vmap(kind.keep)(weights, exists)


def _planes(plan: BetweenPlan) -> list[tuple[str, str]]:
    """What each matrix of random numbers serves: an expression and one of its draws."""
    gaussian = plan.weights is None and not plan.given
    weights = ("normal",) if gaussian else draws(plan.weights)
    return [*(("weights", draw) for draw in weights), *(("present", draw) for draw in draws(plan.present))]


def _symbol(
    symbol: Symbol, which: str, planes: dict[tuple[str, str], Array], sender: tuple[int, ...], receiver: tuple[int, ...]
) -> Array | float:
    """What a symbol reads: a draw, or units as `[1, senders, 1]` or `[1, 1, receivers]`."""
    if symbol.name == "normal":
        return planes[which, "normal"]
    if symbol.name == "uniform":
        return jnp.clip(ndtr(planes[which, "uniform"]), _ABOVE_ZERO, _BELOW_ONE)
    i, j = np.arange(prod(sender))[None, :, None], np.arange(prod(receiver))[None, None, :]
    found: Any = units_at(symbol.name, sender, receiver, i, j)
    return float(found) if found.ndim == 0 else jnp.asarray(found, jnp.float32)
