"""Constant expressions: what networks and pipelines compute with parameters and literals, once, before anything runs.

Work and size are bounded: the reader bounds how deeply expressions nest, and whole numbers stay below 2**1023.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.collector import Collector
from dync.compiler.elaboration.scope import Amount, Scope
from dync.grammar import syntax
from dync.grammar.source import Span

LARGEST: Final = 3.4028234663852886e38
"""The largest finite float32."""

_BITS: Final = 1023

Value = int | float | bool
"""What an expression gives: a number, or a truth value. None stands for a mistake that is reported already."""

FUNCTIONS: Final[Mapping[str, tuple[int, int | None, Callable[..., Value]]]] = {
    "min": (2, None, min),
    "max": (2, None, max),
    "abs": (1, 1, abs),
    "sqrt": (1, 1, math.sqrt),
    "log": (1, 1, math.log),
    "exp": (1, 1, math.exp),
}  # fmt: skip
"""Each function with the fewest and the most arguments that it takes."""

_COMPARISONS: Final[Mapping[str, Callable[[Value, Value], bool]]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}

_ARITHMETIC: Final[Mapping[str, Callable[[Value, Value], Value]]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "**": lambda a, b: a**b,
}


def number(expression: syntax.Expression, scope: Scope, mistakes: Collector) -> Amount | None:
    """The number that an expression means, finite in float32, or None where that was a mistake."""
    return _number(Evaluator(scope, mistakes).value(expression), expression, mistakes)


def integer(expression: syntax.Expression, scope: Scope, mistakes: Collector, what: str) -> int | None:
    """The whole number that an expression means; `what` names it in a mistake: "a number of units"."""
    value = number(expression, scope, mistakes)
    if isinstance(value, float):
        if not value.is_integer():
            mistakes.add(wrong.parameters.NotAnInteger(expression.span, what, value))
            return None
        return int(value)
    return value


def _number(value: Value | None, expression: syntax.Expression, mistakes: Collector) -> Amount | None:
    if isinstance(value, bool):
        mistakes.add(wrong.parameters.NotANumber(expression.span, "a condition"))
        return None
    if value is not None and not -LARGEST <= value <= LARGEST:
        mistakes.add(wrong.parameters.NumberTooLarge(expression.span))
        return None
    return value


class Evaluator(Struct, frozen=True):
    """Evaluates expressions in a scope. Every method gives None where it, or something within, was a mistake."""

    scope: Scope
    mistakes: Collector

    def value(self, expression: syntax.Expression) -> Value | None:
        """A number or a truth value."""
        match expression:
            case syntax.Number(value, span):
                return self._bounded(value, span)
            case syntax.Text(_, span):
                self.mistakes.add(wrong.parameters.NotANumber(span, "a text"))
                return None
            case syntax.Reference(_, _, span) | syntax.Attribute(_, _, _, span):
                self.mistakes.add(wrong.parameters.NotANumber(span, "a layer"))
                return None
            case syntax.Tuple(_, span):
                self.mistakes.add(wrong.parameters.NotANumber(span, "several numbers"))
                return None
            case syntax.Variable():
                return self._variable(expression)
            case syntax.Unary("not", operand, _):
                condition = self._condition(operand)
                return None if condition is None else not condition
            case syntax.Unary(_, operand, _):
                amount = self._amount(operand)
                return None if amount is None else -amount
            case syntax.Indicator(condition_of, _):
                condition = self._condition(condition_of)
                return None if condition is None else int(condition)
            case syntax.Binary():
                return self._binary(expression)
            case syntax.Call():
                return self._call(expression)

    def _variable(self, variable: syntax.Variable) -> Value | None:
        name = variable.name.text
        if variable.moment is not None:
            self.mistakes.add(wrong.names.MisplacedMoment(variable.span, name))
        binding = self.scope.get(name)
        if binding is not None:
            return binding.value
        if name in self.scope.later:
            self.mistakes.add(wrong.parameters.UsedTooEarly(variable.span, name, self.scope.later[name]))
        else:
            self.mistakes.add(
                wrong.names.UnknownNumber(variable.name.span, name, tuple(name for name, _ in self.scope.names()))
            )
        return None

    def _binary(self, expression: syntax.Binary) -> Value | None:
        if expression.operator in ("and", "or"):
            return self._junction(expression)
        left, right = self._amount(expression.left), self._amount(expression.right)
        if left is None or right is None:
            return None
        if expression.operator in _COMPARISONS:
            return _COMPARISONS[expression.operator](left, right)
        return self._arithmetic(expression, left, right)

    def _junction(self, expression: syntax.Binary) -> bool | None:
        left, right = self._condition(expression.left), self._condition(expression.right)
        if left is None or right is None:
            return None
        return (left and right) if expression.operator == "and" else (left or right)

    def _arithmetic(self, expression: syntax.Binary, left: Amount, right: Amount) -> Value | None:
        operator, span = expression.operator, expression.span
        if (operator in ("/", "//", "%") and right == 0) or (operator == "**" and left == 0 and right < 0):
            self.mistakes.add(wrong.parameters.ZeroDivision(span))
            return None
        if operator == "**" and left < 0 and not float(right).is_integer():
            self.mistakes.add(wrong.parameters.OutsideDomain(span, f"** {right:.12g}", left))
            return None
        if operator == "**" and _bits(left) * max(right, 1) > 4 * _BITS and abs(left) > 1:
            self.mistakes.add(wrong.parameters.NumberTooLarge(span))
            return None
        try:
            return self._bounded(_ARITHMETIC[operator](left, right), span)
        except OverflowError:
            self.mistakes.add(wrong.parameters.NumberTooLarge(span))
            return None

    def _call(self, call: syntax.Call) -> Value | None:
        name = call.function.text
        arguments = [self._amount(argument.value) for argument in call.arguments]
        if name not in FUNCTIONS:
            self.mistakes.add(wrong.names.UnknownFunction(call.function.span, name, tuple(FUNCTIONS)))
            return None
        if not check_count(call, self.mistakes):
            return None
        known = [a for a in arguments if a is not None]
        return self._applied(call, FUNCTIONS[name][2], known) if len(known) == len(arguments) else None

    def _applied(self, call: syntax.Call, function: Callable[..., Value], arguments: list[Amount]) -> Value | None:
        try:
            return self._bounded(function(*arguments), call.span)
        except OverflowError:
            self.mistakes.add(wrong.parameters.NumberTooLarge(call.span))
        except ValueError:
            self.mistakes.add(wrong.parameters.OutsideDomain(call.span, call.function.text, arguments[0]))
        return None

    def _amount(self, expression: syntax.Expression) -> Amount | None:
        value = self.value(expression)
        if isinstance(value, bool):
            self.mistakes.add(wrong.parameters.NotANumber(expression.span, "a condition"))
            return None
        return value

    def _condition(self, expression: syntax.Expression) -> bool | None:
        value = self.value(expression)
        if value is None or isinstance(value, bool):
            return value
        self.mistakes.add(wrong.parameters.NotACondition(expression.span))
        return None

    def _bounded(self, value: Value, span: Span) -> Value | None:
        too_large = value.bit_length() > _BITS if isinstance(value, int) else not math.isfinite(value)
        if too_large:
            self.mistakes.add(wrong.parameters.NumberTooLarge(span))
        return None if too_large else value


def check_count(call: syntax.Call, mistakes: Collector) -> bool:
    """Whether a function that exists is given as many arguments as it takes, all without names."""
    name = call.function.text
    fewest, most, _ = FUNCTIONS[name]
    for argument in call.arguments:
        if argument.name is not None:
            mistakes.add(wrong.names.UnknownArgument(argument.name.span, argument.name.text, (), name))
            return False
    if len(call.arguments) < fewest or (most is not None and len(call.arguments) > most):
        mistakes.add(wrong.names.ArgumentCount(call.span, name, _takes(fewest, most), len(call.arguments)))
        return False
    return True


def _bits(value: Amount) -> float:
    """About how many binary digits a number has before the point."""
    return float(value.bit_length()) if isinstance(value, int) else 0.0


def _takes(fewest: int, most: int | None) -> str:
    plural = "argument" if fewest == 1 else "arguments"
    return f"{fewest} {plural}" if most is not None else f"{fewest} or more {plural}"
