"""The one shape of everything that is compared on a task: it gives a score for each of some seeds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import jax

from dync.compiler.pipeline_json import digest_of_pipeline
from dync.compiler.pipeline_plan import CallPlan, DataPlan, TrainingPlan
from dync.compiler.plan import Plan
from dync.compiler.plan_json import digest
from dync.runtime.baselines.training import train_baseline
from dync.runtime.comparison.job import Arrays
from dync.runtime.comparison.score import Score, failed
from dync.runtime.comparison.task_data import as_part, evaluated, training_parts, trial_data
from dync.runtime.evaluation import evaluate_examples
from dync.runtime.lanes.executor import Executor
from dync.runtime.lanes.lane import Lane, LaneResult
from dync.runtime.plain_json import plain_json
from dync.runtime.saved_model import Model


@dataclass(frozen=True)
class Trial:
    """A seed to be scored, and its number among the seeds, which says the fold."""

    seed: int
    index: int


@dataclass(frozen=True)
class Place:
    """Where a contender stands: its entry, its task, the folds of the task and the seed that cuts them.

    `validation` tells that its data must have such a part. `digest` is the hash of its data (of the first fold, where
    there are folds).
    """

    entry: str
    task: str
    folds: int
    cut: int
    validation: bool
    digest: str = ""

    def data(self, data: DataPlan, trial: Trial) -> DataPlan:
        """The data of a trial: the task's, with its fold."""
        return trial_data(data, self.folds, trial.index, self.cut, validation=self.validation)

    def training(self, pipeline: TrainingPlan, trial: Trial) -> TrainingPlan:
        """The training of a trial: its seed, on its data."""
        return replace(pipeline, seed=trial.seed, data=self.data(pipeline.data, trial))

    def name(self, trial: Trial) -> str:
        """The name of a trial among all of a comparison."""
        return f"{self.entry}/{self.task}/{trial.seed}"


Scored = tuple[Score, LaneResult | None]
"""A score, and what was trained for it."""


class Contender(Protocol):
    """An entry on a task."""

    @property
    def place(self) -> Place:
        """Where it stands."""
        ...

    def key(self, trial: Trial) -> str:
        """The hash of all that decides the score of a trial."""
        ...

    def scores(self, trials: Sequence[Trial]) -> Iterator[Scored]:
        """The scores of some trials, in any order, each as soon as it is known."""
        ...


@dataclass(frozen=True)
class Trained:
    """A training that is repeated with every seed; its seeds are lanes."""

    place: Place
    pipeline: TrainingPlan
    plan: Plan
    executor: Executor
    start: Arrays | None

    def key(self, trial: Trial) -> str:
        """The hash of the training, of the plan of its network and of the data."""
        training = digest_of_pipeline(self.place.training(self.pipeline, trial))
        return digest({"pipeline": training, "plan": self.plan.digest, "data": self.place.digest})

    def scores(self, trials: Sequence[Trial]) -> Iterator[Scored]:
        """The seeds as lanes; `exact`, so that a score does not depend on which seeds run beside it."""
        names = {self.place.name(trial): trial for trial in trials}
        trainings = {name: self.place.training(self.pipeline, trial) for name, trial in names.items()}
        lanes = [Lane(name, training, self.plan, self.start) for name, training in trainings.items()]
        for result in self.executor.run(lanes, "exact", lambda report: "go on"):
            yield _score(self, names.pop(result.lane), result), result
        for name, trial in names.items():
            yield _score(self, trial, LaneResult(name, "failed", (), {}, {}, 0.0, "its training never came back")), None


@dataclass(frozen=True)
class Baseline:
    """A model of another kind, trained like a training of ours on the same data."""

    place: Place
    model: CallPlan
    like: TrainingPlan
    plan: Plan

    def key(self, trial: Trial) -> str:
        """The hash of the model, the training that it imitates and the plan beside whose network it stands."""
        like = digest_of_pipeline(self.place.training(self.like, trial))
        model = plain_json(self.model)
        return digest({"baseline": model, "like": like, "plan": self.plan.digest, "data": self.place.digest})

    def scores(self, trials: Sequence[Trial]) -> Iterator[Scored]:
        """One after another, in this process."""
        for trial in trials:
            like = self.place.training(self.like, trial)
            found = training_parts(like, self.plan)
            held_out = {name: as_part(some) for name, some in found.held_out.items() if name != "train"}
            parts = {**held_out, "train": found.dataset.parts["train"]}
            result = train_baseline(self.model, like, self.plan, parts, trial.seed, self.place.name(trial))
            yield _score(self, trial, result), result


@dataclass(frozen=True)
class Saved:
    """Weights as they are, only evaluated. Every seed has a score, so that it pairs with those that are trained."""

    place: Place
    model: Model
    weights: str
    task: DataPlan
    base: str

    def key(self, trial: Trial) -> str:
        """The hash of the plan, the weights and the data."""
        data: Any = plain_json(self.place.data(self.task, trial))
        plan = self.model.network.plan.digest
        return digest({"plan": plan, "weights": self.weights, "task": data, "data": self.place.digest})

    def scores(self, trials: Sequence[Trial]) -> Iterator[Scored]:
        """One evaluation a seed, with the draws that a training of that seed would be evaluated with."""
        plan = self.model.network.plan
        for trial in trials:
            _, parts = evaluated(self.place.data(self.task, trial), plan, self.base)
            key = jax.random.fold_in(jax.random.key(trial.seed), 2)
            found = {name: evaluate_examples(self.model.orchestrator, some, key) for name, some in parts.items()}
            result = LaneResult("", "complete", (), found, {}, 0.0)
            yield _score(self, trial, result), None


def _score(contender: Contender, trial: Trial, result: LaneResult) -> Score:
    place, key = contender.place, contender.key(trial)
    unit = place.entry, place.task, trial.seed
    if result.status != "complete":
        return failed(unit, result.error or f"the training was {result.status}", key, result.seconds)
    return Score(*unit, "complete", result.evaluation, result.seconds, None, result.history, key)
