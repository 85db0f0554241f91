"""From the syntax tree of a pipeline to its plan, and to the model of its network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final, TypeVar

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.arguments import matched
from dync.compiler.elaboration.collector import Collector
from dync.compiler.elaboration.constant import integer, number
from dync.compiler.elaboration.elaborations import Elaborations
from dync.compiler.model import NetworkModel
from dync.compiler.pipeline_plan import CallPlan, DataPlan, TrainingPlan
from dync.compiler.pipelines.calls import EMPTY, call_plan
from dync.compiler.pipelines.data_model import DataContext, data_plan
from dync.compiler.pipelines.signatures import Signature, optimizers
from dync.grammar import syntax
from dync.grammar.diagnostic import Diagnostic, has_errors
from dync.grammar.source import Span

KIND: Final = "training"

LATER: Final = ("sweep", "comparison", "benchmark")
"""Kinds that the language plans."""

PARTS: Final = ("train", "validation", "test")
"""The parts of a pipeline's own data."""

MOST: Final = 2**31 - 1

Item = TypeVar("Item", bound=syntax.PipelineItem)


@dataclass(frozen=True)
class PipelineModel:
    """A training pipeline with everything resolved, and its network with the parameters that it gives."""

    plan: TrainingPlan
    network: NetworkModel
    span: Span


def resolve_pipeline(
    pipeline: syntax.Pipeline,
    networks: Mapping[str, syntax.Network],
    elaborations: Elaborations,
    sources: Mapping[str, Signature],
) -> tuple[PipelineModel | None, tuple[Diagnostic, ...]]:
    """The pipeline, None where it or its network has an error, and all that is wrong with both."""
    mistakes = Collector()
    if not _is_training(pipeline, mistakes):
        return None, mistakes.diagnostics
    return _Training(pipeline, networks, elaborations, sources, mistakes).resolved(), mistakes.diagnostics


def _is_training(pipeline: syntax.Pipeline, mistakes: Collector) -> bool:
    kind = pipeline.kind
    if kind.text in LATER:
        mistakes.add(wrong.pipelines.PipelineKindNotYet(kind.span, kind.text))
    elif kind.text != KIND:
        mistakes.add(wrong.pipelines.UnknownPipelineKind(kind.span, kind.text, (KIND,)))
    return kind.text == KIND


@dataclass(frozen=True)
class _Training:
    """Resolves one training pipeline."""

    pipeline: syntax.Pipeline
    networks: Mapping[str, syntax.Network]
    elaborations: Elaborations
    sources: Mapping[str, Signature]
    mistakes: Collector

    def resolved(self) -> PipelineModel | None:
        self._check_complete()
        model = self._network()
        context = DataContext(model, self.sources, self.mistakes)
        data, optimizer = self._data(context), self._optimizer()
        epochs, updates = self._length()
        checkpoint = self._only(syntax.CheckpointSetting, "a `checkpoint`")
        every = self._only(syntax.EvaluateEvery, "an `evaluate every`")
        batch, seed = self._setting("batch", 16, 1), self._setting("seed", 0, 0)
        evaluate_every = self._count("evaluate every", None if every is None else every.every, 0, 0)
        checkpoint_every = self._count("checkpoint every", None if checkpoint is None else checkpoint.every, 0, 1)
        keep = self._count("keep", None if checkpoint is None else checkpoint.keep, 2, 1)
        evaluate_on = self._evaluate_on(context)
        if model is None or data is None or optimizer is None or has_errors(self.mistakes.diagnostics):
            return None
        plan = TrainingPlan(
            name=self.pipeline.name.text,
            network=model.name,
            data=data,
            epochs=epochs,
            updates=updates,
            batch=batch,
            optimizer=optimizer,
            seed=seed,
            evaluate_every=evaluate_every,
            evaluate_on=evaluate_on,
            checkpoint_every=checkpoint_every,
            keep=keep,
            base=str(PurePath(self.pipeline.span.source.name).parent),
        )
        return PipelineModel(plan, model, self.pipeline.span)

    def _check_complete(self) -> None:
        """Say at once which of the settings without a default are not there."""
        words = {
            syntax.NetworkSetting: "which `network`",
            syntax.DataSetting: "which `data`",
            syntax.OptimizerSetting: "which `optimizer`",
        }
        missing = [what for item_type, what in words.items() if not self._all(item_type)]
        if not any(item.keyword.text in ("epochs", "updates") for item in self._all(syntax.NumberSetting)):
            missing.append("how many `epochs` or `updates`")
        if missing:
            self.mistakes.add(
                wrong.pipelines.SettingMissing(self.pipeline.name.span, self.pipeline.name.text, tuple(missing))
            )

    def _network(self) -> NetworkModel | None:
        setting = self._only(syntax.NetworkSetting, "a `network`")
        if setting is None:
            return None
        name, network = setting.network.name, self.networks.get(setting.network.name.text)
        if network is None:
            self.mistakes.add(wrong.pipelines.UnknownNetwork(name.span, name.text, tuple(self.networks)))
            return None
        arguments, places = network_values(setting.network, network, self.mistakes)
        model, found = self.elaborations.model(network, arguments, places, name.span)
        self.mistakes.extend(found)
        if not any(isinstance(item, syntax.Protocol) and item.kind == "train" for item in network.items):
            self.mistakes.add(wrong.pipelines.NothingToTrain(name.span, name.text, network.name.span))
        elif model is not None and all(edge.rule is None for edge in model.edges):
            self.mistakes.add(wrong.pipelines.NothingLearns(name.span, name.text))
        return model

    def _data(self, context: DataContext) -> DataPlan | None:
        setting = self._only(syntax.DataSetting, "`data`")
        return None if setting is None else data_plan(setting.data, context)

    def _optimizer(self) -> CallPlan | None:
        setting = self._only(syntax.OptimizerSetting, "an `optimizer`")
        if setting is None:
            return None
        name, known = setting.optimizer.name, optimizers()
        if name.text not in known:
            self.mistakes.add(wrong.pipelines.UnknownOptimizer(name.span, name.text, tuple(known)))
            return None
        return call_plan(setting.optimizer, known[name.text], self.mistakes)

    def _length(self) -> tuple[int | None, int | None]:
        """Epochs and updates, of which one is None."""
        epochs, updates = self._number_setting("epochs"), self._number_setting("updates")
        if epochs is not None and updates is not None:
            first, second = sorted((epochs, updates), key=lambda setting: setting.span.start)
            self.mistakes.add(wrong.pipelines.EpochsAndUpdates(second.span, first.span))
        return (
            None if epochs is None else self._count("epochs", epochs.value, 0, 0),
            None if updates is None else self._count("updates", updates.value, 0, 0),
        )

    def _setting(self, keyword: str, default: int, least: int) -> int:
        setting = self._number_setting(keyword)
        return self._count(keyword, None if setting is None else setting.value, default, least)

    def _count(self, name: str, expression: syntax.Expression | None, default: int, least: int) -> int:
        if expression is None:
            return default
        value = integer(expression, EMPTY, self.mistakes, f"`{name}`")
        if value is not None and not least <= value <= MOST:
            self.mistakes.add(wrong.pipelines.SettingOutOfRange(expression.span, name, value, least, MOST))
        return default if value is None else value

    def _evaluate_on(self, context: DataContext) -> dict[str, DataPlan]:
        found: dict[str, DataPlan] = {}
        first: dict[str, Span] = {}
        for item in self._all(syntax.EvaluateOn):
            name = item.name
            if name.text in PARTS or name.text in first:
                self.mistakes.add(wrong.pipelines.NameOfEvaluation(name.span, name.text, first.get(name.text)))
            first.setdefault(name.text, name.span)
            found.setdefault(name.text, data_plan(item.data, context))
        return found

    def _number_setting(self, keyword: str) -> syntax.NumberSetting | None:
        items = [item for item in self._all(syntax.NumberSetting) if item.keyword.text == keyword]
        return self._first(items, f"`{keyword}`")

    def _only(self, item_type: type[Item], what: str) -> Item | None:
        return self._first(self._all(item_type), what)

    def _all(self, item_type: type[Item]) -> list[Item]:
        return [item for item in self.pipeline.items if isinstance(item, item_type)]

    def _first(self, items: Sequence[Item], what: str) -> Item | None:
        for item in items[1:]:
            self.mistakes.add(wrong.dynamics.RepeatedStatement(item.span, what, "the pipeline", items[0].span))
        return items[0] if items else None


def network_values(
    application: syntax.Application, network: syntax.Network, mistakes: Collector
) -> tuple[dict[str, float], dict[str, Span]]:
    """The parameters that an application of a network gives, and where."""
    params = [item.name.text for item in network.items if isinstance(item, syntax.Param)]
    given = matched(application, params, mistakes, of_network=True)
    values = {name: number(argument.value, EMPTY, mistakes) for name, argument in given.items()}
    known = {name: value for name, value in values.items() if value is not None}
    return known, {name: given[name].value.span for name in known}
