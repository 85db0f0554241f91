"""From the grammar's nodes to the syntax tree: the settings of pipelines. One method a node, named after it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from dync.grammar import syntax as s
from dync.grammar.lexer import ESCAPES, Token
from dync.grammar.source import Source, Span

Values = Sequence[Any]
"""The children of a node, as the grammar lists them: tokens, syntax nodes, tuples of them, None for what is absent."""


class PipelineBuilder(Struct, frozen=True):
    """Makes the syntax nodes of the pipelines of one source."""

    source: Source

    def _name(self, token: Token) -> s.Name:
        return s.Name(token.text, Span(self.source, token.start, token.end))

    def _string(self, token: Token) -> s.Text:
        value = re.sub(r"\\(.)", lambda escape: ESCAPES.get(escape[1], escape[1]), token.text[1:-1])
        return s.Text(value, Span(self.source, token.start, token.end))

    def _pipeline(self, values: Values, span: Span) -> s.Pipeline:
        name, kind, *items = values
        return s.Pipeline(self._name(name), self._name(kind), tuple(items), span)

    def _number_setting(self, values: Values, span: Span) -> s.NumberSetting:
        return s.NumberSetting(self._name(values[0]), values[1], span)

    def _limit_setting(self, values: Values, span: Span) -> s.LimitSetting:
        return s.LimitSetting(self._name(values[0]), values[1], span)

    def _continue_on_failure(self, values: Values, span: Span) -> s.ContinueOnFailure:
        return s.ContinueOnFailure(span)

    def _network_setting(self, values: Values, span: Span) -> s.NetworkSetting:
        return s.NetworkSetting(values[0], span)

    def _data_setting(self, values: Values, span: Span) -> s.DataSetting:
        return s.DataSetting(values[0], span)

    def _optimizer_setting(self, values: Values, span: Span) -> s.OptimizerSetting:
        return s.OptimizerSetting(values[0], span)

    def _evaluate_every(self, values: Values, span: Span) -> s.EvaluateEvery:
        return s.EvaluateEvery(values[0], span)

    def _evaluate_on(self, values: Values, span: Span) -> s.EvaluateOn:
        return s.EvaluateOn(self._name(values[0]), values[1], span)

    def _checkpoint_setting(self, values: Values, span: Span) -> s.CheckpointSetting:
        return s.CheckpointSetting(values[0], values[1], span)

    def _checkpoint_best(self, values: Values, span: Span) -> s.CheckpointBest:
        return s.CheckpointBest(values[0], span)

    def _base_setting(self, values: Values, span: Span) -> s.BaseSetting:
        return s.BaseSetting(self._name(values[0]), span)

    def _with_setting(self, values: Values, span: Span) -> s.WithSetting:
        return s.WithSetting(values[0], span)

    def _from_setting(self, values: Values, span: Span) -> s.FromSetting:
        return s.FromSetting(values[0], span)

    def _stop_setting(self, values: Values, span: Span) -> s.StopSetting:
        return s.StopSetting(values[0], values[1], span)

    def _record_setting(self, values: Values, span: Span) -> s.RecordSetting:
        return s.RecordSetting(values[0], values[1], span)

    def _search_setting(self, values: Values, span: Span) -> s.SearchSetting:
        return s.SearchSetting(values[0], values[1], values[2], span)

    def _strategy_setting(self, values: Values, span: Span) -> s.StrategySetting:
        return s.StrategySetting(values[0], span)

    def _objective_setting(self, values: Values, span: Span) -> s.ObjectiveSetting:
        return s.ObjectiveSetting(self._name(values[0]), values[1], span)

    def _prune_setting(self, values: Values, span: Span) -> s.PruneSetting:
        return s.PruneSetting(values[0], span)

    def _compare_setting(self, values: Values, span: Span) -> s.CompareSetting:
        return s.CompareSetting(values[0], span)

    def _fused_setting(self, values: Values, span: Span) -> s.FusedSetting:
        return s.FusedSetting(self._name(values[0]), span)

    def _entry_setting(self, values: Values, span: Span) -> s.EntrySetting:
        name, origin, *changes = values
        return s.EntrySetting(self._name(name), origin, (changes[0] or ()) if changes else (), span)

    def _task_setting(self, values: Values, span: Span) -> s.TaskSetting:
        return s.TaskSetting(self._name(values[0]), values[1], span)

    def _measure_setting(self, values: Values, span: Span) -> s.MeasureSetting:
        return s.MeasureSetting(values[0], span)

    def _claim_setting(self, values: Values, span: Span) -> s.ClaimSetting:
        better, worse, margin, metric = values
        return s.ClaimSetting(self._name(better), self._name(worse), margin, metric, span)

    def _against_setting(self, values: Values, span: Span) -> s.AgainstSetting:
        return s.AgainstSetting(self._name(values[0]), span)

    def _package_setting(self, values: Values, span: Span) -> s.PackageSetting:
        return s.PackageSetting(span)

    # --- parts of pipelines ---

    def _key(self, values: Values, span: Span) -> s.Key:
        return s.Key(tuple(map(self._name, values)), span)

    def _with(self, values: Values, span: Span) -> tuple[s.Change, ...]:
        return tuple(values)

    def _change(self, values: Values, span: Span) -> s.Change:
        return s.Change(values[0], values[1], span)

    def _value(self, values: Values, span: Span) -> s.Expression | s.Data:
        expression, bindings, *transforms = values
        if bindings is None and not transforms:
            plain: s.Expression = expression
            return plain
        return s.Data(s.as_application(expression), bindings or (), tuple(transforms), span)

    def _made(self, values: Values, span: Span) -> s.Made:
        return s.Made(self._name(values[0]), self._name(values[1]) if values[1] else None, span)

    def _saved(self, values: Values, span: Span) -> s.Saved:
        kind, path = values
        return s.Saved("checkpoint" if kind.text == "checkpoint" else "artefact", self._string(path), span)

    def _baseline(self, values: Values, span: Span) -> s.Baseline:
        return s.Baseline(values[0], span)

    def _interval(self, values: Values, span: Span) -> s.Interval:
        return s.Interval(values[0], values[1], None, span)

    def _scaled(self, values: Values, span: Span) -> s.Interval:
        return s.Interval(values[1], values[2], self._name(values[0]), span)

    def _condition(self, values: Values, span: Span) -> s.Condition:
        return s.Condition(values[0], values[1], span)

    def _data(self, values: Values, span: Span) -> s.Data:
        source, bindings, *transforms = values
        return s.Data(source, bindings or (), tuple(transforms), span)

    def _transform(self, values: Values, span: Span) -> s.Application:
        application: s.Application = values[0]
        return application

    def _bindings(self, values: Values, span: Span) -> tuple[s.Binding, ...]:
        return tuple(values)

    def _binding(self, values: Values, span: Span) -> s.Binding:
        return s.Binding(self._name(values[0]), self._string(values[1]), span)
