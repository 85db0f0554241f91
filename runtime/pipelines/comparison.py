"""The `comparison` pipeline: check, score every entry on every task with every seed, analyse, report."""

from __future__ import annotations

from typing import Final

from dync.runtime.comparison.contest import Contest
from dync.runtime.comparison.job import ComparisonJob
from dync.runtime.comparison.line_up import line_up
from dync.runtime.pipelines.clock import StageClock
from dync.runtime.pipelines.ledger import Basis
from dync.runtime.pipelines.result import PipelineResult
from dync.runtime.pipelines.stages import run_stages

__all__ = ["ComparisonJob", "comparison_bases", "run_comparison"]

SCORING: Final = "comparison"


def run_comparison(job: ComparisonJob) -> PipelineResult:
    """Run the four stages; what a failed stage leaves undone is in the result.

    The scores in `events.jsonl` are the truth: a run that is resumed does only what has none yet.
    """
    clock = job.clock or StageClock(job.plan.limits.stage_seconds)
    contest = Contest(job, clock)
    stages = [
        contest.stage("environment_check", contest.check),
        contest.scoring(SCORING, contest.score, lambda: contest.contenders, essential=True),
        contest.stage("statistical_analysis", contest.analyse),
        contest.stage("report_generation", contest.report),
    ]
    try:
        return run_stages(
            job.plan.name, stages, job.folder, job.reporter, limits=job.plan.limits, clock=clock, resume=job.resume
        )
    finally:
        job.reporter.close()


def comparison_bases(job: ComparisonJob) -> dict[str, Basis]:
    """What the stages of a comparison would stand on now; reads the data, and raises RunError where it cannot."""
    return {SCORING: Contest(job, StageClock()).basis(line_up(job))}
