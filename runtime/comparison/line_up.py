"""Who is compared on what: every entry on every task, bound and checked before work starts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, assert_never

import numpy as np
from numpy.typing import NDArray

from dync.compiler.pipeline_plan import (
    BaselineEntry,
    BestEntry,
    ComparisonPlan,
    DataPlan,
    Entry,
    Metric,
    SavedEntry,
    TrainedEntry,
    TrainingPlan,
)
from dync.compiler.plan import Plan
from dync.runtime.baselines.kinds import make_baseline
from dync.runtime.comparison.contender import Baseline, Contender, Place, Saved, Trained, Trial
from dync.runtime.comparison.job import ComparisonJob
from dync.runtime.comparison.task_data import evaluated, training_parts
from dync.runtime.error import RunError
from dync.runtime.evaluation import Examples
from dync.runtime.lanes.checked_files import files_read
from dync.runtime.lanes.need import need_of
from dync.runtime.optimizers import OptimizerError, make_optimizer
from dync.runtime.pipelines.training.parts import Parts, verify_metric
from dync.runtime.saved_model import load_model
from dync.runtime.saved_weights import saved_arrays

OWN = "data"
"""The name of the only task where a comparison names none: each entry's own data."""

Bound = tuple[TrainingPlan, Plan]


def line_up(job: ComparisonJob) -> tuple[Contender, ...]:
    """All entries on all tasks, in the order of the spec, tasks first.

    Everything is tried that can fail before work starts: data of the first fold, protocols, optimizers, measures, saved
    weights, baselines. Raises RunError.
    """
    plan = job.plan
    tasks: dict[str, DataPlan | None] = {**plan.tasks} or {OWN: None}
    _verify_claims(plan)
    found: list[Contender] = []
    for task, data in tasks.items():
        bound = {name: _bound(job, entry, data) for name, entry in plan.entries.items()}
        like = next((training for training in bound.values() if training is not None), None)
        for name, entry in plan.entries.items():
            place = Place(name, task, plan.folds, plan.seed, _validated(plan))
            found.append(_contender(job, entry, place, bound[name] or like, data))
    _verify_fit(job, found)
    return tuple(found)


def seeds_of(plan: ComparisonPlan) -> tuple[Trial, ...]:
    """The seeds that all entries share."""
    return tuple(Trial(plan.seed + index, index) for index in range(plan.seeds))


def metrics_of(plan: ComparisonPlan) -> tuple[Metric, ...]:
    """What the statistics are about: the metric, and those of the claims."""
    return tuple(dict.fromkeys((plan.metric, *(claim.metric for claim in plan.claims))))


def _bound(job: ComparisonJob, entry: Entry, data: DataPlan | None) -> Bound | None:
    match entry:
        case TrainedEntry():
            return job.bind(entry.pipeline, entry.changes, data)
        case BestEntry():
            return job.bind(entry.sweep, {**job.best(entry.sweep), **entry.changes}, data)
        case SavedEntry() | BaselineEntry():
            return None
    assert_never(entry)


def _contender(job: ComparisonJob, entry: Entry, place: Place, bound: Bound | None, data: DataPlan | None) -> Contender:
    """The contender of an entry; `bound` is its own training, or else the first one on the task."""
    match entry:
        case TrainedEntry() | BestEntry():
            assert bound is not None
            return _trained(job, place, bound)
        case SavedEntry():
            return _saved(job, place, entry, data, alone=bound is None)
        case BaselineEntry():
            if bound is None:
                raise RunError(
                    f"the baseline {place.entry} is trained like the first entry that is a training, and there is none:"
                    " add one, `entry NAME TRAINING`"
                )
            return _baseline(job, place, entry, bound)
    assert_never(entry)


def _trained(job: ComparisonJob, place: Place, bound: Bound) -> Trained:
    pipeline, plan = bound
    where = f"{place.entry} on {place.task}"
    for name, protocol in (("train", plan.structure.train), ("infer", plan.structure.infer)):
        if protocol is None:
            raise RunError(f"the network of {where} has no `{name}` protocol: declare one, {name} PHASE, …")
    try:
        make_optimizer(pipeline.optimizer)
    except OptimizerError as error:
        raise RunError(str(error)) from error
    start = None if pipeline.start is None else job.start(pipeline.start)
    parts = training_parts(place.training(pipeline, _first(job)), plan)
    _verify_metrics(job, parts.held_out, place)
    count = parts.dataset.parts["train"].examples
    if pipeline.batch > count:
        raise RunError(f"{where} has {count} training examples, fewer than a batch of {pipeline.batch}: make it less")
    return Trained(_measured(place, parts, pipeline, plan), pipeline, plan, start)


def _baseline(job: ComparisonJob, place: Place, entry: BaselineEntry, bound: Bound) -> Baseline:
    make_baseline(entry.model)
    pipeline, plan = bound
    parts = training_parts(place.training(pipeline, _first(job)), plan)
    _verify_metrics(job, parts.held_out, place)
    return Baseline(_measured(place, parts, pipeline, plan), entry.model, pipeline, plan)


def _measured(place: Place, parts: Parts, pipeline: TrainingPlan, plan: Plan) -> Place:
    """The place with what is known of its data, and what a training there needs."""
    return replace(place, digest=parts.digest, need=need_of(pipeline, plan, parts, 1))


def _saved(job: ComparisonJob, place: Place, entry: SavedEntry, data: DataPlan | None, *, alone: bool) -> Saved:
    """Weights on a task; where they do not fit its data, but something is trained on them, that is the outcome."""
    if data is None:
        raise RunError(f"{place.entry} has weights and no data of its own: name a task, as in `task NAME DATA`")
    model = load_model(Path(job.plan.base) / entry.path)
    if model.network.plan.structure.infer is None:
        raise RunError(f"the network in {entry.path} has no `infer` protocol, so it cannot be evaluated")
    weights = _digest(saved_arrays(model.orchestrator))
    try:
        dataset, parts = evaluated(place.data(data, _first(job)), model.network.plan, job.plan.base)
    except RunError as error:
        if alone:
            raise RunError(f"{place.entry} on {place.task}: {error}") from None
        return Saved(place, model, weights, data, job.plan.base, misfit=str(error))
    _verify_metrics(job, parts, place)
    files = files_read([(data, dataset)], job.plan.base)
    return Saved(replace(place, digest=dataset.digest), model, weights, data, job.plan.base, files)


def _verify_fit(job: ComparisonJob, contenders: Sequence[Contender]) -> None:
    """Say which weights do not fit which tasks; raises RunError for those that fit none."""
    saved = [contender for contender in contenders if isinstance(contender, Saved)]
    fit = {contender.place.entry for contender in saved if not contender.misfit}
    for entry, task, misfit in ((s.place.entry, s.place.task, s.misfit) for s in saved if s.misfit):
        if entry not in fit:
            raise RunError(f"{entry} on {task}: {misfit}. Weights as they are fit data of their own shapes alone")
        job.reporter.message(f"the weights of {entry} do not fit {task}, so all its seeds fail there: {misfit}")


def _first(job: ComparisonJob) -> Trial:
    return Trial(job.plan.seed, 0)


def _verify_metrics(job: ComparisonJob, parts: Mapping[str, Examples], place: Place) -> None:
    for metric in metrics_of(job.plan):
        try:
            verify_metric(metric, parts)
        except RunError as error:
            raise RunError(f"{place.entry} on {place.task}: {error}") from None


def _validated(plan: ComparisonPlan) -> bool:
    """Whether something is measured on a validation part."""
    return any(metric.part == "validation" for metric in metrics_of(plan))


def _verify_claims(plan: ComparisonPlan) -> None:
    for claim in plan.claims:
        for name in (claim.better, claim.worse):
            if name not in plan.entries:
                raise RunError(f"a claim is about {name}, which is no entry: there are {', '.join(plan.entries)}")
    if len(plan.entries) < 1:
        raise RunError(f"the comparison {plan.name} has no entries: add some, as in `entry NAME TRAINING`")


def _digest(arrays: Mapping[str, NDArray[Any]]) -> str:
    total = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        total.update(f"{name} {array.shape} {array.dtype.str}\n".encode())
        total.update(np.ascontiguousarray(array).tobytes())
    return total.hexdigest()
