"""Edges that are networks: the message is what a network answers when its input holds what is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from dync.compiler.plan import RulePlan, Structure
from dync.runtime.kinds.kind import EdgeKind, turned
from dync.runtime.kinds.rule_sum import RuleInput
from dync.runtime.kinds.stored import Stored
from dync.runtime.layout import layout

if TYPE_CHECKING:
    from dync.runtime.layer_map import LayerMap


class Row(NamedTuple):
    """Where the weights of an inner family stand in the row of all: none where it has none of its own."""

    start: int
    shape: tuple[int, ...]

    @property
    def end(self) -> int:
        """The place behind them."""
        return self.start + prod(self.shape)


@lru_cache(maxsize=64)
def rows(structure: Structure) -> tuple[Row, ...]:
    """The place of each family of a network in the row of its weights."""
    from dync.runtime.kinds.of_family import kinds

    found, start = [], 0
    for family, kind in zip(structure.families, kinds(structure), strict=True):
        shape = (0,) if family.weightless else (len(family.edges), *kind.shape)
        found.append(Row(start, shape))
        start = found[-1].end
    return tuple(found)


@dataclass(frozen=True)
class InnerNetwork(EdgeKind):
    """Weights `[all weights of the network]`, family by family and edge by edge; absent ones are zero.

    `inner` is the network. Its numbers, `[edges, …]` by their keys, are the `inner` of what is stored. With `reverse`
    derivatives go back through it.
    """

    inner: Structure
    reverse: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """All the weights in a row."""
        return (max((row.end for row in rows(self.inner)), default=0),)

    @property
    def numbers(self) -> int:
        """None: the network draws its weights itself."""
        return 0

    @property
    def work(self) -> int:
        """Each weight once a step, and once more for the read-out."""
        steps = sum(self.inner.phases[number].steps for number in self.inner.infer or ())
        return self.shape[0] * (steps + 1)

    def draw(self, normal: Array, strength: Array, density: Array) -> Stored:
        """Nothing is drawn here: see `dync.runtime.initial`."""
        raise TypeError("a network draws its weights itself")

    def given(self, weights: ArrayLike | LayerMap) -> ArrayLike:
        """The row of weights, also from the layer map of the network by itself; fixed diagonals stay as they are here.

        Raises ValueError for the map of another network.
        """
        from dync.runtime.layer_map import LayerMap

        return _row_of(self.inner, weights) if isinstance(weights, LayerMap) else weights

    def message(self, stored: Stored, sent: Array) -> Array:
        """What each network answers after its `infer`, its input clamped to what is sent."""
        assert stored.inner is not None
        asked = turned(sent, self.sender_units_first)
        answers = jax.vmap(self._answer)(stored.weights, stored.inner, asked)
        return turned(answers, self.receiver_units_first)

    def _answer(self, weights: Array, numbers: Mapping[str, Array], asked: Array) -> Array:
        """`[batch, units]` of the output for those of the input."""
        from dync.runtime.engine import Machine
        from dync.runtime.phases import run_protocol
        from dync.runtime.state import initial_state, layer_rows

        inner = self.inner
        ends = {layer.role: layer for layer in inner.layers if layer.role in ("input", "output")}
        state = initial_state(inner, numbers, {ends["input"].name: asked}, asked.shape[0])
        machine = Machine(inner, unpacked(inner, weights, numbers), dict(numbers), self.reverse)
        state = run_protocol(machine, state, "infer", None, at_rest=True)
        return layer_rows(inner, state.values, ends["output"])

    def update(self, rule: RulePlan, stored: Stored, given: RuleInput) -> Array:
        """Nothing: no rule of an edge reaches what is within the network."""
        raise TypeError("an edge that is a network has no rule")


def packed(lmap: LayerMap) -> Array:
    """All weights of a network in a row."""
    parts = [weights.reshape(-1) for weights in lmap.weights if weights is not None]
    return jnp.concatenate(parts) if parts else jnp.zeros((0,), jnp.float32)


def _row_of(structure: Structure, lmap: LayerMap) -> Array:
    """The weights of a network by itself, which may list those of sparse edges, in a row."""
    from dync.runtime.kinds.of_family import kinds

    known = layout(structure).edges
    if known.keys() != layout(lmap.structure).edges.keys():
        raise ValueError(f"these are not the weights of the network {structure.network}: other layers are joined")
    parts = [np.zeros(row.shape, np.float32) for row in rows(structure)]
    for key, place in known.items():
        kind, edge = kinds(structure)[place.family], lmap[key]
        if structure.families[place.family].weightless or edge.weight is None:
            continue
        if edge.weight.shape != kind.full_shape:
            raise ValueError(f"the weights of {key[1]} -> {key[0]} are {edge.weight.shape}, not {kind.full_shape}")
        nothing = Stored(jnp.zeros(kind.shape, jnp.float32), None, None, None)
        parts[place.family][place.index] = np.asarray(kind.pack(edge.weight, nothing).weights)
    return jnp.concatenate([part.reshape(-1) for part in parts]) if parts else jnp.zeros((0,), jnp.float32)


def unpacked(structure: Structure, weights: Array, numbers: Mapping[str, Array] | None) -> LayerMap:
    """The layer map of a network from the row of its weights; without `numbers` fixed diagonals are zero."""
    from dync.runtime.layer_map import layer_map

    found = []
    for f, (family, row) in enumerate(zip(structure.families, rows(structure), strict=True)):
        diagonal = None
        if family.diagonal and not family.weightless:
            fixed = jnp.zeros((len(family.edges),), jnp.float32)
            diagonal = fixed if numbers is None else numbers[f"family.{f}.diagonal"]
        found.append(Stored(weights[row.start : row.end].reshape(row.shape), diagonal, None, None))
    return layer_map(found, structure)
