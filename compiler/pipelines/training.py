"""A training with everything resolved: from its settings to its plan, and to the model of its network."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import PurePath

from msgspec import Struct

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.collector import Collector
from dync.compiler.elaboration.elaborate_protocols import is_declared, parts_of
from dync.compiler.elaboration.elaborations import Elaborations, Shapes
from dync.compiler.elaboration.layer_table import layers_of
from dync.compiler.model import NetworkModel
from dync.compiler.pipeline_plan import (
    CallPlan,
    DataPlan,
    FinalOf,
    Metric,
    Origin,
    RecordPlan,
    SavedIn,
    StopPlan,
    TrainingPlan,
)
from dync.compiler.pipelines.calls import EMPTY, call_plan
from dync.compiler.pipelines.data_model import DataContext, data_plan
from dync.compiler.pipelines.metrics import PARTS, metric
from dync.compiler.pipelines.models import PipelineModel
from dync.compiler.pipelines.network_values import network_values
from dync.compiler.pipelines.settings_of import SettingsOf
from dync.compiler.pipelines.signatures import Signature, optimizers
from dync.grammar import syntax
from dync.grammar.source import Span


class Training(Struct, frozen=True, dict=True):
    """Resolves one training, whose settings are all its own: those of its `base` are among them."""

    pipeline: syntax.Pipeline
    networks: Mapping[str, syntax.Network]
    elaborations: Elaborations
    sources: Mapping[str, Signature]
    shapes: Shapes
    mistakes: Collector

    @cached_property
    def settings(self) -> SettingsOf:
        """What the pipeline says."""
        return SettingsOf(self.pipeline, self.mistakes)

    def resolved(self) -> PipelineModel | None:
        """The training; None where it or its network has an error."""
        self._check_complete()
        model = self._network()
        context = DataContext(model, self.sources, self.mistakes)
        data, optimizer = self._data(context), self._optimizer()
        epochs, updates = self._length()
        checkpoint = self.settings.only(syntax.CheckpointSetting, "a `checkpoint every`")
        every = self.settings.only(syntax.EvaluateEvery, "an `evaluate every`")
        counted, count = self.settings.counted, self.settings.count
        evaluate_on = self._evaluate_on(context)
        plan = TrainingPlan(
            name=self.pipeline.name.text,
            network="" if model is None else model.name,
            data=data or DataPlan(CallPlan("", (), {}), {}, ()),
            epochs=epochs,
            updates=updates,
            batch=count("batch", 16, 1),
            optimizer=optimizer or CallPlan("", (), {}),
            seed=count("seed", 0, 0),
            evaluate_every=counted("evaluate every", None if every is None else every.every, 0, 0),
            evaluate_on=evaluate_on,
            checkpoint_every=counted("checkpoint every", None if checkpoint is None else checkpoint.every, 0, 1),
            keep=counted("keep", None if checkpoint is None else checkpoint.keep, 2, 1),
            base=folder_of(self.pipeline),
            start=self._start(),
            stop=self._stop(evaluate_on, model),
            checkpoint_best=self._checkpoint_best(evaluate_on, model),
            record=self._record(model),
            repeat=count("repeat", 1, 1),
            limits=self.settings.limits(),
        )
        if model is None or data is None or optimizer is None or self.mistakes.has_errors:
            return None
        return PipelineModel(plan, model, self.pipeline.span)

    def _check_complete(self) -> None:
        """Say at once which of the settings without a default are not there."""
        words: dict[type[syntax.PipelineItem], str] = {
            syntax.NetworkSetting: "which `network`",
            syntax.DataSetting: "which `data`",
            syntax.OptimizerSetting: "which `optimizer`",
        }
        missing = [what for item_type, what in words.items() if not self.settings.all(item_type)]
        if not any(item.keyword.text in ("epochs", "updates") for item in self.settings.all(syntax.NumberSetting)):
            missing.append("how many `epochs` or `updates`")
        if missing:
            name = self.pipeline.name
            self.mistakes.add(wrong.pipelines.SettingMissing(name.span, name.text, tuple(missing)))

    def _network(self) -> NetworkModel | None:
        setting = self.settings.only(syntax.NetworkSetting, "a `network`")
        if setting is None:
            return None
        name, network = setting.network.name, self.networks.get(setting.network.name.text)
        if network is None:
            self.mistakes.add(wrong.pipelines.UnknownNetwork(name.span, name.text, tuple(self.networks)))
            return None
        given = network_values(setting.network, network, self.mistakes)
        model, found = self.elaborations.model(
            network, given.numbers, given.places, name.span, self.shapes, given.protocol
        )
        self.mistakes.extend(found)
        parts = parts_of(network, given.protocol)
        if not any(part.kind == "train" for part in parts) and is_declared(network, given.protocol):
            self.mistakes.add(wrong.pipelines.NothingToTrain(name.span, name.text, network.name.span))
        elif model is not None and not any(edge.learns or edge.faulty_rule for edge in model.edges):
            self.mistakes.add(wrong.pipelines.NothingLearns(name.span, name.text))
        return model

    def _data(self, context: DataContext) -> DataPlan | None:
        setting = self.settings.only(syntax.DataSetting, "`data`")
        return None if setting is None else data_plan(setting.data, context)

    def _optimizer(self) -> CallPlan | None:
        setting = self.settings.only(syntax.OptimizerSetting, "an `optimizer`")
        if setting is None:
            return None
        name, known = setting.optimizer.name, optimizers()
        if name.text not in known:
            self.mistakes.add(wrong.pipelines.UnknownOptimizer(name.span, name.text, tuple(known)))
            return None
        return call_plan(setting.optimizer, known[name.text], self.mistakes)

    def _length(self) -> tuple[int | None, int | None]:
        """Epochs and updates, of which one is None."""
        epochs, updates = self.settings.number("epochs"), self.settings.number("updates")
        if epochs is not None and updates is not None:
            first, second = sorted((epochs, updates), key=lambda setting: setting.span.start)
            self.mistakes.add(wrong.pipelines.EpochsAndUpdates(second.span, first.span))
        return (
            None if epochs is None else self.settings.counted("epochs", epochs.value, 0, 0),
            None if updates is None else self.settings.counted("updates", updates.value, 0, 0),
        )

    def _evaluate_on(self, context: DataContext) -> dict[str, DataPlan]:
        found: dict[str, DataPlan] = {}
        first: dict[str, Span] = {}
        for item in self.settings.all(syntax.EvaluateOn):
            name = item.name
            if name.text in PARTS or name.text in first:
                self.mistakes.add(wrong.pipelines.NameOfEvaluation(name.span, name.text, first.get(name.text)))
            first.setdefault(name.text, name.span)
            found.setdefault(name.text, data_plan(item.data, context))
        return found

    def _start(self) -> Origin | None:
        """Where the weights come from. That there is such a pipeline is checked where all of them are known."""
        setting = self.settings.only(syntax.FromSetting, "a `from`")
        return None if setting is None else origin_plan(setting.origin)

    def _stop(self, evaluations: Mapping[str, DataPlan], model: NetworkModel | None) -> StopPlan | None:
        setting = self.settings.only(syntax.StopSetting, "a `stop`")
        if setting is None:
            return None
        after = self.settings.counted("stop after", setting.after, 1, 1)
        found = self._metric(setting.metric, evaluations, model)
        return None if found is None else StopPlan(after, found)

    def _checkpoint_best(self, evaluations: Mapping[str, DataPlan], model: NetworkModel | None) -> Metric | None:
        setting = self.settings.only(syntax.CheckpointBest, "a `checkpoint best`")
        return None if setting is None else self._metric(setting.metric, evaluations, model)

    def _metric(
        self, key: syntax.Key, evaluations: Mapping[str, DataPlan], model: NetworkModel | None
    ) -> Metric | None:
        return None if model is None else metric(key, evaluations, [model], self.mistakes)

    def _record(self, model: NetworkModel | None) -> RecordPlan | None:
        setting = self.settings.only(syntax.RecordSetting, "a `record`")
        if setting is None or model is None:
            return None
        layers = layers_of(model, setting.layers, EMPTY, self.mistakes)
        return RecordPlan(layers, self.settings.counted("record … every", setting.every, 1, 1))


def origin_plan(origin: syntax.Made | syntax.Saved) -> Origin:
    """Where weights come from."""
    match origin:
        case syntax.Made(pipeline, part):
            return FinalOf(pipeline.text, "final" if part is None else "best")
        case syntax.Saved(_, path):
            return SavedIn(path.value)


def folder_of(pipeline: syntax.Pipeline) -> str:
    """The folder of the file that a pipeline stands in."""
    return str(PurePath(pipeline.span.source.name).parent)
