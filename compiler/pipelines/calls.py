"""Calls in pipelines: sources, transforms, optimizers and schedules with their arguments, against their signatures."""

from __future__ import annotations

from msgspec import Struct

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.arguments import matched
from dync.compiler.elaboration.collector import Collector
from dync.compiler.elaboration.constant import FUNCTIONS, integer, number
from dync.compiler.elaboration.scope import Scope
from dync.compiler.pipeline_plan import CallPlan, Value
from dync.compiler.pipelines.signatures import Parameter, Signature, schedules
from dync.grammar import syntax

NONE = "none"
"""What leaves an argument at nothing."""

FLAGS = {"true": True, "false": False}

EMPTY = Scope()
"""Pipelines know no parameters: their numbers are constants."""

EXPECTED = {
    "integer": "a whole number",
    "number": "a number",
    "flag": "`true` or `false`",
    "text": "a text",
    "other": "nothing that can be written here",
}


def call_plan(call: syntax.Application | syntax.Call, signature: Signature, mistakes: Collector) -> CallPlan:
    """A call with its arguments by name; those of a signature that repeats, or is open, stay in their places."""
    name = call.name if isinstance(call, syntax.Application) else call.function
    if signature.open:
        return _as_written(name.text, call, mistakes)
    if signature.repeats:
        return _repeated(name, call, signature.parameters[-1], mistakes)
    given = matched(call, signature.names, mistakes)
    values: dict[str, Value] = {}
    for parameter in signature.parameters:
        argument = given.get(parameter.name)
        if argument is not None:
            values[parameter.name] = _Reader(name.text, parameter, mistakes).value(argument.value)
        elif parameter.required:
            mistakes.add(wrong.names.MissingArgument(name.span, parameter.name, name.text))
    return CallPlan(name.text, (), values)


def _repeated(
    name: syntax.Name, call: syntax.Application | syntax.Call, parameter: Parameter, mistakes: Collector
) -> CallPlan:
    """A call whose arguments are all values of one parameter."""
    if not call.arguments:
        mistakes.add(wrong.names.MissingArgument(name.span, parameter.name, name.text))
    bare = tuple(argument for argument in call.arguments if argument.name is None)
    if len(bare) < len(call.arguments):
        matched(call, (), mistakes)
    reader = _Reader(name.text, parameter, mistakes)
    return CallPlan(name.text, tuple(reader.value(argument.value) for argument in bare), {})


def _as_written(name: str, call: syntax.Application | syntax.Call, mistakes: Collector) -> CallPlan:
    """A call of something that others registered: its arguments are checked when it runs."""
    values = [(argument.name, _plain(argument.value, mistakes)) for argument in call.arguments]
    positional = tuple(value for key, value in values if key is None)
    return CallPlan(name, positional, {key.text: value for key, value in values if key is not None})


def _plain(expression: syntax.Expression, mistakes: Collector) -> Value:
    match expression:
        case syntax.Text(value, _):
            return value
        case syntax.Variable(name, None, _):
            return None if name.text == NONE else FLAGS.get(name.text, name.text)
        case _:
            return number(expression, EMPTY, mistakes)


class _Reader(Struct, frozen=True):
    """Reads the values of one parameter of `owner`. A mistake is reported, and gives None."""

    owner: str
    parameter: Parameter
    mistakes: Collector

    def value(self, expression: syntax.Expression) -> Value:
        if _is_word(expression, NONE) and not self.parameter.required:
            return None
        match self.parameter.sort:
            case "flag":
                return self._flag(expression)
            case "text":
                return self._text(expression)
            case "integer" | "number":
                return self._number(expression)
            case "other":
                return self._wrong(expression)

    def _flag(self, expression: syntax.Expression) -> Value:
        word = _word(expression)
        return FLAGS[word] if word in FLAGS else self._wrong(expression)

    def _text(self, expression: syntax.Expression) -> Value:
        text = expression.value if isinstance(expression, syntax.Text) else _word(expression)
        words = self.parameter.words
        return self._wrong(expression) if text is None or (words and text not in words) else text

    def _number(self, expression: syntax.Expression) -> Value:
        if isinstance(expression, syntax.Text) or _word(expression) in (NONE, *FLAGS):
            return self._wrong(expression)
        if self.parameter.rate and isinstance(expression, syntax.Call) and expression.function.text not in FUNCTIONS:
            return self._schedule(expression)
        if self.parameter.sort == "integer":
            value: int | float | None = integer(expression, EMPTY, self.mistakes, f"`{self.parameter.name}`")
        else:
            value = number(expression, EMPTY, self.mistakes)
        if value is not None and not self._allows(value):
            allowed = _allowed(self.parameter)
            self.mistakes.add(wrong.parameters.OutOfBounds(expression.span, self.parameter.name, value, allowed))
        return value

    def _schedule(self, call: syntax.Call) -> Value:
        signature = schedules().get(call.function.text)
        if signature is None:
            known = (*schedules(), *FUNCTIONS)
            self.mistakes.add(wrong.pipelines.UnknownRateSchedule(call.function.span, call.function.text, known))
            return None
        return call_plan(call, signature, self.mistakes)

    def _allows(self, value: float) -> bool:
        least, most = self.parameter.least, self.parameter.most
        return (least is None or value >= least) and (most is None or value <= most)

    def _wrong(self, expression: syntax.Expression) -> Value:
        words = " or ".join(f"`{word}`" for word in self.parameter.words)
        expected = words or EXPECTED[self.parameter.sort]
        self.mistakes.add(wrong.pipelines.WrongSort(expression.span, self.parameter.name, self.owner, expected))
        return None


def _word(expression: syntax.Expression) -> str | None:
    """The bare word that an expression is."""
    bare = isinstance(expression, syntax.Variable) and expression.moment is None
    return expression.name.text if bare and isinstance(expression, syntax.Variable) else None


def _is_word(expression: syntax.Expression, word: str) -> bool:
    return _word(expression) == word


def _allowed(parameter: Parameter) -> str:
    if parameter.most is None:
        return f"at least {parameter.least:g}"
    return f"in {parameter.least:g}..{parameter.most:g}"
