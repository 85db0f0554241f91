"""A `.dyn` file whose pipelines are to run: what binds the trainings that they are about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from dync.compiled import CompileError
from dync.compiler import driver
from dync.compiler.expression import JSON
from dync.compiler.pipeline_json import digest_of_pipeline
from dync.compiler.pipeline_plan import (
    BenchmarkPlan,
    BestEntry,
    ComparisonPlan,
    DataPlan,
    Entry,
    PipelinePlan,
    SweepPlan,
    TrainedEntry,
    TrainingPlan,
)  # fmt: skip
from dync.compiler.pipelines.models import PipelineModel
from dync.compiler.plan import Plan
from dync.compiler.plan_json import digest
from dync.data_files import anchored, in_folder, plan_in_folder
from dync.grammar.diagnostic import DiagnosticError
from dync.grammar.imports import complete_text
from dync.runtime.error import RunError


@dataclass(frozen=True)
class SpecFile:
    """A file without mistakes. `plans` are all its pipelines, with the `settings` that were given for each.

    `data_folder` is where the caller says that the data files are; None: where the file says.
    """

    compilation: driver.Compilation
    plans: Mapping[str, PipelinePlan]
    settings: Mapping[str, Mapping[str, str]]
    data_folder: Path | None = None

    @property
    def text(self) -> str:
        """The file as it was written; what it imports stands in it, so that it needs no other file."""
        return complete_text(self.compilation.files)

    def located(self, plan: PipelinePlan) -> PipelinePlan:
        """A plan whose data files are looked up where the caller says."""
        folder = self.data_folder
        if folder is None:
            return plan
        match plan:
            case TrainingPlan():
                return in_folder(plan, folder)
            case SweepPlan():
                return plan
            case ComparisonPlan():
                tasks = {name: plan_in_folder(data) for name, data in plan.tasks.items()}
                return replace(plan, tasks=tasks, base=str(folder))
            case BenchmarkPlan():
                inner = self.located(plan.comparison)
                assert isinstance(inner, ComparisonPlan)
                return replace(plan, comparison=inner)

    def training(
        self, pipeline: str, changes: Mapping[str, str], data: DataPlan | None = None
    ) -> tuple[TrainingPlan, Plan]:
        """A training by name (of a sweep: the one that it is based on) with changed settings, and its network's plan.

        `data` stand in for its own; layers that say `(*)` take their shapes from them. Raises RunError.
        """
        named = self.plans[pipeline]
        if isinstance(named, SweepPlan):
            return self.training(named.base, {**named.changes, **changes}, data)
        try:
            model = driver.bind_training(self.compilation, pipeline, changes)
            if model.without_shape:
                model = driver.bind_training(self.compilation, pipeline, changes, self._shapes(model, data))
            plan = self.located(model.plan)
            assert isinstance(plan, TrainingPlan)
            return anchored(plan if data is None else on_task(plan, data)), driver.plan_of(model.network)
        except CompileError:
            raise
        except DiagnosticError as error:
            first = next(d for d in error.diagnostics if d.severity == "error")
            raise RunError(f"{pipeline} with {_listed(changes)}: {first.message}") from None

    def network(self, pipeline: str) -> Plan:
        """The plan of a training's own network, with the settings that were given. Raises RunError."""
        return self.training(pipeline, self.settings[pipeline])[1]

    def networks(self, pipeline: str) -> dict[str, Plan]:
        """The networks that a pipeline is about as they are before any search, by the training or entry that has them.

        Raises RunError where the data that a shape is taken from cannot be read.
        """
        plan = self.plans[pipeline]
        match plan:
            case TrainingPlan():
                return {pipeline: self.network(pipeline)}
            case SweepPlan():
                return {plan.base: self.training(plan.base, plan.changes)[1]}
            case ComparisonPlan() | BenchmarkPlan():
                comparison = plan if isinstance(plan, ComparisonPlan) else plan.comparison
                located = self.located(comparison)
                assert isinstance(located, ComparisonPlan)
                data = next(iter(located.tasks.values()), None)
                return {
                    name: self.training(about[0], getattr(entry, "changes", {}), data)[1]
                    for name, entry in comparison.entries.items()
                    if (about := _of_entry(entry))
                }

    def _shapes(self, model: PipelineModel, data: DataPlan | None) -> dict[str, tuple[int, ...]]:
        from dync.runtime.data.error import DataError
        from dync.runtime.data.shapes import shapes_of

        plan = self.located(model.plan if data is None else replace(model.plan, data=data))
        assert isinstance(plan, TrainingPlan)
        layers = {
            role: {
                layer.name: None if layer.name in model.without_shape else layer.shape
                for layer in model.network.layers
                if layer.role == role
            }
            for role in ("input", "output")
        }
        try:
            time = () if model.network.time is None else model.network.time.layers
            return shapes_of(plan.data, layers["input"], layers["output"], Path(plan.base), time)
        except DataError as error:
            raise RunError(str(error)) from error

    def digest(self, name: str) -> str:
        """SHA-256 of what a pipeline and all that it is about mean: comments and layout do not count."""
        plan = self.plans[name]
        if isinstance(plan, TrainingPlan):
            return digest({"pipeline": digest_of_pipeline(plan), "plan": self.network(name).digest})
        about: dict[str, JSON] = {other: self.digest(other) for other in sorted(_about(plan))}
        return digest({"pipeline": digest_of_pipeline(plan), "about": about})


def on_task(plan: TrainingPlan, data: DataPlan) -> TrainingPlan:
    """A training with a task's data in the place of its own.

    Further data that it is evaluated on stay where they come from the same source as the task: a training on wines is
    not asked about noisy digits. Raises RunError where it is stopped, or its best is kept, by what it then lacks.
    """
    further = {name: other for name, other in plan.evaluate_on.items() if other.source == data.source}
    for metric in plan.metrics:
        if metric.part in plan.evaluate_on and metric.part not in further:
            raise RunError(
                f"{plan.name} is stopped, or its best is kept, by {metric.part}.{metric.measure}, and {metric.part} is"
                f" of other data than the task: take a part that the task has, such as validation.{metric.measure}"
            )
    return replace(plan, data=data, evaluate_on=further)


def _about(plan: PipelinePlan) -> set[str]:
    """The pipelines that a sweep or a comparison is about."""
    match plan:
        case SweepPlan():
            return {plan.base}
        case ComparisonPlan():
            return {name for entry in plan.entries.values() for name in _of_entry(entry)}
        case BenchmarkPlan():
            return _about(plan.comparison)
        case TrainingPlan():
            return set()


def _of_entry(entry: Entry) -> tuple[str, ...]:
    match entry:
        case TrainedEntry():
            return (entry.pipeline,)
        case BestEntry():
            return (entry.sweep,)
        case _:
            return ()


def _listed(changes: Mapping[str, str]) -> str:
    return ", ".join(f"{key} = {value}" for key, value in changes.items()) or "no changes"
