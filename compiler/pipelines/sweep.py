"""A sweep with everything resolved: every setting that it searches is tried before anything runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from math import prod
from typing import Final, Literal, get_args

from msgspec import Struct

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.collector import Collector
from dync.compiler.pipeline_plan import CallPlan, Metric, SweepPlan
from dync.compiler.pipelines.book import Book, fragments_of
from dync.compiler.pipelines.calls import call_plan
from dync.compiler.pipelines.fragment import Fragment
from dync.compiler.pipelines.metrics import metric
from dync.compiler.pipelines.models import PipelineModel, StudyModel
from dync.compiler.pipelines.settings_of import SettingsOf
from dync.compiler.pipelines.signatures import EXHAUSTIVE, PRUNERS, STRATEGIES
from dync.compiler.pipelines.spaces import LONGEST_GRID, Space, check_conditions, conditions_of, count, space_of
from dync.grammar import syntax
from dync.grammar.pipeline_spelling import origin

Fused = Literal["auto", "fast", "exact", "off"]
Direction = Literal["maximize", "minimize"]

TOGETHER: Final = 4
"""So many trials are proposed at once where nothing is said, so that those alike can share a program."""

FREELY: Final = 32
"""The same where no result decides what is proposed or ended: no more, since a round that is cut short is run again."""

UNTAUGHT: Final = ("grid", "bruteforce", "random", "qmc")
"""Strategies that learn nothing from trials."""


class Sweep(Struct, frozen=True, dict=True):
    """Resolves one sweep."""

    pipeline: syntax.Pipeline
    book: Book
    mistakes: Collector

    @cached_property
    def settings(self) -> SettingsOf:
        """What the pipeline says."""
        return SettingsOf(self.pipeline, self.mistakes)

    def resolved(self) -> StudyModel | None:
        """The sweep; None where it has an error, or the training that it is about."""
        self._check_complete()
        changes, name = self._changes(), self._base_name()
        base = None if name is None else self._base(name, changes)
        spaces = self._spaces()
        if name is not None:
            self._try(name, changes, spaces, sound=base is not None)
        strategy, trials = self._strategy(spaces)
        objective, direction = self._objective(base)
        prune, compare_best = self._prune(), self._compare()
        seeds, seed = self.settings.count("seeds", 1, 1), self.settings.count("seed", 0, 0)
        free = prune is None and strategy.name in UNTAUGHT
        together, fused = self.settings.count("together", FREELY if free else TOGETHER, 1), self._fused()
        limits = self.settings.limits()
        if base is None or self.mistakes.has_errors:
            return None
        plan = SweepPlan(
            name=self.pipeline.name.text,
            base=name or "",
            changes={fragment.key: fragment.value for fragment in changes},
            search=tuple(space.plan for space in spaces.values()),
            strategy=strategy,
            trials=trials,
            seeds=seeds,
            seed=seed,
            together=together,
            objective=objective,
            direction=direction,
            prune=prune,
            compare_best=compare_best,
            fused=fused,
            start=base.plan.start,
            limits=limits,
        )
        return StudyModel(plan, self.pipeline.span)

    def _check_complete(self) -> None:
        words: dict[type[syntax.PipelineItem], str] = {
            syntax.BaseSetting: "which training is its `base`",
            syntax.SearchSetting: "what to `search`",
        }
        missing = tuple(what for item_type, what in words.items() if not self.settings.all(item_type))
        if missing:
            name = self.pipeline.name
            self.mistakes.add(wrong.pipelines.SettingMissing(name.span, name.text, missing))

    def _base_name(self) -> str | None:
        setting = self.settings.only(syntax.BaseSetting, "a `base`")
        return None if setting is None else self.book.refer(setting.base, ("training",), self.pipeline, self.mistakes)

    def _changes(self) -> list[Fragment]:
        """What is the same in every trial: the `with`, and the `from` as a setting of the training."""
        found = self.settings.only(syntax.WithSetting, "a `with`")
        changes = [] if found is None else fragments_of(found.changes, self.mistakes)
        start = self.settings.only(syntax.FromSetting, "a `from`")
        if start is None:
            return changes
        if isinstance(start.origin, syntax.Made):
            self.book.refer_made(start.origin, self.pipeline, self.mistakes)
        place = start.origin.span
        return [*changes, Fragment("from", origin(start.origin), (place, place))]

    def _base(self, name: str, changes: Sequence[Fragment]) -> PipelineModel | None:
        """The training with what is the same in every trial. What is wrong with the training itself is said of it."""
        return self.book.tried(name, changes, self.mistakes)

    def _spaces(self) -> dict[str, Space]:
        found: dict[str, Space] = {}
        first: dict[str, syntax.Key] = {}
        for item in self.settings.all(syntax.SearchSetting):
            key = item.key
            if key.text in first:
                self.mistakes.add(wrong.names.Duplicate(key.span, key.text, "search", first[key.text].span))
                continue
            first[key.text] = key
            space = space_of(item, self.mistakes)
            found |= {} if space is None else {key.text: space}
        if len(found) == len(first):
            check_conditions(found, self.mistakes)
        return found

    def _try(self, name: str, changes: Sequence[Fragment], spaces: Mapping[str, Space], *, sound: bool) -> None:
        """Put every value, or of a range both ends, into the training: no trial fails because of what it was given.

        Where the training without them is not `sound`, nothing that stands elsewhere is laid to them.
        """
        for space in spaces.values():
            under = conditions_of(space, spaces)
            for sample in space.samples:
                given = {fragment.key: fragment for fragment in (*changes, *under, space.fragment(sample))}
                if sound:
                    self.book.tried(name, tuple(given.values()), self.mistakes)
                else:
                    self.mistakes.extend(self.book.certain(name, tuple(given.values())))

    def _strategy(self, spaces: Mapping[str, Space]) -> tuple[CallPlan, int | None]:
        """The strategy and how many trials; where nothing is said a grid, if it has an end, and else `tpe`."""
        setting = self.settings.only(syntax.StrategySetting, "a `strategy`")
        counts = {key: count(space.plan.space) for key, space in spaces.items()}
        endless = [key for key, found in counts.items() if found is None]
        if setting is None:
            strategy = CallPlan("tpe" if endless else "grid", (), {})
        elif setting.strategy.name.text not in STRATEGIES:
            name = setting.strategy.name
            self.mistakes.add(wrong.searches.UnknownStrategy(name.span, name.text, tuple(STRATEGIES)))
            return CallPlan(name.text, (), {}), None
        else:
            strategy = call_plan(setting.strategy, STRATEGIES[setting.strategy.name.text], self.mistakes)
        if strategy.name in EXHAUSTIVE:
            self._check_countable(strategy.name, spaces, counts)
        trials = self.settings.number("trials")
        if trials is None:
            if strategy.name not in EXHAUSTIVE and self.settings.all(syntax.SearchSetting):
                name = self.pipeline.name
                self.mistakes.add(wrong.pipelines.SettingMissing(name.span, name.text, ("how many `trials`",)))
            return strategy, None
        return strategy, self.settings.counted("trials", trials.value, 1, 1)

    def _check_countable(self, strategy: str, spaces: Mapping[str, Space], counts: Mapping[str, int | None]) -> None:
        known = [found for found in counts.values() if found is not None]
        for key, found in counts.items():
            if found is None:
                self.mistakes.add(wrong.searches.EndlessSpace(spaces[key].node.space.span, key, strategy))
        if len(known) == len(counts) and prod(known) > LONGEST_GRID and self.settings.number("trials") is None:
            largest = max(spaces, key=lambda key: counts[key] or 0)
            place = spaces[largest].node.space.span
            self.mistakes.add(wrong.searches.TooManyValues(place, prod(known), LONGEST_GRID))

    def _objective(self, base: PipelineModel | None) -> tuple[Metric | None, Direction]:
        setting = self.settings.only(syntax.ObjectiveSetting, "an `objective`")
        if setting is None:
            return None, "maximize"
        word = setting.direction
        found = None if base is None else metric(setting.metric, base.plan.evaluate_on, [base.network], self.mistakes)
        for direction in get_args(Direction):
            if word.text == direction:
                return found, direction
        self.mistakes.add(wrong.studies.UnknownWord(word.span, word.text, get_args(Direction), "objective"))
        return found, "maximize"

    def _needs_objective(self, what: str, item: syntax.PipelineItem) -> None:
        if not self.settings.all(syntax.ObjectiveSetting):
            name = self.pipeline.name
            self.mistakes.add(wrong.studies.NoObjective(item.span, what, name.text, name.span))

    def _prune(self) -> CallPlan | None:
        setting = self.settings.only(syntax.PruneSetting, "a `prune`")
        if setting is None:
            return None
        self._needs_objective("`prune`", setting)
        name = setting.pruner.name
        if name.text not in PRUNERS:
            self.mistakes.add(wrong.searches.UnknownPruner(name.span, name.text, tuple(PRUNERS)))
            return None
        return call_plan(setting.pruner, PRUNERS[name.text], self.mistakes)

    def _compare(self) -> int:
        setting = self.settings.only(syntax.CompareSetting, "a `compare best`")
        if setting is None:
            return 0
        self._needs_objective("`compare best`", setting)
        return self.settings.counted("compare best", setting.count, 0, 2)

    def _fused(self) -> Fused:
        setting = self.settings.only(syntax.FusedSetting, "a `fused`")
        if setting is None:
            return "auto"
        for mode in get_args(Fused):
            if setting.mode.text == mode:
                found: Fused = mode
                return found
        self.mistakes.add(wrong.studies.UnknownWord(setting.mode.span, setting.mode.text, get_args(Fused), "fused"))
        return "auto"
