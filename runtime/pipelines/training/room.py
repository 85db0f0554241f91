"""How much memory and disk trainings take at their peak, known before any weight is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import equinox as eqx
import jax
import optax

from dync.compiler.pipeline_plan import TrainingPlan
from dync.compiler.plan import Structure
from dync.runtime.beside import trace_numbers
from dync.runtime.cells import blocks_of_cells
from dync.runtime.data.dataset import Dataset
from dync.runtime.evaluation import BATCH, Examples
from dync.runtime.history import numbers_kept
from dync.runtime.learner import Learner, start_learner
from dync.runtime.network import Network
from dync.runtime.records import CHUNK_BYTES


@dataclass(frozen=True)
class Room:
    """Bytes of memory of one training: its `learner`, all that each `lane` takes beside others, and what all `share`.

    `weights` is the orchestrator's part of the learner, which a checkpoint without its optimizer holds.
    """

    learner: int
    weights: int
    lane: int
    shared: int

    def peak(self, together: int = 1) -> int:
        """Bytes at the peak of a process that trains so many side by side."""
        return max(1, together) * self.lane + self.shared


def room_of(
    plan: TrainingPlan,
    network: Network,
    optimizer: optax.GradientTransformation,
    dataset: Dataset,
    held_out: Mapping[str, Examples],
) -> Room:
    """The room of a training, from the shapes of its arrays alone.

    A lane: learner, its copy and the steps of its weights, and the states of a batch. Shared: the data, twice.
    """
    learner = shapes_of(network, optimizer)
    whole, weights = _bytes(learner), _bytes(learner.orchestrator.lmap)
    data = sum(array.nbytes for part in dataset.parts.values() for array in part.arrays.values())
    held = sum(_bytes((some.inputs, some.targets)) for some in held_out.values())
    recorded = 2 * CHUNK_BYTES if plan.record is not None else 0
    states = _states(plan, network.plan.structure)
    return Room(whole, _bytes(learner.orchestrator), 2 * whole + 2 * weights + states, 2 * data + held + recorded)


def shapes_of(network: Network, optimizer: optax.GradientTransformation) -> Learner:
    """A learner of shapes in place of arrays. What is traced for it is not traced again when the weights are drawn."""
    found: Learner = eqx.filter_eval_shape(lambda key: start_learner(network.init(key), optimizer), jax.random.key(0))
    return found


def disk(plan: TrainingPlan, room: Room, structure: Structure, updates: int) -> int:
    """Bytes of disk: the checkpoints that stay, one more while it is written, those of the run itself, the records."""
    checkpoints = (plan.keep if plan.checkpoint_every else 0) + (1 if plan.checkpoint_best else 0) + 3
    return checkpoints * room.learner + _recorded(plan, structure, updates)


def _states(plan: TrainingPlan, structure: Structure) -> int:
    kept = (structure.blocks[b] for b in blocks_of_cells(structure))
    units = sum(block.units * len(block.layers) for block in kept)
    moments = {moment for rule in structure.rules for moment in rule.moments}
    traces = 8 * trace_numbers(structure)  # those of the rules, before a step and after it
    return (4 * units * (4 + len(moments)) + 8 * numbers_kept(structure) + traces) * max(plan.batch, BATCH)


def _recorded(plan: TrainingPlan, structure: Structure, updates: int) -> int:
    if plan.record is None:
        return 0
    units = sum(structure.layers[structure.layer_numbers[name]].units for name in plan.record.layers)
    return (updates // plan.record.every) * plan.batch * (4 * units + 8)


def _bytes(tree: object) -> int:
    """The bytes of all arrays, or of the arrays that shapes stand for."""
    return sum(int(leaf.size) * int(leaf.dtype.itemsize) for leaf in jax.tree.leaves(tree) if hasattr(leaf, "dtype"))
