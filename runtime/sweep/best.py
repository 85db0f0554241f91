"""The best of a sweep: which trial it is, and its weights on disk."""

from __future__ import annotations

from collections.abc import Iterable

from dync.compiler.expression import JSON
from dync.compiler.pipeline_plan import SweepPlan
from dync.compiler.plan import Plan
from dync.compiler.plan_json import plan_to_json
from dync.runtime.checkpoint import CheckpointError, load_checkpoint, write_checkpoint
from dync.runtime.error import RunError
from dync.runtime.lanes.lane import LaneResult
from dync.runtime.plain_json import plain_json
from dync.runtime.run_folder import RunFolder
from dync.runtime.sweep.trial import Trial


def ranked(trials: Iterable[Trial], plan: SweepPlan) -> list[Trial]:
    """The trials that have a value, the best first; of two equal ones the earlier."""
    sign = -1 if plan.direction == "maximize" else 1
    scored = [(sign * trial.value, trial.number, trial) for trial in trials if trial.value is not None]
    return [trial for _, _, trial in sorted(scored, key=lambda found: found[:2])]


def best_seed(trial: Trial, plan: SweepPlan) -> int:
    """The seed of a trial, counted from 0, with the best value; of equal ones the first."""
    sign = 1 if plan.direction == "maximize" else -1
    values = [float("-inf") if value is None else sign * value for value in trial.seeds]
    return values.index(max(values))


def save_best(folder: RunFolder, trial: Trial, seed: int, result: LaneResult, network: Plan) -> None:
    """Write the weights of a trial's seed as the best so far, as a checkpoint; raises RunError."""
    last = result.history[-1] if result.history else {"updates": 0, "epoch": 0}
    facts = plain_json(
        {
            "step": last["updates"], "epoch": last["epoch"], "batch": 0, "steps": [], "history": result.history,
            "plan": plan_to_json(network), "plan_digest": network.digest,
            "trial": trial.number, "seed": seed, "value": trial.value, "params": trial.params,
        }
    )  # fmt: skip
    assert isinstance(facts, dict)
    try:
        write_checkpoint(folder.best, result.arrays, facts)
    except CheckpointError as error:
        raise RunError(str(error)) from error


def saved_best(folder: RunFolder) -> tuple[JSON, JSON]:
    """The trial whose weights are saved and the number of its seed; raises RunError where they are damaged."""
    try:
        facts = load_checkpoint(folder.best).facts
    except CheckpointError as error:
        raise RunError(str(error)) from error
    return facts.get("trial"), facts.get("seed")
