"""Random values to verify with: small whole numbers and fractions, so that conditions are met exactly, both ways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dync.compiler.plan import Structure
from dync.runtime.beside import nothing_beside, traces_of
from dync.runtime.cells import blocks_of_cells
from dync.runtime.history import delays
from dync.runtime.layer_map import LayerMap
from dync.runtime.layout import units_first
from dync.runtime.ports import ports
from dync.verification.cut import Local, measures_of, moments_of

Palette: TypeAlias = Literal["any", "not zero", "positive"]
Floats: TypeAlias = NDArray[np.float32]

TRIED: Final[tuple[tuple[Palette, int], ...]] = (
    ("any", 1), ("any", 1), ("not zero", 1), ("positive", 1), ("any", 8), ("positive", 8),
)  # fmt: skip
"""What is drawn and how far it is spread, in the order in which it is tried: a rule that divides or takes roots may
need the later palettes, a unit with a high threshold the wider ones."""

_STEP: Final = 1 / 16


@dataclass(frozen=True)
class Draws:
    """Draws of one palette, float32. Products of two of them are exact, so that comparisons fall one way alone."""

    rng: np.random.Generator
    palette: Palette
    spread: int = 1

    def values(self, shape: tuple[int, ...]) -> Floats:
        """Half of them -1, 0 or 1, the others from -2 to 2, all of that times the spread."""
        fine = self.rng.integers(-32, 33, shape) * _STEP
        found = np.where(self.rng.random(shape) < 0.5, self.rng.integers(-1, 2, shape), fine)
        return self._of_palette(found * self.spread)

    def weights(self, shape: tuple[int, ...]) -> Floats:
        """From -1 to 1, none of them zero."""
        fine = self.rng.integers(1, 17, shape) * _STEP
        return self._of_palette(fine * self.rng.choice([-1.0, 1.0], shape))

    def _of_palette(self, found: NDArray[np.float64]) -> Floats:
        if self.palette == "any":
            return found.astype(np.float32)
        some = np.where(found == 0, 1.0, found)
        return (some if self.palette == "not zero" else np.abs(some)).astype(np.float32)


def drawn(structure: Structure, lmap: LayerMap, batch: int, draws: Draws) -> Local:
    """Something at every end and in every weight that there is."""
    moments = moments_of(structure)
    values = {moment: tuple(draws.values(shape) for shape in value_shapes(structure, batch)) for moment in moments}
    fields = {
        moment: {port: draws.values(shape) for port, shape in _field_shapes(structure, batch)} for moment in moments
    }
    measures = {moment: {name: draws.values((batch,)) for name in measures_of(structure)} for moment in moments}
    traces = {key: draws.values(array.shape) for key, array in nothing_beside(structure, batch).traces.items()}
    weights = tuple(_weights(structure, lmap, f, draws) for f in range(len(structure.families)))
    return Local(values, fields, measures, traces, weights)


def block_shape(structure: Structure, b: int, batch: int) -> tuple[int, ...]:
    """The shape of the array of a block."""
    block = structure.blocks[b]
    ends = (block.units, batch) if units_first(structure)[b] else (batch, block.units)
    return (len(block.layers), *ends)


def value_shapes(structure: Structure, batch: int) -> Iterator[tuple[int, ...]]:
    """The shapes of what units hold, cell by cell, and behind that of what is heard with a delay."""
    return (block_shape(structure, b, batch) for b in blocks_heard(structure))


def blocks_heard(structure: Structure) -> tuple[int, ...]:
    """The block of each array of values that is heard."""
    blocks = blocks_of_cells(structure)
    return (*blocks, *(blocks[cell] for cell, _ in delays(structure)))


def _field_shapes(structure: Structure, batch: int) -> Iterator[tuple[int, tuple[int, ...]]]:
    for (b, _), port in ports(structure).items():
        yield port, block_shape(structure, b, batch)


def _weights(structure: Structure, lmap: LayerMap, f: int, draws: Draws) -> Floats | None:
    """Weights of a family where they exist; what is not drawn stays as it is."""
    found = lmap.weights[f]
    if found is None or not structure.families[f].learns:
        return None if found is None else np.asarray(found)
    weights, mask = draws.weights(found.shape), lmap.masks[f]
    if structure.families[f].diagonal and weights.ndim == 3:
        weights = np.where(np.eye(weights.shape[1], dtype=bool), np.float32(0), weights)
    return weights if mask is None else np.where(np.asarray(mask), weights, np.float32(0))


def part(structure: Structure, local: Local, rows: slice) -> Local:
    """Some examples of the batch."""
    layouts = units_first(structure)
    blocks = blocks_heard(structure)
    by_port = {port: b for (b, _), port in ports(structure).items()}

    def cut(array: Floats, b: int) -> Floats:
        return array[:, :, rows] if layouts[b] else array[:, rows]

    values = {
        moment: tuple(cut(array, b) for array, b in zip(found, blocks, strict=True))
        for moment, found in local.values.items()
    }
    fields = {
        moment: {port: cut(array, by_port[port]) for port, array in found.items()}
        for moment, found in local.fields.items()
    }
    measures = {
        moment: {name: array[rows] for name, array in found.items()} for moment, found in local.measures.items()
    }
    traces = {key: cut(array, block_of_trace(structure, key)) for key, array in local.traces.items()}
    return Local(values, fields, measures, traces, local.weights)


def block_of_trace(structure: Structure, key: str) -> int:
    """The block to whose units a trace of a rule belongs."""
    number, _, name = key.partition(".")
    family = structure.families[int(number)]
    at_sender = name in {trace.name for trace in traces_of(structure, family)[0]}
    return family.sender if at_sender else family.receiver
