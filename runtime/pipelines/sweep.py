"""The `sweep` pipeline: check, try settings on real trainings, give the best, compare the best few."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dync.runtime.pipelines.clock import StageClock
from dync.runtime.pipelines.ledger import Basis
from dync.runtime.pipelines.result import PipelineResult
from dync.runtime.pipelines.stages import Stage, run_stages
from dync.runtime.sweep.job import SweepJob
from dync.runtime.sweep.search import Search

__all__ = ["SweepJob", "run_sweep", "sweep_bases"]

EXECUTION: Final = "sweep_execution"


def run_sweep(job: SweepJob) -> PipelineResult:
    """Run the stages; what a failed stage leaves undone is in the result.

    The trials in `events.jsonl` are the truth: a sweep that is resumed goes on from them to the same trials and the
    same best.
    """
    clock = job.clock or StageClock(job.plan.limits.stage_seconds)
    search = Search(job, clock)
    stages = [
        Stage("environment_check", search.check),
        Stage(
            EXECUTION,
            search.run,
            essential=True,
            basis=search.basis,
            anew=search.begin_anew,
            logged=True,
            bound=frozenset({"data", "start", "data of evaluate"}),
        ),
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


def sweep_bases(job: SweepJob) -> dict[str, Basis]:
    """What the stages of a sweep would stand on now; reads the data, and raises RunError where it cannot."""
    search = Search(job, StageClock())
    search.set_up()
    search.first = search.read_first()
    return {EXECUTION: search.basis()}


def _compare(search: Search) -> Mapping[str, Any]:
    from dync.runtime.sweep.compare import compare_best  # the statistics take more than a second to import

    return compare_best(search)
