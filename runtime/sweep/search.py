"""A sweep at work: what its stages do, and what they hand to each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from msgspec.structs import replace
from numpy.typing import NDArray

from dync.compiler.pipeline_json import digest_of_pipeline
from dync.compiler.pipeline_plan import Origin, TrainingPlan
from dync.compiler.plan import Plan
from dync.compiler.plan_json import digest
from dync.runtime.checkpoint import package_versions
from dync.runtime.data.error import DataError
from dync.runtime.data.validation import has_validation, with_validation
from dync.runtime.environment import OWN_FILES, environment_record, verify_disk, verify_surroundings
from dync.runtime.error import RunError
from dync.runtime.lanes.decision import Mode
from dync.runtime.lanes.executor import Executor, InProcess
from dync.runtime.lanes.groups import groups
from dync.runtime.lanes.lane import Lane, LaneResult
from dync.runtime.lanes.need import need_of
from dync.runtime.lanes.remembered import Remembered
from dync.runtime.lanes.train import Decisions
from dync.runtime.network import Network
from dync.runtime.pipelines.clock import StageClock
from dync.runtime.pipelines.earlier import set_aside
from dync.runtime.pipelines.ledger import Basis
from dync.runtime.pipelines.training.parts import Parts, read_parts, verify_metric
from dync.runtime.pipelines.training.shown import number as shown_number
from dync.runtime.pipelines.training.start import start_digest
from dync.runtime.processors import threads
from dync.runtime.run_folder import RECORD
from dync.runtime.sweep.best import best_seed, ranked, save_best, saved_best
from dync.runtime.sweep.job import SweepJob
from dync.runtime.sweep.largest import largest
from dync.runtime.sweep.log import SweepLog
from dync.runtime.sweep.outcome import TrialWatch, lane_name, lane_of, outcome
from dync.runtime.sweep.pruning import Pruning, verify_pruner
from dync.runtime.sweep.strategy import Strategy, make_strategy
from dync.runtime.sweep.trial import History, Proposal, Trial, flat, plain_params, shown_params

ROUND: Final = 64
"""Trials that are proposed at once where nothing hangs on how many they are."""

Bound = tuple[TrainingPlan, Plan]


@dataclass(frozen=True, eq=False)
class First:
    """The first trial that is possible: its settings, what they come to, and its data."""

    params: Mapping[str, str]
    training: TrainingPlan
    network: Plan
    parts: Parts


class Search:
    """The stages of a sweep."""

    def __init__(self, job: SweepJob, clock: StageClock) -> None:
        self.job, self.plan, self.clock = job, job.plan, clock
        self.executor: Executor = job.executor or InProcess(say=job.reporter.message, tick=clock.check)
        self.log: SweepLog
        self.strategy: Strategy
        self.count = 0
        self.history: History = ()
        self.pruning: Pruning | None = None
        self.first: First
        self.files: Mapping[str, str] = {}
        self._starts: dict[Origin, Mapping[str, NDArray[Any]]] = {}

    # --- environment_check ---

    def check(self) -> Mapping[str, Any]:
        """Everything that can be known to fail: packages, devices, strategy, pruner, settings, data, measures, room,
        workers."""
        verify_surroundings(self.plan.limits, self.job.reporter.message)
        self.set_up()
        self.log = SweepLog(self.job.folder, resume=self.job.resume)
        self.executor.total = self.count * self.plan.seeds
        self.executor.decisions = Remembered(self.job.memory, self._conditions())
        self.executor.decisions.update(self.log.decisions)
        self._verify_first()
        self._verify_room()
        return {}

    def _conditions(self) -> str:
        """What decides, beside the lanes themselves, which mode is fastest: machine, versions, lanes and processes."""
        here = environment_record()
        return digest({
            **{key: here[key] for key in ("versions", "device", "flags")}, "processors": threads(),
            "lanes": self.executor.total, "executor": self.executor.name, "threads": self.plan.limits.threads,
        })  # fmt: skip

    def set_up(self) -> None:
        """What proposes and what prunes; raises RunError."""
        self.strategy = make_strategy(self.plan)
        limits = [most for most in (self.plan.trials, self.strategy.most()) if most is not None]
        if not limits:
            raise RunError(f"{self.plan.strategy.name} has no end: say how many trials there are, `trials 32`")
        self.count = min(limits)
        if self.plan.prune is not None:
            verify_pruner(self.plan.prune)
            self.pruning = Pruning(self.plan.prune, self.plan.direction, self.plan.name)

    def _verify_first(self) -> None:
        """Bind the first trial that is possible, and see that it has the measure that decides."""
        self.first = self.read_first()
        parts, metric = self.first.parts, self.plan.objective
        if metric is not None:
            verify_metric(metric, parts.held_out)
            if metric.part == "test":
                self.job.reporter.message(
                    "the best is chosen on the test part, so what it reaches there is too good: choose on validation"
                )
        depends = self._depends()
        self.job.folder.event("environment", **depends)
        if not (self.job.folder.path / RECORD).exists():
            self.job.folder.write_json(RECORD, depends)

    def _verify_room(self) -> None:
        """Whether memory, workers and disk are there for the largest network; raises RunError."""
        training, network = largest(self.plan, self.bind, self.first.params)
        need = need_of(training, network, self.first.parts, min(self.round_size, self.count) * self.plan.seeds)
        self.files = need.files
        self.executor.verify(need)
        weights = 0 if need.room is None else 2 * need.room.weights  # of the best, and once more while they are written
        advice = "make room, or give another folder with --out"
        verify_disk(weights + OWN_FILES, self.job.folder.path, "the log and the best weights", advice)

    def _depends(self) -> dict[str, Any]:
        dataset = self.first.parts.dataset
        return {**environment_record(), "data": {"digest": dataset.digest, "files": dataset.files}}

    def read_first(self) -> First:
        """The first trial that is possible; raises RunError where there is none, or its data cannot be read."""
        params, (training, network) = self._first_bound()
        try:
            return First(params, training, network, read_parts(training, Network(network)))
        except DataError as error:
            raise RunError(str(error)) from error

    def basis(self) -> Basis:
        """What the outcome of all trials depends on: the data are those of the first."""
        first = self.first
        spec = {"sweep": digest_of_pipeline(self.plan), "training": digest_of_pipeline(first.training)}
        return {
            "spec": digest({**spec, "network": first.network.digest}),
            "start": start_digest(self.start(first.training)),
            "data": first.parts.dataset.digest,
            "data of evaluate": {name: some.digest for name, some in first.parts.further.items()},
            "versions": dict(package_versions()),
        }

    def begin_anew(self) -> None:
        """No trial so far counts any more; the best of them is set aside."""
        set_aside(self.job.folder, (self.job.folder.best,))
        self.job.folder.write_json(RECORD, self._depends())
        for key in self.log.decisions:
            self.decisions.pop(key, None)
        self.log.forget()

    def _first_bound(self) -> tuple[Mapping[str, str], Bound]:
        """Raises RunError where nothing of the first round is possible."""
        errors = []
        for number in range(min(self.round_size, self.count)):
            try:
                params = self.strategy.propose(number, ()).params
                return params, self.bind(params)
            except RunError as error:
                errors.append(error)
        raise errors[0]

    def bind(self, params: Mapping[str, str]) -> Bound:
        """The training with these settings, evaluated as the sweep needs it; raises RunError."""
        training, network = self.job.bind({**self.plan.changes, **params})
        metric = self.plan.objective
        if metric is not None and metric.part == "validation" and "validation" not in training.evaluate_on:
            data = training.data
            training = replace(training, data=data if has_validation(data) else with_validation(data))
        if self.plan.prune is not None and not training.evaluate_every:
            training = replace(training, evaluate_every=1)
        return training, network

    @property
    def decisions(self) -> Decisions:
        """The modes that groups train in, by their keys."""
        return self.executor.decisions

    @property
    def round_size(self) -> int:
        """How many trials are proposed at once; what does not look back may as well be proposed together."""
        free = not self.strategy.looks_back and self.plan.prune is None
        return max(self.plan.together, ROUND) if free else self.plan.together

    # --- sweep_execution ---

    def run(self) -> Mapping[str, Any]:
        """All trials that are left, round after round; raises RunError where all of them failed."""
        self.clock.makes(self.outputs)
        for first in range(0, self.count, self.round_size):
            size = min(self.round_size, self.count - first)
            if self.pruning is not None:
                self.pruning.start_round(size)
            logged = [self.log.trials.get(number) for number in range(first, first + size)]
            if any(trial is None for trial in logged):
                self._round(range(first, first + size))
            trials = tuple(self.log.trials[number] for number in range(first, first + size))
            if self.pruning is not None:
                self.pruning.end_round(trials)
            self.history = (*self.history, trials)
        every = flat(self.history)
        if every and all(trial.status == "failed" for trial in every):
            raise RunError(f"every trial failed; trial 0: {every[0].error}", self.outputs())
        return self.outputs()

    def outputs(self) -> dict[str, Any]:
        """What there is so far."""
        found = [self.log.trials[number] for number in sorted(self.log.trials)]
        metric = self.plan.objective
        shown = None if metric is None else f"{self.plan.direction} {metric.part}.{metric.measure}"
        maps = [{"number": t.number, "params": plain_params(t.params), "measures": t.measures} for t in found]
        listed = [
            {k: v for k, v in trial.to_json().items() if k != "notes"} | {"params": plain_params(trial.params)}
            for trial in found
        ]
        return {
            "objective": shown, "trials": listed, "fused": self._fused(), "map": maps if metric is None else None,
        }  # fmt: skip

    def _fused(self) -> dict[str, Any]:
        if self.plan.fused != "auto":
            return {"mode": self.plan.fused, "why": "the spec says so"}
        found = list(dict.fromkeys((d.mode, d.why) for d in self.decisions.values()))
        modes = sorted({mode for mode, _ in found}) or ["off"]
        return {"mode": ", ".join(modes), "why": "; ".join(why for _, why in found) or "there was nothing to fuse"}

    def _round(self, numbers: range) -> None:
        """Train what is not in the log of one round."""
        proposals = {number: self.strategy.propose(number, self.history) for number in numbers}
        bound: dict[int, Bound] = {}
        lanes: list[Lane] = []
        for number, proposal in proposals.items():
            self._verify_same(proposal)
            try:
                bound[number] = self.bind(proposal.params)
                lanes += self._lanes(number, *bound[number])
            except RunError as error:
                if number not in self.log.trials:
                    self._finish(_impossible(proposal, self.plan.seeds, str(error)))
        watch = TrialWatch(self.plan.objective, self.plan.seeds, self.pruning)
        results: dict[int, dict[int, LaneResult]] = {}
        for result in self.executor.run(self._left(lanes), self.plan.fused, watch):
            self.log.decided(self.decisions)
            number, seed = lane_of(result.lane)
            if result.status == "failed":
                watch.failed(result.lane, len(result.history))
            of_trial = results.setdefault(number, {})
            of_trial[seed] = result
            if len(of_trial) == self.plan.seeds:
                self._conclude(proposals[number], bound[number], results.pop(number))
            self.clock.check()
        for number, proposal in proposals.items():
            if number not in self.log.trials:
                self._finish(_impossible(proposal, self.plan.seeds, "not all of its seeds came back"))

    def _verify_same(self, proposal: Proposal) -> None:
        """Raise RunError where the log has another trial under this number."""
        logged = self.log.trials.get(proposal.number)
        if logged is not None and dict(logged.params) != dict(proposal.params):
            raise RunError(
                f"trial {proposal.number} of the log has {shown_params(logged.params)}, and would now be"
                f" {shown_params(proposal.params)}: the packages are others than when the sweep began, so begin anew"
                " with --out"
            )

    def _lanes(self, number: int, training: TrainingPlan, network: Plan) -> list[Lane]:
        start = self.start(training)
        return [self.lane(number, seed, training, network, start) for seed in range(self.plan.seeds)]

    def lane(
        self, trial: int, seed: int, training: TrainingPlan, network: Plan, start: Mapping[str, NDArray[Any]] | None
    ) -> Lane:
        """The training of a trial with one of its seeds, on the data files as the first stage found them."""
        seeded = replace(training, seed=training.seed + seed)
        return Lane(lane_name(trial, seed), seeded, network, start, files=self.files)

    def start(self, training: TrainingPlan) -> Mapping[str, NDArray[Any]] | None:
        """The arrays that a training starts from, None where they are drawn; raises RunError."""
        origin = training.start
        if origin is None:
            return None
        if origin not in self._starts:
            self._starts[origin] = self.job.start(origin)
        return self._starts[origin]

    def _left(self, lanes: Sequence[Lane]) -> list[Lane]:
        """Those whose trial is not in the log. Lanes side by side with `fast` decide about each other's last bits, so
        of a group that trains so all are trained again, and what is in the log stays as it is."""
        found: list[Lane] = []
        for group in groups(lanes):
            mode: Mode | str = self.plan.fused
            if mode == "auto":
                mode = self.decisions[group.key].mode if group.key in self.decisions else "off"
            left = [lane for lane in group.lanes if lane_of(lane.name)[0] not in self.log.trials]
            found += group.lanes if left and mode == "fast" else left
        return found

    def _conclude(self, proposal: Proposal, bound: Bound, by_seed: Mapping[int, LaneResult]) -> None:
        """All seeds of a trial are there."""
        if proposal.number in self.log.trials:
            return
        results = [by_seed[seed] for seed in range(self.plan.seeds)]
        trial = outcome(proposal, bound[0], results, self.plan.objective, self.pruning)
        if trial.value is not None:
            so_far = ranked([*self.log.trials.values(), trial], self.plan)
            if so_far[0] is trial:
                seed = best_seed(trial, self.plan)
                save_best(self.job.folder, trial, seed, results[seed], bound[1])  # first: the log says what is there
        self._finish(trial)

    def _finish(self, trial: Trial) -> None:
        self.log.trial(trial)
        done = f"{len(self.log.trials)}/{self.count}"
        self.job.reporter.message(f"trial {trial.number} ({done})  {shown_params(trial.params)}: {self._said(trial)}")

    def _said(self, trial: Trial) -> str:
        metric = self.plan.objective
        if trial.status == "failed":
            return f"failed, {trial.error}"
        if trial.status == "pruned":
            return f"pruned after epoch {trial.intermediate[-1][0]}"
        if metric is None or trial.value is None:
            return "done"
        return f"{metric.part} {metric.measure} {shown_number(metric.measure, trial.value)}"

    # --- best_config_extraction ---

    def extract(self) -> Mapping[str, Any]:
        """The best by the objective, what it reaches on the other parts, and its weights."""
        nothing = {"best_config": None, "best_checkpoint": None, "best_value": None, "test_results": None}
        if self.plan.objective is None:
            return nothing
        found = ranked(flat(self.history), self.plan)
        if not found:
            raise RunError("no trial was run to its end, so there is no best: prune less, or try more")
        best = found[0]
        if saved_best(self.job.folder) != (best.number, best_seed(best, self.plan)):
            raise RunError(f"{self.job.folder.best} does not hold the weights of trial {best.number}, the best")
        self.job.reporter.message(f"the best is trial {best.number}: {shown_params(best.params)}, {self._said(best)}")
        return {
            "best_config": plain_params(best.params), "best_checkpoint": self.job.folder.best.name,
            "best_value": best.value, "test_results": best.measures,
        }  # fmt: skip


def _impossible(proposal: Proposal, seeds: int, error: str) -> Trial:
    return Trial(proposal.number, proposal.params, "failed", None, (None,) * seeds, (), {}, error, 0.0, proposal.notes)
