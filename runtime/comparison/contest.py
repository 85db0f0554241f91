"""A comparison at work: what its stages do, and what they hand to each other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from dync.runtime.comparison.contender import Contender, Trained, Trial
from dync.runtime.comparison.job import ComparisonJob
from dync.runtime.comparison.line_up import line_up, seeds_of
from dync.runtime.comparison.models import keep_model
from dync.runtime.comparison.registration import register_claims
from dync.runtime.comparison.score import Score, Unit, log_score, logged_scores
from dync.runtime.comparison.verdicts import Verdicts, detectable, verdicts
from dync.runtime.environment import environment_record
from dync.runtime.error import RunError
from dync.runtime.lanes.lane import LaneResult
from dync.runtime.pipelines.clock import StageClock
from dync.runtime.pipelines.result import PipelineResult
from dync.runtime.pipelines.stages import Stage
from dync.runtime.plain_json import plain_json
from dync.runtime.report.write import verify_extra, write_report
from dync.runtime.run_folder import RECORD

REPORT: Final = "report.html"


class Contest:
    """The stages of a comparison, which a benchmark has too."""

    def __init__(self, job: ComparisonJob, clock: StageClock) -> None:
        self.job, self.clock = job, clock
        self.contenders: tuple[Contender, ...] = ()
        self.scores: dict[Unit, Score] = {}
        self.verdicts: Verdicts
        self.outputs: dict[str, Any] = {}
        self.stages: list[str] = []
        self.began = time.monotonic()

    def register(self) -> None:
        """Fix the claims; before anything else. Raises RunError where others were fixed."""
        register_claims(self.job.plan, self.job.folder)

    # --- environment_check ---

    def check(self) -> Mapping[str, Any]:
        """Everything that can be known to fail; then what differences the seeds can tell apart."""
        job = self.job
        self.register()
        self.contenders = line_up(job)
        self._record()
        power = detectable(job.plan, max(1, len(job.plan.tasks)))
        job.reporter.message(power.words)
        found = plain_json(power)
        job.folder.event("power", power=found)
        return {"power": found}

    def _record(self) -> None:
        """What the run depends on; data that are others than when it began are refused."""
        folder = self.job.folder
        places = [contender.place for contender in self.contenders]
        data: dict[str, Any] = {f"{place.entry} on {place.task}": place.digest for place in places}
        if self.job.resume and (folder.path / RECORD).exists():
            match folder.read_json(RECORD):
                case {"data": dict(before)} if before != data:
                    raise RunError("the data are not those that the run began with: bring them back, or begin anew")
        seeds = [trial.seed for trial in seeds_of(self.job.plan)]
        folder.write_json(RECORD, {**environment_record(), "seeds": seeds, "data": data})

    # --- comparison ---

    def score(self, contenders: Sequence[Contender] | None = None) -> Mapping[str, Any]:
        """Score what has no score yet, seed by seed; raises RunError where nothing at all could be scored."""
        before = logged_scores(self.job.folder)
        for contender in self.contenders if contenders is None else contenders:
            self._score(contender, before)
        listed = self.listed()
        if self.scores and all(score.status == "failed" for score in self.scores.values()):
            first = next(iter(self.scores.values()))
            raise RunError(f"no entry could be scored; {first.entry} on {first.task}: {first.error}", listed)
        return listed

    def _score(self, contender: Contender, before: Mapping[Unit, Score]) -> None:
        """The seeds of a contender that have no score; what failed is tried again as often as the limits allow."""
        place, left = contender.place, []
        for trial in seeds_of(self.job.plan):
            done = before.get((place.entry, place.task, trial.seed))
            if done is not None and done.key == contender.key(trial):
                self.scores[done.unit] = done
            else:
                left.append(trial)
        for attempt in reversed(range(1 + self.job.plan.limits.retries)):
            left = [trial for trial, score in self._attempt(contender, left, last=attempt == 0) if not score.is_done]

    def _attempt(self, contender: Contender, trials: list[Trial], *, last: bool) -> Iterator[tuple[Trial, Score]]:
        """One attempt at some seeds. A failed one is only noted, but for the last attempt, where it is its score."""
        by_seed = {trial.seed: trial for trial in trials}
        for score, result in contender.scores(trials) if trials else ():
            if score.is_done or last:
                self._keep(contender, score, result)
            else:
                unit = {"entry": score.entry, "task": score.task, "seed": score.seed}
                self.job.folder.event("attempt", **unit, error=score.error)
            self.clock.check(self.listed())
            yield by_seed[score.seed], score

    def _keep(self, contender: Contender, score: Score, result: LaneResult | None) -> None:
        """A score is final: its weights first, where they are to be kept, then its line in the log."""
        if self.job.keep_models and result is not None and isinstance(contender, Trained) and result.arrays:
            keep_model(self.job.folder, score, contender.plan, result)
        log_score(self.job.folder, score)
        self.scores[score.unit] = score
        self._say(score)

    def _say(self, score: Score) -> None:
        metric = self.job.plan.metric
        value = score.value(metric)
        outcome = f"{metric.part} {metric.measure} {value:.4g}" if value is not None else f"failed: {score.error}"
        done = len(self.scores)
        total = len(self.contenders) * self.job.plan.seeds
        self.job.reporter.message(f"{done}/{total}  {score.entry} on {score.task}, seed {score.seed}: {outcome}")

    def listed(self) -> dict[str, Any]:
        """All scores in the order of the spec, whatever the order in which they came."""
        places = [contender.place for contender in self.contenders]
        units = [(p.entry, p.task, trial.seed) for p in places for trial in seeds_of(self.job.plan)]
        return {"scores": [self.scores[unit].shown() for unit in units if unit in self.scores]}

    # --- statistical_analysis ---

    def analyse(self) -> Mapping[str, Any]:
        """What the scores say, and what becomes of the claims."""
        self.verdicts = verdicts(self.job.plan, self.contenders, self.scores)
        for claim in self.verdicts.claims:
            self.job.reporter.message(f"{claim.text}: {claim.verdict}. {claim.why}")
        self.job.folder.event("claims_judged", claims=self.verdicts.claims)
        return self.verdicts.outputs()

    # --- report_generation ---

    def report(self) -> Mapping[str, Any]:
        """The report; without the packages that draw it the stage says which are missing, and is complete."""
        try:
            verify_extra()
        except RunError as error:
            self.job.reporter.message(f"no report: {error}")
            return {"report": None, "report_reason": str(error)}
        folder = self.job.folder.path
        write_report(folder, folder / REPORT, result=self._so_far())
        return {"report": REPORT}

    def _so_far(self) -> PipelineResult:
        """The result as it will be when the report is written."""
        stamp = datetime.now(UTC).isoformat(timespec="seconds")
        seconds = round(time.monotonic() - self.began, 3)
        return PipelineResult(
            self.job.plan.name,
            "success",
            tuple(self.stages),
            (),
            (),
            {**self.outputs, "report": REPORT},
            seconds,
            stamp,
        )

    def stage(self, name: str, work: Callable[[], Mapping[str, Any]], *, essential: bool = False) -> Stage:
        """A stage of which the later ones know what it made."""

        def made() -> Mapping[str, Any]:
            found = work()
            self.outputs |= found
            self.stages.append(name)
            return found

        return Stage(name, made, essential)
