"""A comparison or a benchmark with everything resolved."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Final

from msgspec import Struct

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.collector import Collector
from dync.compiler.model import NetworkModel
from dync.compiler.pipeline_plan import (
    BaselineEntry,
    BenchmarkPlan,
    BestEntry,
    CallPlan,
    ClaimPlan,
    ComparisonPlan,
    DataPlan,
    Entry,
    Metric,
    SavedEntry,
    TrainedEntry,
)
from dync.compiler.pipelines.book import Book, fragments_of
from dync.compiler.pipelines.calls import call_plan
from dync.compiler.pipelines.data_model import DataContext, data_plan
from dync.compiler.pipelines.fragment import Fragment
from dync.compiler.pipelines.metrics import declared_measures, metric
from dync.compiler.pipelines.models import PipelineModel, StudyModel
from dync.compiler.pipelines.series_data import check_study
from dync.compiler.pipelines.settings_of import SettingsOf
from dync.compiler.pipelines.signatures import BASELINES
from dync.compiler.pipelines.training import folder_of
from dync.grammar import syntax
from dync.grammar.source import Span

MEASURE: Final = Metric("test", "accuracy")
"""What the statistics are about where nothing is said."""

AGAINST: Final = ("mlp", "linear")
"""The entries that `against baselines` adds."""


class Comparison(Struct, frozen=True, dict=True):
    """Resolves one comparison or benchmark."""

    pipeline: syntax.Pipeline
    book: Book
    mistakes: Collector

    @cached_property
    def settings(self) -> SettingsOf:
        """What the pipeline says."""
        return SettingsOf(self.pipeline, self.mistakes)

    def resolved(self) -> StudyModel | None:
        """The comparison; None where it has an error, or a training that it is about."""
        models: list[PipelineModel] = []
        entries, sound = self._entries(models)
        networks = [model.network for model in models]
        tasks = self._tasks(networks)
        check_study(self.settings, tasks, networks, self.mistakes)
        evaluations = tuple(dict.fromkeys(name for model in models for name in model.plan.evaluate_on))
        measured = self.settings.only(syntax.MeasureSetting, "a `measure`")
        found = MEASURE if measured is None else self._metric(measured.metric, evaluations, networks)
        rope = self.settings.only_number("rope")
        plan = ComparisonPlan(
            name=self.pipeline.name.text,
            entries=entries,
            tasks=tasks,
            seeds=self.settings.count("seeds", 1, 1),
            seed=self.settings.count("seed", 0, 0),
            metric=found or MEASURE,
            rope=self.settings.amount("rope", rope, 0.0),
            claims=self._claims(entries, evaluations, networks),
            folds=self.settings.count("folds", 1, 1),
            base=folder_of(self.pipeline),
            limits=self.settings.limits(),
        )
        against = self._against(entries, tasks)
        package = self.settings.only(syntax.PackageSetting, "a `package`") is not None
        if not sound or self.mistakes.has_errors:
            return None
        benchmark = self.pipeline.kind.text == "benchmark"
        return StudyModel(BenchmarkPlan(plan, against, package) if benchmark else plan, self.pipeline.span)

    def _entries(self, models: list[PipelineModel]) -> tuple[dict[str, Entry], bool]:
        """The entries by name, the trainings among them into `models`, and whether all of them are sound."""
        found: dict[str, Entry] = {}
        first: dict[str, syntax.Name] = {}
        sound = True
        for item in self.settings.all(syntax.EntrySetting):
            name = item.name
            if name.text in first:
                self.mistakes.add(wrong.names.Duplicate(name.span, name.text, "entry", first[name.text].span))
                continue
            first[name.text] = name
            entry = self._entry(item, models)
            sound = sound and entry is not None
            found |= {} if entry is None else {name.text: entry}
        if not first:
            name = self.pipeline.name
            self.mistakes.add(wrong.pipelines.SettingMissing(name.span, name.text, ("which is an `entry`",)))
        return found, sound

    def _entry(self, item: syntax.EntrySetting, models: list[PipelineModel]) -> Entry | None:
        match item.origin:
            case syntax.Saved(_, path):
                return SavedEntry(path.value)
            case syntax.Baseline(model):
                return self._baseline(item, model)
            case syntax.Made():
                return self._trained(item, item.origin, models)

    def _baseline(self, item: syntax.EntrySetting, model: syntax.Application) -> Entry | None:
        if not self.settings.all(syntax.TaskSetting):
            self.mistakes.add(wrong.studies.NoTask(item.span, f"the baseline `{item.name.text}`"))
        if model.name.text not in BASELINES:
            self.mistakes.add(wrong.studies.UnknownBaseline(model.name.span, model.name.text, tuple(BASELINES)))
            return None
        return BaselineEntry(call_plan(model, BASELINES[model.name.text], self.mistakes))

    def _trained(self, item: syntax.EntrySetting, made: syntax.Made, models: list[PipelineModel]) -> Entry | None:
        changes = fragments_of(item.changes, self.mistakes)
        name = self.book.refer_made(made, self.pipeline, self.mistakes)
        training = name if made.part is None or name is None else self._base_of(name)
        if name is None or training is None:
            return None
        before = [] if made.part is None else self._changes_of(name)
        model = self.book.tried(training, list({f.key: f for f in (*before, *changes)}.values()), self.mistakes)
        if model is None:
            return None
        models.append(model)
        texts = {fragment.key: fragment.value for fragment in changes}
        return TrainedEntry(name, texts, model.plan.start) if made.part is None else BestEntry(name, texts)

    def _base_of(self, sweep: str) -> str | None:
        """The training that a sweep is about; what is wrong with the sweep is said of it."""
        items = self.book.pipelines[sweep].items
        base = next((item.base.text for item in items if isinstance(item, syntax.BaseSetting)), "")
        found = self.book.pipelines.get(base)
        return base if found is not None and found.kind.text == "training" else None

    def _changes_of(self, sweep: str) -> list[Fragment]:
        """The changes that a sweep makes to its training."""
        items = self.book.pipelines[sweep].items
        changes = [change for item in items if isinstance(item, syntax.WithSetting) for change in item.changes]
        return fragments_of(changes, Collector())

    def _tasks(self, networks: Sequence[NetworkModel]) -> dict[str, DataPlan]:
        """The tasks by name, each against all the networks that are trained on it."""
        found: dict[str, DataPlan] = {}
        first: dict[str, syntax.Name] = {}
        for item in self.settings.all(syntax.TaskSetting):
            name = item.name
            if name.text in first:
                self.mistakes.add(wrong.names.Duplicate(name.span, name.text, "task", first[name.text].span))
                continue
            first[name.text] = name
            contexts: Sequence[NetworkModel | None] = networks or (None,)
            for network in contexts:
                found[name.text] = data_plan(item.data, DataContext(network, self.book.sources, self.mistakes))
        return found

    def _claims(
        self, entries: dict[str, Entry], evaluations: Sequence[str], networks: Sequence[NetworkModel]
    ) -> tuple[ClaimPlan, ...]:
        names = tuple(dict.fromkeys(item.name.text for item in self.settings.all(syntax.EntrySetting)))
        found = []
        for item in self.settings.all(syntax.ClaimSetting):
            for name in (item.better, item.worse):
                if name.text not in names:
                    self.mistakes.add(wrong.studies.UnknownEntry(name.span, name.text, names))
            if item.better.text == item.worse.text:
                self.mistakes.add(wrong.studies.ClaimOfItself(item.worse.span, item.worse.text))
            margin = self.settings.amount("by", item.margin, 0.0)
            about = self._metric(item.metric, evaluations, networks)
            if about is not None:
                found.append(ClaimPlan(item.better.text, item.worse.text, about, margin))
        return tuple(found)

    def _metric(self, key: syntax.Key, evaluations: Sequence[str], networks: Sequence[NetworkModel]) -> Metric | None:
        """A metric that every entry can give: a baseline has none of the measures that a network declares."""
        found = metric(key, evaluations, networks, self.mistakes)
        baseline = self._any_baseline()
        if found is not None and baseline is not None and found.measure in declared_measures(networks):
            self.mistakes.add(wrong.measures.NotOfBaselines(key.span, found.measure, baseline))
        return found

    def _any_baseline(self) -> Span | None:
        """Where the first of the baselines stands, those of `against` included."""
        entries = (e.span for e in self.settings.all(syntax.EntrySetting) if isinstance(e.origin, syntax.Baseline))
        return next(iter([*entries, *(against.span for against in self.settings.all(syntax.AgainstSetting))]), None)

    def _against(self, entries: dict[str, Entry], tasks: dict[str, DataPlan]) -> dict[str, BaselineEntry]:
        """The baselines that `against` adds, under names that no entry has."""
        setting = self.settings.only(syntax.AgainstSetting, "an `against`")
        if setting is None:
            return {}
        if setting.what.text != "baselines":
            word = setting.what
            self.mistakes.add(wrong.studies.UnknownWord(word.span, word.text, ("baselines",), "against"))
        if not tasks and not self.settings.all(syntax.TaskSetting):
            self.mistakes.add(wrong.studies.NoTask(setting.span, "a baseline"))
        free = (_free(name, entries) for name in AGAINST)
        return {name: BaselineEntry(CallPlan(model, (), {})) for name, model in zip(free, AGAINST, strict=True)}


def _free(name: str, taken: dict[str, Entry]) -> str:
    """A name that is not taken."""
    while name in taken:
        name += "_baseline"
    return name
