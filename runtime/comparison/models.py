"""The weights that scores were made with, where they are to be kept: one checkpoint each in `models/`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from dync.compiler.expression import JSON
from dync.compiler.plan import Plan
from dync.compiler.plan_json import plan_to_json
from dync.runtime.checkpoint import CheckpointError, write_checkpoint
from dync.runtime.comparison.score import Score, Unit
from dync.runtime.error import RunError
from dync.runtime.lanes.lane import LaneResult
from dync.runtime.run_folder import RunFolder

FOLDER: Final = "models"


def model_path(folder: RunFolder, unit: Unit) -> Path:
    """Where the weights of a score are."""
    entry, task, seed = unit
    return folder.path / FOLDER / f"{entry}-{task}-{seed}"


def keep_model(folder: RunFolder, score: Score, plan: Plan, result: LaneResult) -> None:
    """Write the weights as a checkpoint that `load_model` reads; raises RunError where that fails."""
    updates = result.history[-1]["updates"] if result.history else 0
    facts: dict[str, JSON] = {
        "step": int(updates),
        "epoch": len(result.history),
        "history": [],
        "plan": plan_to_json(plan),
        "plan_digest": plan.digest,
    }
    try:
        write_checkpoint(model_path(folder, score.unit), result.arrays, facts)
    except CheckpointError as error:
        raise RunError(str(error)) from error
