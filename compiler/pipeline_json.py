"""A pipeline's plan as plain JSON data, and back: its kind and the fields of its plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, assert_never

from dync.compiler.expression import JSON
from dync.compiler.pipeline_plan import (
    BenchmarkPlan,
    ComparisonPlan,
    Interval,
    Limits,
    PipelinePlan,
    SweepPlan,
    TrainingPlan,
)
from dync.compiler.plan_error import PlanError, require
from dync.compiler.plan_json import digest, plain, refuse_depth, typed

KINDS: Final[Mapping[str, type[PipelinePlan]]] = {
    "training": TrainingPlan,
    "sweep": SweepPlan,
    "comparison": ComparisonPlan,
    "benchmark": BenchmarkPlan,
}
"""The kinds of pipelines, as the language names them."""

DEEPEST: Final = 48
"""How deeply the parts of a pipeline may be nested."""

MOST: Final = 2**31 - 1
"""No number of a pipeline that counts is larger."""


def kind_of(plan: PipelinePlan) -> str:
    """The kind of a pipeline, as the language names it."""
    return next(name for name, plan_type in KINDS.items() if isinstance(plan, plan_type))


def pipeline_to_json(plan: PipelinePlan) -> JSON:
    """The pipeline as plain data."""
    data = plain(plan)
    assert isinstance(data, dict)
    return {"pipeline": kind_of(plan), **data}


def digest_of_pipeline(plan: PipelinePlan) -> str:
    """SHA-256 of what the pipeline means, in hexadecimal.

    The folder that its paths start from does not count, nor do its limits: a run may go on with more time or memory.

    What it refers to counts by name: the digests of those pipelines are its user's business.
    """
    data = pipeline_to_json(plan)
    assert isinstance(data, dict)
    with_folder = data["comparison"] if isinstance(plan, BenchmarkPlan) else data
    assert isinstance(with_folder, dict)
    del with_folder["limits"]
    if not isinstance(plan, SweepPlan):
        del with_folder["base"]
    return digest(data)


def pipeline_from_json(data: Any) -> PipelinePlan:
    """Read back what `pipeline_to_json` gave; raises PlanError for anything else."""
    refuse_depth(data, DEEPEST)
    match data:
        case {"pipeline": str(kind), **fields} if kind in KINDS:
            plan: PipelinePlan = typed(fields, KINDS[kind])
            _verify(plan)
            return plan
    raise PlanError(f"not a plan: a pipeline is one of {', '.join(KINDS)} with its fields")


def training_from_json(data: Any) -> TrainingPlan:
    """The same for a training; raises PlanError for a pipeline of another kind too."""
    plan = pipeline_from_json(data)
    if not isinstance(plan, TrainingPlan):
        raise PlanError(f"not a plan: expected a training, found a {kind_of(plan)}")
    return plan


def _verify(plan: PipelinePlan) -> None:
    """Raise PlanError for numbers that no pipeline can have."""
    match plan:
        case TrainingPlan():
            _verify_training(plan)
        case SweepPlan():
            _verify_sweep(plan)
        case ComparisonPlan():
            _verify_comparison(plan)
        case BenchmarkPlan():
            _verify_comparison(plan.comparison)
        case _:
            assert_never(plan)


def _verify_training(plan: TrainingPlan) -> None:
    lengths = [length for length in (plan.epochs, plan.updates) if length is not None]
    require(len(lengths) == 1, "epochs or updates")
    _verify_least(0, seed=plan.seed, evaluate_every=plan.evaluate_every, checkpoint_every=plan.checkpoint_every)
    _verify_least(0, length=lengths[0])
    _verify_least(1, batch=plan.batch, keep=plan.keep, repeat=plan.repeat)
    if plan.stop is not None:
        _verify_least(1, stop=plan.stop.after)
    if plan.record is not None:
        _verify_least(1, record=plan.record.every)
    _verify_limits(plan.limits)


def _verify_sweep(plan: SweepPlan) -> None:
    _verify_least(0, seed=plan.seed, compare_best=plan.compare_best)
    _verify_least(1, trials=1 if plan.trials is None else plan.trials, seeds=plan.seeds, together=plan.together)
    for search in plan.search:
        match search.space:
            case Interval(low, high, log, step):
                require(low <= high and (low > 0 or not log) and (step is None or step > 0), "an interval")
            case choices:
                require(len(choices.values) > 0, "choices")
    _verify_limits(plan.limits)


def _verify_comparison(plan: ComparisonPlan) -> None:
    _verify_least(0, seed=plan.seed, rope=plan.rope)
    _verify_least(1, seeds=plan.seeds, folds=plan.folds)
    for claim in plan.claims:
        _verify_least(0, margin=claim.margin)
        require({claim.better, claim.worse} <= set(plan.entries), "a claim about entries")
    _verify_limits(plan.limits)


def _verify_limits(limits: Limits) -> None:
    _verify_least(1, parallel_jobs=_or(limits.parallel_jobs, 1), threads=_or(limits.threads, 1))
    _verify_least(0, retries=limits.retries, stage_seconds=_or(limits.stage_seconds, 0))
    fraction = _or(limits.gpu_memory_fraction, 1)
    require(0 < fraction <= 1, "gpu_memory_fraction is above 0 and at most 1")


def _or(value: float | None, default: float) -> float:
    return default if value is None else value


def _verify_least(least: float, **values: float) -> None:
    for name, value in values.items():
        require(least <= value <= MOST, f"{name} is in {least:g}..{MOST}")
