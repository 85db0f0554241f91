"""The `sweep` pipeline: check, try settings on real trainings, give the best, compare the best few."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dync.runtime.pipelines.clock import StageClock
from dync.runtime.pipelines.result import PipelineResult
from dync.runtime.pipelines.stages import Stage, run_stages
from dync.runtime.sweep.job import SweepJob
from dync.runtime.sweep.search import Search

__all__ = ["SweepJob", "run_sweep"]


def run_sweep(job: SweepJob) -> PipelineResult:
    """Run the stages; what a failed stage leaves undone is in the result.

    The trials in `events.jsonl` are the truth: a sweep that is resumed goes on from them to the same trials and the
    same best.
    """
    clock = StageClock(job.plan.limits.stage_seconds)
    search = Search(job, clock)
    stages = [
        Stage("environment_check", search.check),
        Stage("sweep_execution", search.run, essential=True),
        Stage("best_config_extraction", search.extract),
    ]
    if job.plan.compare_best:
        stages.append(Stage("comparison", lambda: _compare(search)))
    try:
        return run_stages(
            job.plan.name, stages, job.folder, job.reporter, limits=job.plan.limits, clock=clock, resume=job.resume
        )
    finally:
        job.reporter.close()


def _compare(search: Search) -> Mapping[str, Any]:
    from dync.runtime.sweep.compare import compare_best  # the statistics take more than a second to import

    return compare_best(search)
