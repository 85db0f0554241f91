"""From the grammar's nodes to the syntax tree: one method a node, called when the parser has read all of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dync.grammar import syntax as s
from dync.grammar.lexer import ESCAPES, Token
from dync.grammar.source import Source, Span

Values = Sequence[Any]
"""The children of a node, as the grammar lists them: tokens, syntax nodes, tuples of them, None for what is absent."""


@dataclass(frozen=True)
class Builder:
    """Makes the syntax nodes of one source. The methods are named after the nodes of `dyn.lark`."""

    source: Source

    def __call__(self, node: str, values: Values, start: int, end: int) -> Any:
        """The value of a node of the grammar."""
        return getattr(self, f"_{node}")(values, Span(self.source, start, end))

    def _name(self, token: Token) -> s.Name:
        return s.Name(token.text, Span(self.source, token.start, token.end))

    # --- declarations ---

    def _start(self, values: Values, span: Span) -> s.File:
        return s.File(self.source, tuple(values))

    def _network(self, values: Values, span: Span) -> s.Network:
        name, *items = values
        return s.Network(self._name(name), tuple(items), span)

    def _rule(self, values: Values, span: Span) -> s.Rule:
        name, parameters, *lets, update = values
        return s.Rule(self._name(name), parameters or (), tuple(lets), update, span)

    def _activation(self, values: Values, span: Span) -> s.Activation:
        name, parameters, *lets, following = values
        return s.Activation(self._name(name), parameters or (), tuple(lets), following, span)

    def _parameters(self, values: Values, span: Span) -> tuple[s.Argument, ...]:
        return tuple(value for value in values if value is not None)

    def _parameter(self, values: Values, span: Span) -> s.Argument:
        return s.Argument(self._name(values[0]), values[1], span)

    def _let(self, values: Values, span: Span) -> s.Let:
        return s.Let(self._name(values[0]), values[1], span)

    # --- networks ---

    def _param(self, values: Values, span: Span) -> s.Param:
        name, default, domain = values
        return s.Param(self._name(name), default, domain, span)

    def _choices(self, values: Values, span: Span) -> s.Choices:
        return s.Choices(tuple(values), span)

    def _range(self, values: Values, span: Span) -> s.Range:
        return s.Range(values[0], values[1], span)

    def _shape(self, values: Values, span: Span) -> tuple[s.Expression, ...]:
        return tuple(values)

    def _shape_of_data(self, values: Values, span: Span) -> tuple[s.Expression, ...]:
        return ()

    def _input(self, values: Values, span: Span) -> s.Input:
        return s.Input(self._name(values[0]), values[1], span)

    def _layer(self, values: Values, span: Span) -> s.Layer:
        name, members, shape, activation, start = values
        return s.Layer(self._name(name), members, shape, activation, start, span)

    def _output(self, values: Values, span: Span) -> s.Output:
        name, shape, activation = values
        return s.Output(self._name(name), shape, activation, span)

    def _constant(self, values: Values, span: Span) -> s.Constant:
        name, shape, value = values
        return s.Constant(self._name(name), shape, value, span)

    def _edge(self, values: Values, span: Span) -> s.Edge:
        label, sender, receiver, kind, sends, learning = values
        rule, rate, decay = learning or (None, None, None)
        return s.Edge(self._name(label) if label else None, sender, receiver, kind, sends, rule, rate, decay, span)

    def _learning(self, values: Values, span: Span) -> tuple[Any, ...]:
        return tuple(values)

    def _reference(self, values: Values, span: Span) -> s.Reference:
        return s.Reference(self._name(values[0]), values[1], span)

    def _references(self, values: Values, span: Span) -> tuple[s.Reference, ...]:
        return tuple(values)

    def _names(self, values: Values, span: Span) -> tuple[s.Name, ...]:
        return tuple(map(self._name, values))

    def _for(self, values: Values, span: Span) -> s.For:
        variable, numbers, *body = values
        return s.For(self._name(variable), numbers, tuple(body), span)

    def _group(self, values: Values, span: Span) -> s.Group:
        return s.Group(self._name(values[0]), values[1], span)

    def _schedule(self, values: Values, span: Span) -> s.Schedule:
        return s.Schedule(self._name(values[0]), values[1] or (), span)

    def _phase(self, values: Values, span: Span) -> s.Phase:
        name, *items = values
        return s.Phase(self._name(name), tuple(items), span)

    def _steps(self, values: Values, span: Span) -> s.Steps:
        return s.Steps(values[0], span)

    def _settle(self, values: Values, span: Span) -> s.Settle:
        return s.Settle(values[0], values[1], span)

    def _messages(self, values: Values, span: Span) -> s.Messages:
        return s.Messages(self._name(values[0]), values[1] or (), span)

    def _clamp(self, values: Values, span: Span) -> s.Clamp:
        return s.Clamp(values[0], span)

    def _protocol(self, values: Values, span: Span) -> s.Protocol:
        return s.Protocol("train" if values[0].text == "train" else "infer", values[1], span)

    def _rule_messages(self, values: Values, span: Span) -> s.RuleMessages:
        return s.RuleMessages(self._name(values[0]), span)

    # --- pipelines ---

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

    def _string(self, token: Token) -> s.Text:
        return self._text([token], Span(self.source, token.start, token.end))

    # --- expressions ---

    def _application(self, values: Values, span: Span) -> s.Application:
        return s.Application(self._name(values[0]), values[1] or (), span)

    def _arguments(self, values: Values, span: Span) -> tuple[s.Argument, ...]:
        return tuple(value for value in values if value is not None)

    def _argument(self, values: Values, span: Span) -> s.Argument:
        name, value = values
        return s.Argument(self._name(name) if name else None, value, span)

    def _binary(self, values: Values, span: Span) -> s.Binary:
        left, operator, right = values
        return s.Binary(operator.text, left, right, span)

    def _unary(self, values: Values, span: Span) -> s.Unary:
        operator, operand = values
        return s.Unary(operator.text, operand, span)

    def _number(self, values: Values, span: Span) -> s.Number:
        text = values[0].text
        return s.Number(int(text) if text.isdecimal() else float(text), span)

    def _text(self, values: Values, span: Span) -> s.Text:
        inside = values[0].text[1:-1]
        return s.Text(re.sub(r"\\(.)", lambda escape: ESCAPES.get(escape[1], escape[1]), inside), span)

    def _variable(self, values: Values, span: Span) -> s.Variable:
        name, moment = values
        return s.Variable(self._name(name), self._name(moment) if moment else None, span)

    def _call(self, values: Values, span: Span) -> s.Call:
        return s.Call(self._name(values[0]), values[1], span)

    def _parenthesis(self, values: Values, span: Span) -> s.Expression:
        expression: s.Expression = values[0]
        return expression

    def _indicator(self, values: Values, span: Span) -> s.Indicator:
        return s.Indicator(values[0], span)
