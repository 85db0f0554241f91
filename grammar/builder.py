"""From the grammar's nodes to the syntax tree: one method a node, called when the parser has read all of it."""

from __future__ import annotations

from typing import Any

from dync.grammar import syntax as s
from dync.grammar.pipeline_builder import PipelineBuilder, Values
from dync.grammar.source import Span


class Builder(PipelineBuilder, frozen=True):
    """Makes the syntax nodes of one source. The methods are named after the nodes of `dyn.lark`."""

    def __call__(self, node: str, values: Values, start: int, end: int) -> Any:
        """The value of a node of the grammar."""
        return getattr(self, f"_{node}")(values, Span(self.source, start, end))

    # --- declarations ---

    def _start(self, values: Values, span: Span) -> s.File:
        return s.File(self.source, tuple(values))

    def _import(self, values: Values, span: Span) -> s.Import:
        return s.Import(self._string(values[0]), span)

    def _network(self, values: Values, span: Span) -> s.Network:
        name, *items = values
        return s.Network(self._name(name), tuple(items), span)

    def _rule(self, values: Values, span: Span) -> s.Rule:
        name, parameters, *definitions, update = values
        return s.Rule(self._name(name), parameters or (), tuple(definitions), update, span)

    def _activation(self, values: Values, span: Span) -> s.Activation:
        name, parameters, *definitions, following, sends, surrogate = values
        return s.Activation(self._name(name), parameters or (), tuple(definitions), following, span, sends, surrogate)

    def _foreign(self, values: Values, span: Span) -> s.Foreign:
        what, name, parameters, place = values
        return s.Foreign(what.text, self._name(name), parameters or (), self._string(place), span)

    def _parameters(self, values: Values, span: Span) -> tuple[s.Parameter, ...]:
        return tuple(value for value in values if value is not None)

    def _parameter(self, values: Values, span: Span) -> s.Parameter:
        return s.Parameter(self._name(values[0]), values[1], span)

    def _let(self, values: Values, span: Span) -> s.Let:
        return s.Let(self._name(values[0]), values[1], span)

    def _trace(self, values: Values, span: Span) -> s.Trace:
        return s.Trace(self._name(values[0]), values[1], span)

    # --- properties ---

    def _property(self, values: Values, span: Span) -> s.Property:
        name, draws, network, *items = values
        return s.Property(self._name(name), draws or (), self._name(network), tuple(items), span)

    def _draws(self, values: Values, span: Span) -> tuple[s.Draw, ...]:
        return tuple(value for value in values if value is not None)

    def _draw(self, values: Values, span: Span) -> s.Draw:
        return s.Draw(self._name(values[0]), values[1], span)

    def _require(self, values: Values, span: Span) -> s.Require:
        return s.Require(values[0], span)

    def _for_each(self, values: Values, span: Span) -> s.ForEach:
        variable, numbers, *body = values
        return s.ForEach(self._name(variable), numbers, tuple(body), span)

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
        return s.Input(self._name(values[0]), values[1], span, values[2])

    def _layer(self, values: Values, span: Span) -> s.Layer:
        name, members, shape, activation, start = values
        return s.Layer(self._name(name), members, shape, activation, start, span)

    def _instance(self, values: Values, span: Span) -> s.Instance:
        name, members, network, completion = values
        return s.Instance(self._name(name), members, network, completion, span)

    def _nested(self, values: Values, span: Span) -> s.Nested:
        return s.Nested(values[0].name, values[0].arguments, span)

    def _completion(self, values: Values, span: Span) -> s.Name:
        return s.Name("completion", span)

    def _output(self, values: Values, span: Span) -> s.Output:
        name, shape, activation, over_time = values
        return s.Output(self._name(name), shape, activation, span, over_time)

    def _over_time(self, values: Values, span: Span) -> s.Name:
        return s.Name("time", span)

    def _constant(self, values: Values, span: Span) -> s.Constant:
        name, shape, value = values
        return s.Constant(self._name(name), shape, value, span)

    def _edge(self, values: Values, span: Span) -> s.Edge:
        label, sender, receiver, kind, delay, sends, learning = values
        rule, during, rate, decay = learning or (None, None, None, None)
        return s.Edge(label, sender, receiver, kind, delay, sends, rule, rate, decay, span, during)

    def _wire(self, values: Values, span: Span) -> s.Wire:
        label, layers, generator, kind, delay, sends, learning = values
        rule, during, rate, decay = learning or (None, None, None, None)
        name = self._name(label) if label else None
        return s.Wire(name, layers, generator, kind, delay, sends, rule, rate, decay, span, during)

    def _label(self, values: Values, span: Span) -> s.Reference:
        return s.Reference(self._name(values[0]), values[1], span)

    def _learning(self, values: Values, span: Span) -> tuple[Any, ...]:
        rule, during, rate, decay = values
        return rule, self._name(during) if during else None, rate, decay

    def _reference(self, values: Values, span: Span) -> s.Reference:
        name, index, *parts = values
        return s.Reference(self._name(name), index, span, tuple(parts))

    def _part(self, values: Values, span: Span) -> s.Part:
        return s.Part(self._name(values[0]), values[1], span)

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
        return s.Steps(values[0], span, values[1])

    def _settle(self, values: Values, span: Span) -> s.Settle:
        return s.Settle(values[0], values[1], span, values[2])

    def _per_sample(self, values: Values, span: Span) -> s.Name:
        return s.Name("sample", span)

    def _messages(self, values: Values, span: Span) -> s.Messages:
        return s.Messages(self._name(values[0]), values[1] or (), span)

    def _clamp(self, values: Values, span: Span) -> s.Clamp:
        return s.Clamp(values[0], values[1], span)

    def _origin(self, values: Values, span: Span) -> s.Beginning:
        return s.Beginning(self._name(values[0]), span)

    def _protocol(self, values: Values, span: Span) -> s.Protocol:
        return s.Protocol("train" if values[0].text == "train" else "infer", values[1], span)

    def _named_protocol(self, values: Values, span: Span) -> s.NamedProtocol:
        name, *items = values
        return s.NamedProtocol(self._name(name), tuple(items), span)

    def _measure(self, values: Values, span: Span) -> s.Measure:
        name, value, minimize = values
        return s.Measure(self._name(name), value, minimize is not None, span)

    def _rule_messages(self, values: Values, span: Span) -> s.RuleMessages:
        return s.RuleMessages(self._name(values[0]), span)

    def _skip(self, values: Values, span: Span) -> s.Skip:
        return s.Skip(values[0], span)

    def _between(self, values: Values, span: Span) -> s.Between:
        return s.Between(self._name(values[0]), span)

    # --- expressions ---

    def _application(self, values: Values, span: Span) -> s.Application:
        return s.Application(self._name(values[0]), values[1] or (), span)

    def _arguments(self, values: Values, span: Span) -> tuple[s.Argument, ...]:
        return tuple(value for value in values if value is not None)

    def _argument(self, values: Values, span: Span) -> s.Argument:
        name, value = values
        return s.Argument(self._name(name) if name else None, value, span)

    def _tuple(self, values: Values, span: Span) -> s.Tuple:
        return s.Tuple(tuple(values), span)

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
        return self._string(values[0])

    def _variable(self, values: Values, span: Span) -> s.Variable:
        name, moment = values
        return s.Variable(self._name(name), self._name(moment) if moment else None, span)

    def _attribute(self, values: Values, span: Span) -> s.Attribute:
        owner, name, moment = values
        return s.Attribute(self._name(owner), self._name(name), self._name(moment) if moment else None, span)

    def _call(self, values: Values, span: Span) -> s.Call:
        return s.Call(self._name(values[0]), values[1], span)

    def _member(self, values: Values, span: Span) -> s.Reference:
        return s.Reference(self._name(values[0]), values[1], span)

    def _parenthesis(self, values: Values, span: Span) -> s.Expression:
        expression: s.Expression = values[0]
        return expression

    def _indicator(self, values: Values, span: Span) -> s.Indicator:
        return s.Indicator(values[0], span)
