"""A comparison at work: what its stages do, and what they hand to each other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import reduce
from typing import Any, Final

from dync.compiler.expression import JSON
from dync.compiler.pipeline_json import digest_of_pipeline
from dync.compiler.plan_json import digest
from dync.runtime.checkpoint import package_versions
from dync.runtime.comparison.contender import Baseline, Contender, Saved, Trained, Trial, score_of
from dync.runtime.comparison.job import ComparisonJob
from dync.runtime.comparison.line_up import line_up, seeds_of
from dync.runtime.comparison.models import keep_model
from dync.runtime.comparison.registration import register_claims
from dync.runtime.comparison.score import Score, Unit, log_score, logged_scores
from dync.runtime.comparison.verdicts import Verdicts, detectable, verdicts
from dync.runtime.environment import OWN_FILES, environment_record, verify_disk, verify_surroundings
from dync.runtime.error import RunError
from dync.runtime.lanes.lane import LaneResult
from dync.runtime.lanes.need import Need
from dync.runtime.lanes.train import watch_nothing
from dync.runtime.pipelines.clock import StageClock
from dync.runtime.pipelines.ledger import Basis
from dync.runtime.pipelines.result import PipelineResult
from dync.runtime.pipelines.stages import Stage
from dync.runtime.plain_json import plain_json
from dync.runtime.report.write import verify_extra, write_report
from dync.runtime.run_folder import RECORD

REPORT: Final = "report.html"

Work = Callable[[], Mapping[str, Any]]
"""The body of a stage."""

Turn = tuple[Contender, Trial]
"""A seed that a contender is to be scored with."""


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
        verify_surroundings(job.plan.limits, job.reporter.message)
        if (reason := _no_report()) is not None:
            job.reporter.message(f"there will be no report: {reason}")
        self.contenders = line_up(job)
        self._verify_room()
        self._record()
        power = detectable(job.plan, max(1, len(job.plan.tasks)))
        job.reporter.message(power.words)
        found = plain_json(power)
        job.folder.event("power", power=found)
        return {"power": found}

    def _verify_room(self) -> None:
        """Whether memory, workers and disk are there for all seeds of all entries; raises RunError."""
        seeds, needs = self.job.plan.seeds, [contender.place.need for contender in self.contenders]
        whole = reduce(Need.together, needs, Need())
        self.job.executor.verify(replace(whole, lanes=seeds * whole.lanes))
        kept = [need.room.weights for need in needs if need.room is not None and self.job.keep_models]
        advice = "make room, or give another folder with --out"
        verify_disk(
            seeds * sum(kept) + OWN_FILES, self.job.folder.path, "the scores, the report and what is kept", advice
        )

    def _record(self) -> None:
        """What the run depends on, as it was when it began."""
        if not (self.job.folder.path / RECORD).exists():
            self.write_record()

    def write_record(self) -> None:
        """What the run depends on now."""
        seeds = [trial.seed for trial in seeds_of(self.job.plan)]
        self.job.folder.write_json(
            RECORD, {**environment_record(), "seeds": seeds, "data": self._data(self.contenders)}
        )

    @staticmethod
    def _data(contenders: Sequence[Contender]) -> dict[str, JSON]:
        places = [contender.place for contender in contenders]
        return {f"{place.entry} on {place.task}": place.digest for place in places}

    def basis(self, contenders: Sequence[Contender]) -> Basis:
        """What the scores of some contenders depend on."""
        trials = seeds_of(self.job.plan)
        keys: dict[str, JSON] = {
            f"{c.place.entry} on {c.place.task}": digest([c.key(trial) for trial in trials]) for c in contenders
        }
        versions: dict[str, JSON] = dict(package_versions())
        spec = digest_of_pipeline(self.job.plan)
        return {"spec": spec, "data": self._data(contenders), "scores": keys, "versions": versions}

    # --- comparison ---

    def score(self, contenders: Sequence[Contender] | None = None) -> Mapping[str, Any]:
        """Score what has no score yet; raises RunError where nothing at all could be scored."""
        self.clock.makes(self.listed)
        left = self._unscored(self.contenders if contenders is None else contenders)
        for attempt in reversed(range(1 + self.job.plan.limits.retries)):
            left = list(self._attempt(left, last=attempt == 0))
        if self.scores and all(score.status == "failed" for score in self.scores.values()):
            first = next(iter(self.scores.values()))
            raise RunError(f"no entry could be scored; {first.entry} on {first.task}: {first.error}", self.listed())
        return self.listed()

    def _unscored(self, contenders: Sequence[Contender]) -> list[Turn]:
        """Whose score is not in the log; the others have theirs from there."""
        before, left = logged_scores(self.job.folder), []
        for contender in contenders:
            for trial in seeds_of(self.job.plan):
                done = before.get((contender.place.entry, contender.place.task, trial.seed))
                if done is not None and done.key == contender.key(trial):
                    self.scores[done.unit] = done
                else:
                    left.append((contender, trial))
        return left

    def _attempt(self, turns: list[Turn], *, last: bool) -> Iterator[Turn]:
        """One attempt at some turns; those that failed and are tried again, whose failure is only noted till then."""
        for contender, trial, result in self._results(turns):
            score = score_of(contender, trial, result)
            if score.is_done or last:
                self._keep(contender, score, result)
            else:
                unit = {"entry": score.entry, "task": score.task, "seed": score.seed}
                self.job.folder.event("attempt", **unit, error=score.error)
                yield contender, trial
            self.clock.check()

    def _results(self, turns: list[Turn]) -> Iterator[tuple[Contender, Trial, LaneResult]]:
        """What becomes of every turn, as soon as it is known. All trainings go to the executor together, networks and
        baselines; in the mode `exact`, so that a score does not depend on what trains beside it."""
        by_name: dict[str, Turn] = {}
        lanes = []
        for contender, trial in turns:
            match contender:
                case Trained() | Baseline():
                    by_name[contender.place.name(trial)] = contender, trial
                    lanes.append(contender.lane(trial))
                case Saved():
                    yield contender, trial, contender.evaluated(trial)
        for result in self.job.executor.run(lanes, "exact", watch_nothing) if lanes else ():
            yield *by_name.pop(result.lane), result
        for name, (contender, trial) in by_name.items():
            lost = LaneResult(name, "failed", (), {}, {}, 0.0, "its training never came back")
            yield contender, trial, lost

    def _keep(self, contender: Contender, score: Score, result: LaneResult) -> None:
        """A score is final: its weights first, where they are to be kept, then its line in the log."""
        if self.job.keep_models and isinstance(contender, Trained) and result.arrays:
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
        if (reason := _no_report()) is not None:
            self.job.reporter.message(f"no report: {reason}")
            return {"report": None, "report_reason": reason}
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

    def scoring(
        self, name: str, work: Work, contenders: Callable[[], Sequence[Contender]], *, essential: bool = False
    ) -> Stage:
        """A stage that scores some contenders: only what was not scored by its key, unless the versions changed."""
        return replace(
            self.stage(name, work, essential=essential), basis=lambda: self.basis(contenders()),
            anew=self.write_record, logged=True, bound=frozenset({"data"}),
        )  # fmt: skip

    def stage(self, name: str, work: Work, *, essential: bool = False) -> Stage:
        """A stage of which the later ones know what it made."""

        def made() -> Mapping[str, Any]:
            found = work()
            self.outputs |= found
            self.stages.append(name)
            return found

        return Stage(name, made, essential)


def _no_report() -> str | None:
    """Why no report can be drawn, and what to install; None where one can."""
    try:
        verify_extra()
    except RunError as error:
        return str(error)
    return None
