"""Pipelines with everything resolved, as the compiler hands them on."""

from __future__ import annotations

from msgspec import Struct

from dync.compiler.model import NetworkModel
from dync.compiler.pipeline_plan import BenchmarkPlan, ComparisonPlan, SweepPlan, TrainingPlan
from dync.grammar.source import Span


class PipelineModel(Struct, frozen=True):
    """A training, and its network with the parameters that it gives."""

    plan: TrainingPlan
    network: NetworkModel
    span: Span

    @property
    def without_shape(self) -> tuple[str, ...]:
        """The inputs and outputs whose shapes the data have to say, `(*)`: until then the network has no plan."""
        return tuple(layer.name for layer in self.network.layers if layer.shape_of_data and not layer.shape)


class StudyModel(Struct, frozen=True):
    """A sweep, a comparison or a benchmark. The trainings that it is about are bound one by one, with their changes."""

    plan: SweepPlan | ComparisonPlan | BenchmarkPlan
    span: Span


AnyModel = PipelineModel | StudyModel
