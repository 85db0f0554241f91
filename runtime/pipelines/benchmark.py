"""The `benchmark` pipeline: train what is to be trained, evaluate, compare and rank, and package the best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from msgspec import structs

from dync.compiler.pipeline_plan import BenchmarkPlan
from dync.runtime.comparison.contender import Contender, Saved
from dync.runtime.comparison.contest import Contest
from dync.runtime.comparison.job import ComparisonJob
from dync.runtime.comparison.line_up import line_up
from dync.runtime.error import RunError
from dync.runtime.package.winner import best_entry, contents_of
from dync.runtime.package.write import write_package
from dync.runtime.pipelines.clock import StageClock
from dync.runtime.pipelines.ledger import Basis
from dync.runtime.pipelines.result import PipelineResult
from dync.runtime.pipelines.stages import run_stages
from dync.runtime.plain_json import plain_json

PACKAGE: Final = "package"
TRAINING: Final = "training"
EVALUATION: Final = "evaluation"


@dataclass(frozen=True)
class BenchmarkJob:
    """All that a benchmark is given: its plan, and the job of its comparison (whose plan is `plan.comparison`)."""

    plan: BenchmarkPlan
    comparison: ComparisonJob


def run_benchmark(job: BenchmarkJob) -> PipelineResult:
    """Run the five stages; what a failed stage leaves undone is in the result. Resumed as a comparison is."""
    clock = job.comparison.clock or StageClock(job.plan.comparison.limits.stage_seconds)
    benchmark = _Benchmark(job, clock)
    contest = benchmark.contest
    stages = [
        contest.stage("environment_check", contest.check),
        contest.scoring(TRAINING, benchmark.train, benchmark.trained, essential=True),
        contest.scoring(EVALUATION, benchmark.evaluate, benchmark.given),
        contest.stage("comparison", benchmark.compare),
        contest.stage("deployment", benchmark.deploy),
    ]
    own = job.comparison
    try:
        return run_stages(
            job.plan.name,
            stages,
            own.folder,
            own.reporter,
            limits=job.plan.comparison.limits,
            clock=clock,
            resume=own.resume,
        )
    finally:
        own.reporter.close()


def benchmark_bases(job: BenchmarkJob) -> dict[str, Basis]:
    """What the stages of a benchmark would stand on now; reads the data, and raises RunError where it cannot."""
    benchmark = _Benchmark(job, StageClock())
    contest = benchmark.contest
    contest.contenders = line_up(benchmark.job)
    return {TRAINING: contest.basis(benchmark.trained()), EVALUATION: contest.basis(benchmark.given())}


def _is_misfit(contender: Contender) -> bool:
    """Whether it is weights that do not fit the task."""
    return isinstance(contender, Saved) and bool(contender.misfit)


class _Benchmark:
    """The stages, and what they hand to each other."""

    def __init__(self, job: BenchmarkJob, clock: StageClock) -> None:
        entries = {**job.plan.comparison.entries, **job.plan.baselines}
        self.plan = structs.replace(job.plan.comparison, entries=entries)
        self.packaged = job.plan.package_best
        self.job = replace(job.comparison, plan=self.plan, keep_models=self.packaged)
        self.contest = Contest(self.job, clock)
        self.leaderboard: list[dict[str, Any]] = []

    def trained(self) -> list[Contender]:
        """Those that are trained."""
        return [c for c in self.contest.contenders if not isinstance(c, Saved)]

    def given(self) -> list[Contender]:
        """Those whose weights are given."""
        return [c for c in self.contest.contenders if isinstance(c, Saved)]

    def train(self) -> Mapping[str, Any]:
        """The scores of all that is trained, baselines among them."""
        return self.contest.score(self.trained())

    def evaluate(self) -> Mapping[str, Any]:
        """The scores of weights that were given; then every measure of every entry, averaged over its seeds."""
        found = self.contest.score(self.given())
        results: dict[str, dict[str, Any]] = {name: {} for name in self.plan.entries}
        for contender in self.contest.contenders:
            results[contender.place.entry][contender.place.task] = self._means(contender)
        return {**found, "entry_measures": results}

    def _means(self, contender: Contender) -> dict[str, dict[str, float]]:
        place = contender.place
        scores = [s for s in self.contest.scores.values() if (s.entry, s.task) == (place.entry, place.task)]
        done = [score.measures for score in scores if score.is_done]
        return {
            part: {name: sum(m[part][name] for m in done) / len(done) for name in done[0][part]}
            for part in (done[0] if done else {})
        }

    def compare(self) -> Mapping[str, Any]:
        """Statistics and the leaderboard."""
        outputs = dict(self.contest.analyse())
        done = {score.entry for score in self.contest.scores.values() if score.is_done}
        self.leaderboard = [
            {**line, "kind": self.plan.entries[line["entry"]].kind, "complete": line["entry"] in done}
            for line in outputs["leaderboard"]
        ]
        for line in self.leaderboard:
            score = "no score" if line["score"] is None else f"{line['score']:.4g}"
            self.job.reporter.message(f"{line['rank']}. {line['entry']} ({line['kind']}): {score}")
        return {**outputs, "leaderboard": self.leaderboard}

    def deploy(self) -> Mapping[str, Any]:
        """The package of the best, and the report, which is written even where the package fails."""
        try:
            made = self._package() if self.packaged else {"package": None}
        except RunError as error:
            raise RunError(str(error), {"package": None, **self.contest.report()}) from error
        self.contest.outputs |= made
        return {**made, **self.contest.report()}

    def _package(self) -> dict[str, Any]:
        """A package for the task, or of several tasks one each in a folder below."""
        line = best_entry(self.leaderboard)
        mine = [c for c in self.contest.contenders if c.place.entry == line["entry"] and not _is_misfit(c)]
        verified = {}
        for contender in mine:
            contents = contents_of(self.job, contender, self.contest.scores, line, self.contest.outputs)
            task = contender.place.task
            below = Path(PACKAGE) if len(mine) == 1 else Path(PACKAGE) / task
            verified[task] = plain_json(write_package(self.job.folder.path / below, contents))
            self.job.folder.event("packaged", entry=line["entry"], task=task, path=str(below))
            self.job.reporter.message(f"{below}: {line['entry']} for {task}, verified to the bit")
        return {"package": PACKAGE, "packaged_entry": line["entry"], "package_verification": verified}
