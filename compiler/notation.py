"""Expressions of a plan as people write them: as the language does, and as formulas of some markup.

What a formula looks like is said once, in `formula`; a `Style` says how a markup writes its parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Generic, Protocol, TypeVar, assert_never

from dync.compiler.expression import LAYER_WIDE, Apply, Expression, Number, Parameter, Symbol, spoken

Markup = TypeVar("Markup")

INFIX: Final[Mapping[str, tuple[str, int]]] = {
    "or": ("or", 1), "and": ("and", 2), "lt": ("<", 4), "le": ("<=", 4), "gt": (">", 4), "ge": (">=", 4),
    "eq": ("==", 4), "ne": ("!=", 4), "add": ("+", 5), "sub": ("-", 5), "mul": ("*", 6), "div": ("/", 6),
    "floordiv": ("//", 6), "mod": ("%", 6), "pow": ("**", 8),
}  # fmt: skip
"""Operations between two operands, as the language writes them, and how tightly they bind."""

TIGHTEST: Final = 9
UNARY: Final = 7
_NOT: Final = 3
_COMMUTE: Final = frozenset({"add", "mul", "and", "or"})
_APART: Final = frozenset({"pow", "lt", "le", "gt", "ge", "eq", "ne"})


def text(expression: Expression) -> str:
    """The expression as the language writes it: `pre * post / batch`."""
    return _text(expression)[0]


def _text(expression: Expression) -> tuple[str, int]:
    """The text, and how tightly its outermost operation binds."""
    match expression:
        case Number(value):
            return number_text(value), TIGHTEST if value >= 0 else UNARY
        case Symbol(name, moment):
            own = spoken(name)
            return own if moment is None else f"{own}@{moment}", TIGHTEST
        case Parameter(name):
            return name, TIGHTEST
        case Apply("indicator", (inner,)):
            return f"[{text(inner)}]", TIGHTEST
        case Apply("neg" | "not" as operation, (inner,)):
            sign, binds = ("-", UNARY) if operation == "neg" else ("not ", _NOT)
            return sign + _inside(inner, binds), binds
        case Apply(operation, (left, right)) if operation in INFIX:
            sign, binds = INFIX[operation]
            left_binds, right_binds = bounds(operation)
            return f"{_inside(left, left_binds)} {sign} {_inside(right, right_binds)}", binds
        case Apply(operation, operands):
            return f"{LAYER_WIDE.get(operation, operation)}({', '.join(map(text, operands))})", TIGHTEST
        case _:
            assert_never(expression)


def bounds(operation: str) -> tuple[int, int]:
    """How tightly the operands of an operation between two must bind to need no brackets."""
    binds = INFIX[operation][1]
    return binds + (operation in _APART), binds + (operation not in _COMMUTE)


def _inside(expression: Expression, binds: int) -> str:
    found, inner = _text(expression)
    return found if inner >= binds else f"({found})"


def number_text(value: float) -> str:
    """A number without needless digits."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


class Style(Protocol[Markup]):
    """How a markup writes the parts of a formula."""

    def number(self, value: float) -> Markup:
        """A constant."""

    def symbol(self, symbol: Symbol) -> Markup:
        """What a rule reads."""

    def parameter(self, name: str) -> Markup:
        """A parameter."""

    def infix(self, operation: str, left: Markup, right: Markup) -> Markup:
        """An operation between two operands."""

    def prefix(self, operation: str, inner: Markup) -> Markup:
        """`neg` or `not`."""

    def fraction(self, over: Markup, under: Markup) -> Markup:
        """A quotient."""

    def power(self, base: Markup, exponent: Markup) -> Markup:
        """A power."""

    def exponential(self, exponent: Markup) -> Markup:
        """A power of e."""

    def root(self, inner: Markup) -> Markup:
        """A square root."""

    def between(self, left: str, inner: Markup, right: str) -> Markup:
        """Something between brackets or bars, as large as itself."""

    def cases(self, condition: Markup, then: Markup, otherwise: Markup) -> Markup:
        """One of two, as a condition has it."""

    def function(self, name: str, operands: Sequence[Markup]) -> Markup:
        """A function by its name."""


class Formula(Generic[Markup]):
    """Expressions in one style."""

    def __init__(self, style: Style[Markup]) -> None:
        self.style = style

    def of(self, expression: Expression) -> Markup:
        """The formula of an expression."""
        return self._bound(expression)[0]

    def within(self, expression: Expression, binds: int) -> Markup:
        """The same in brackets where it binds less tightly."""
        found, inner = self._bound(expression)
        return found if inner >= binds else self.style.between("(", found, ")")

    def _bound(self, expression: Expression) -> tuple[Markup, int]:
        match expression:
            case Number(value):
                return self.style.number(value), TIGHTEST if value >= 0 else UNARY
            case Symbol():
                return self.style.symbol(expression), TIGHTEST
            case Parameter(name):
                return self.style.parameter(name), TIGHTEST
            case Apply(operation, operands):
                return self._apply(operation, operands)
            case _:
                assert_never(expression)

    def _apply(self, operation: str, operands: tuple[Expression, ...]) -> tuple[Markup, int]:
        style = self.style
        match operation, operands:
            case "div", (over, under):
                return style.fraction(self.of(over), self.of(under)), TIGHTEST
            case "pow", (base, exponent):
                return style.power(self.within(base, TIGHTEST), self.of(exponent)), 8
            case "exp", (exponent,):
                return style.exponential(self.of(exponent)), 8
            case "sqrt", (inner,):
                return style.root(self.of(inner)), TIGHTEST
            case "abs", (inner,):
                return style.between("|", self.of(inner), "|"), TIGHTEST
            case "indicator", (inner,):
                return style.between("[", self.of(inner), "]"), TIGHTEST
            case "neg" | "not", (inner,):
                binds = UNARY if operation == "neg" else _NOT
                return style.prefix(operation, self.within(inner, binds)), binds
            case "where", (condition, then, otherwise):
                return style.cases(self.of(condition), self.of(then), self.of(otherwise)), TIGHTEST
            case _, (left, right) if operation in INFIX:
                left_binds, right_binds = bounds(operation)
                found = style.infix(operation, self.within(left, left_binds), self.within(right, right_binds))
                return found, INFIX[operation][1]
        return style.function(
            LAYER_WIDE.get(operation, operation), [self.of(operand) for operand in operands]
        ), TIGHTEST
