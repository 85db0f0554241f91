"""Which network of a benchmark is packaged for a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from dync.compiler.pipeline_plan import Metric
from dync.runtime.comparison.contender import Baseline, Contender, Saved, Trained, Trial
from dync.runtime.comparison.job import ComparisonJob
from dync.runtime.comparison.line_up import seeds_of
from dync.runtime.comparison.models import model_path
from dync.runtime.comparison.score import Score, Unit
from dync.runtime.comparison.task_data import training_parts
from dync.runtime.error import RunError
from dync.runtime.lanes.checked_files import files_of, verify_unchanged
from dync.runtime.package.contents import Contents
from dync.runtime.saved_model import load_model

Line = Mapping[str, Any]
"""A line of the leaderboard."""


def best_entry(leaderboard: Sequence[Line]) -> Line:
    """The first line that is no baseline and has a score; raises RunError where there is none."""
    for line in leaderboard:
        if line["kind"] != "baseline" and line["complete"]:
            return line
    raise RunError("there is nothing to package: every entry is a baseline or failed")


def contents_of(
    job: ComparisonJob, contender: Contender, scores: Mapping[Unit, Score], line: Line, outputs: Mapping[str, Any]
) -> Contents:
    """What is packaged of the best entry on a task; raises RunError where it cannot be read any more."""
    place = contender.place
    found = {trial: scores[place.entry, place.task, trial.seed] for trial in seeds_of(job.plan)}
    complete = {trial: score for trial, score in found.items() if score.is_done}
    if not complete:
        raise RunError(f"there is nothing to package for {place.task}: every seed of {place.entry} failed on it")
    trial, why = _trial(complete, job.plan.metric)
    score = complete[trial]
    assert not isinstance(contender, Baseline)
    return Contents(
        **_trained(job, contender, trial) if isinstance(contender, Trained) else _saved(contender, trial),
        comparison=job.plan.name,
        entry=place.entry,
        task=place.task,
        seed=trial.seed,
        metric=job.plan.metric,
        measures=score.measures,
        summary=outputs["summary_statistics"]["entries"][place.entry][place.task],
        place=line,
        claims=tuple(outputs["claims"]),
        why_this_seed=why,
    )


def _trial(complete: Mapping[Trial, Score], metric: Metric) -> tuple[Trial, str]:
    """The seed to package: the best on validation data, or the first; never the best on what it is judged by."""
    of_validation = replace(metric, part="validation")
    values = {trial: score.value(of_validation) for trial, score in complete.items()}
    known = {trial: value for trial, value in values.items() if value is not None}
    if not known or metric.part == "validation":
        return next(iter(complete)), "the first that did not fail. None was chosen by its result."
    sign = 1.0 if metric.larger_is_better else -1.0
    best = max(known, key=lambda trial: sign * known[trial])
    return best, f"the best of them on the validation part, {metric.measure} {known[best]:.4g}."


def _trained(job: ComparisonJob, contender: Trained, trial: Trial) -> dict[str, Any]:
    training = contender.place.training(contender.pipeline, trial)
    parts = training_parts(training, contender.plan)
    verify_unchanged(contender.place.need.files, files_of(training, parts))
    model = load_model(model_path(job.folder, (contender.place.entry, contender.place.task, trial.seed)))
    return {
        "network": model.network,
        "orchestrator": model.orchestrator,
        "origin": f"It was trained by the pipeline `{training.name}`.",
        "training": training,
        "data": training.data,
        "dataset": parts.dataset,
        "some": parts.held_out[job.plan.metric.part],
    }


def _saved(contender: Contender, trial: Trial) -> dict[str, Any]:
    assert isinstance(contender, Saved)
    dataset, parts = contender.read(trial)
    return {
        "network": contender.model.network,
        "orchestrator": contender.model.orchestrator,
        "origin": "Its weights were given, and only evaluated here.",
        "training": None,
        "data": contender.place.data(contender.task, trial),
        "dataset": dataset,
        "some": next(iter(parts.values())),
    }
