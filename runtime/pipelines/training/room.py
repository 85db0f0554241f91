"""How much memory and disk a training takes at its peak."""

from __future__ import annotations

from collections.abc import Mapping

import jax

from dync.compiler.pipeline_plan import TrainingPlan
from dync.compiler.plan import Structure
from dync.runtime.data.dataset import Dataset
from dync.runtime.evaluation import BATCH, Examples
from dync.runtime.learner import Learner
from dync.runtime.records import CHUNK_BYTES


def peak_memory(
    plan: TrainingPlan, structure: Structure, learner: Learner, dataset: Dataset, held_out: Mapping[str, Examples]
) -> int:
    """Bytes of memory: learner, its copy and the steps of its weights; the states of a batch; the data, twice."""
    weights = _bytes(learner.orchestrator.lmap)
    units = sum(layer.units for layer in structure.layers)
    moments = {moment for rule in structure.rules for moment in rule.moments}
    states = 4 * units * max(plan.batch, BATCH) * (4 + len(moments))
    data = sum(array.nbytes for part in dataset.parts.values() for array in part.arrays.values())
    held = sum(_bytes((some.inputs, some.targets)) for some in held_out.values())
    recorded = 2 * CHUNK_BYTES if plan.record is not None else 0
    return 2 * _bytes(learner) + 2 * weights + states + 2 * data + held + recorded


def disk(plan: TrainingPlan, learner: Learner, structure: Structure, updates: int) -> int:
    """Bytes of disk: the checkpoints that stay, one more while it is written, those of the run itself, the records."""
    checkpoints = (plan.keep if plan.checkpoint_every else 0) + (1 if plan.checkpoint_best else 0) + 3
    return checkpoints * _bytes(learner) + _recorded(plan, structure, updates)


def _recorded(plan: TrainingPlan, structure: Structure, updates: int) -> int:
    if plan.record is None:
        return 0
    units = sum(structure.layers[structure.layer_numbers[name]].units for name in plan.record.layers)
    return (updates // plan.record.every) * plan.batch * (4 * units + 8)


def _bytes(tree: object) -> int:
    return sum(int(getattr(leaf, "nbytes", 0)) for leaf in jax.tree.leaves(tree))
