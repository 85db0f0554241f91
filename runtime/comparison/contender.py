"""Everything that is compared on a task: what is trained with each of some seeds, and what is only evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jax
from msgspec.structs import replace

from dync.compiler.expression import JSON
from dync.compiler.pipeline_json import digest_of_pipeline
from dync.compiler.pipeline_plan import CallPlan, DataPlan, TrainingPlan
from dync.compiler.plan import Plan
from dync.compiler.plan_json import digest
from dync.runtime.checkpoint import package_versions
from dync.runtime.comparison.job import Arrays
from dync.runtime.comparison.score import Score, failed
from dync.runtime.comparison.task_data import evaluated, trial_data
from dync.runtime.data.dataset import Dataset
from dync.runtime.evaluation import Examples, evaluate_examples
from dync.runtime.lanes.checked_files import files_read, verify_unchanged
from dync.runtime.lanes.lane import Lane, LaneResult
from dync.runtime.lanes.need import Need
from dync.runtime.pipelines.training.start import start_digest
from dync.runtime.plain_json import plain_json
from dync.runtime.saved_model import Model


@dataclass(frozen=True)
class Trial:
    """A seed to be scored, and its number among the seeds, which says the fold."""

    seed: int
    index: int


@cache
def _versions() -> dict[str, JSON]:
    return dict(package_versions())


@dataclass(frozen=True)
class Place:
    """Where a contender stands: its entry, its task, the folds of the task and the seed that cuts them.

    `validation` tells that its data must have such a part. `digest` is the hash of its data (of the first fold, where
    there are folds), and `need` what one training there needs.
    """

    entry: str
    task: str
    folds: int
    cut: int
    validation: bool
    digest: str = ""
    need: Need = field(default_factory=Need, compare=False)

    def data(self, data: DataPlan, trial: Trial) -> DataPlan:
        """The data of a trial: the task's, with its fold."""
        return trial_data(data, self.folds, trial.index, self.cut, validation=self.validation)

    def training(self, pipeline: TrainingPlan, trial: Trial) -> TrainingPlan:
        """The training of a trial: its seed, on its data."""
        return replace(pipeline, seed=trial.seed, data=self.data(pipeline.data, trial))

    def key(self, about: Mapping[str, JSON]) -> str:
        """The hash of what is scored, of the data here and of the versions of the packages."""
        return digest({**about, "data": self.digest, "versions": _versions()})

    def name(self, trial: Trial) -> str:
        """The name of a trial among all of a comparison."""
        return f"{self.entry}/{self.task}/{trial.seed}"


@dataclass(frozen=True)
class Trained:
    """A training that is repeated with every seed."""

    place: Place
    pipeline: TrainingPlan
    plan: Plan
    start: Arrays | None

    def key(self, trial: Trial) -> str:
        """The hash of the training, of the plan of its network and of the weights that it starts from."""
        training = digest_of_pipeline(self.place.training(self.pipeline, trial))
        start = start_digest(self.start)
        return self.place.key({"pipeline": training, "plan": self.plan.digest, "start": start})

    def lane(self, trial: Trial) -> Lane:
        """The training with its seed, on its data."""
        training, files = self.place.training(self.pipeline, trial), self.place.need.files
        return Lane(self.place.name(trial), training, self.plan, self.start, files=files)


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
        return self.place.key({"baseline": model, "like": like, "plan": self.plan.digest})

    def lane(self, trial: Trial) -> Lane:
        """The training that it imitates, with its own model."""
        like = replace(self.place.training(self.like, trial), start=None)
        return Lane(self.place.name(trial), like, self.plan, baseline=self.model, files=self.place.need.files)


@dataclass(frozen=True)
class Saved:
    """Weights as they are, only evaluated. Every seed has a score, so that it pairs with those that are trained.

    `misfit` says why they do not fit the data of the task, where others are trained: then every seed has failed.
    """

    place: Place
    model: Model
    weights: str
    task: DataPlan
    base: str
    files: Mapping[str, str] = field(default_factory=dict)
    misfit: str = ""

    def key(self, trial: Trial) -> str:
        """The hash of the plan, the weights and the data."""
        data: Any = plain_json(self.place.data(self.task, trial))
        plan = self.model.network.plan.digest
        return self.place.key({"plan": plan, "weights": self.weights, "task": data})

    def evaluated(self, trial: Trial) -> LaneResult:
        """One evaluation, with the draws that a training of that seed would be evaluated with."""
        if self.misfit:
            return LaneResult(self.place.name(trial), "failed", (), {}, {}, 0.0, self.misfit)
        _, parts = self.read(trial)
        key = jax.random.fold_in(jax.random.key(trial.seed), 2)
        found = {name: evaluate_examples(self.model.orchestrator, some, key) for name, some in parts.items()}
        return LaneResult(self.place.name(trial), "complete", (), found, {}, 0.0)

    def read(self, trial: Trial) -> tuple[Dataset, Mapping[str, Examples]]:
        """The data of a trial and the parts to measure on, from the files that were checked; raises RunError."""
        data = self.place.data(self.task, trial)
        dataset, parts = evaluated(data, self.model.network.plan, self.base)
        verify_unchanged(self.files, files_read([(data, dataset)], self.base))
        return dataset, parts


Contender = Trained | Baseline | Saved
"""An entry on a task, which has a `key` for each trial: the hash of all that decides its score."""


def score_of(contender: Contender, trial: Trial, result: LaneResult) -> Score:
    """The score that a result is."""
    place, key = contender.place, contender.key(trial)
    unit = place.entry, place.task, trial.seed
    if result.status != "complete":
        return failed(unit, result.error or f"the training was {result.status}", key, result.seconds)
    return Score(*unit, "complete", result.evaluation, result.seconds, None, result.history, key)
