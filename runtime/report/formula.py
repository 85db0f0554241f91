"""Expressions of a plan as the language writes them, and as MathML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, assert_never

from markupsafe import Markup

from dync.compiler.expression import LAYER_WIDE, Apply, Expression, Number, Parameter, Symbol, spoken, walk

LARGEST: Final = 300
"""Parts of an expression that is still shown as a formula."""

_INFIX: Final[Mapping[str, tuple[str, str, int]]] = {
    "or": ("or", "∨", 1), "and": ("and", "∧", 2), "lt": ("<", "<", 4), "le": ("<=", "≤", 4), "gt": (">", ">", 4),
    "ge": (">=", "≥", 4), "eq": ("==", "=", 4), "ne": ("!=", "≠", 4), "add": ("+", "+", 5), "sub": ("-", "−", 5),
    "mul": ("*", "·", 6), "div": ("/", "/", 6), "floordiv": ("//", "//", 6), "mod": ("%", "mod", 6),
    "pow": ("**", "^", 8),
}  # fmt: skip
"""Operations between two operands: as text, as a sign, and how tightly they bind."""
_TIGHTEST: Final = 9
_UNARY: Final = 7


def text(expression: Expression) -> str:
    """The expression as the language writes it: `pre * post / batch`."""
    return _text(expression)[0]


def _text(expression: Expression) -> tuple[str, int]:
    """The text, and how tightly its outermost operation binds."""
    match expression:
        case Number(value):
            return _number(value), _TIGHTEST if value >= 0 else _UNARY
        case Symbol(name, moment):
            return spoken(name) if moment is None else f"{spoken(name)}@{moment}", _TIGHTEST
        case Parameter(name):
            return name, _TIGHTEST
        case Apply("indicator", (inner,)):
            return f"[{text(inner)}]", _TIGHTEST
        case Apply("neg" | "not" as operation, (inner,)):
            sign, binds = ("-", _UNARY) if operation == "neg" else ("not ", 3)
            return sign + _inside(inner, binds), binds
        case Apply(operation, (left, right)) if operation in _INFIX:
            sign, _, binds = _INFIX[operation]
            tighter = binds + (0 if operation in ("add", "mul", "and", "or") else 1)
            left_binds = binds + 1 if operation in ("pow", "lt", "le", "gt", "ge", "eq", "ne") else binds
            return f"{_inside(left, left_binds)} {sign} {_inside(right, tighter)}", binds
        case Apply(operation, operands):
            return f"{LAYER_WIDE.get(operation, operation)}({', '.join(map(text, operands))})", _TIGHTEST
        case _:
            assert_never(expression)


def _inside(expression: Expression, binds: int) -> str:
    found, inner = _text(expression)
    return found if inner >= binds else f"({found})"


def mathml(name: str, expression: Expression) -> Markup | None:
    """`name = expression` as a `math` element, None where the expression is too long for a formula."""
    if sum(1 for _ in walk(expression)) > LARGEST:
        return None
    said = f"{name} = {text(expression)}"
    body = _word(name) + Markup("<mo>=</mo>") + _math(expression)[0]
    return Markup('<math display="block" alttext="{}"><mrow>{}</mrow></math>').format(said, body)


def _math(expression: Expression) -> tuple[Markup, int]:
    match expression:
        case Number(value):
            return Markup("<mn>{}</mn>").format(_number(value)), _TIGHTEST if value >= 0 else _UNARY
        case Symbol(name, None):
            return _word(spoken(name)), _TIGHTEST
        case Symbol(name, moment):
            return Markup("<msub>{}<mtext>{}</mtext></msub>").format(_word(spoken(name)), moment), _TIGHTEST
        case Parameter(name):
            return Markup('<mi mathvariant="normal" class="parameter">{}</mi>').format(name), _TIGHTEST
        case Apply(operation, operands):
            return _apply(operation, operands)
        case _:
            assert_never(expression)


def _apply(operation: str, operands: tuple[Expression, ...]) -> tuple[Markup, int]:
    match operation, operands:
        case "div", (over, under):
            return Markup("<mfrac><mrow>{}</mrow><mrow>{}</mrow></mfrac>").format(_all(over), _all(under)), _TIGHTEST
        case "pow", (root, power):
            return Markup("<msup><mrow>{}</mrow><mrow>{}</mrow></msup>").format(
                _bracketed(root, _TIGHTEST), _all(power)
            ), 8
        case "exp", (power,):
            return Markup("<msup><mi>e</mi><mrow>{}</mrow></msup>").format(_all(power)), 8
        case "sqrt", (inner,):
            return Markup("<msqrt>{}</msqrt>").format(_all(inner)), _TIGHTEST
        case "abs", (inner,):
            return _between("|", inner, "|"), _TIGHTEST
        case "indicator", (inner,):
            return _between("[", inner, "]"), _TIGHTEST
        case "neg", (inner,):
            return Markup("<mo>−</mo>") + _bracketed(inner, _UNARY), _UNARY
        case "not", (inner,):
            return Markup("<mo>¬</mo>") + _bracketed(inner, 3), 3
        case "where", (condition, then, otherwise):
            return _cases(condition, then, otherwise), _TIGHTEST
        case _, (left, right) if operation in _INFIX:
            _, sign, binds = _INFIX[operation]
            tighter = binds + (0 if operation in ("add", "mul", "and", "or") else 1)
            return _bracketed(left, binds) + Markup("<mo>{}</mo>").format(sign) + _bracketed(right, tighter), binds
    inner_parts = Markup("<mo>,</mo>").join(_all(operand) for operand in operands)
    return _word(LAYER_WIDE.get(operation, operation)) + Markup("<mo>(</mo>{}<mo>)</mo>").format(inner_parts), _TIGHTEST


def _cases(condition: Expression, then: Expression, otherwise: Expression) -> Markup:
    row = Markup("<mtr><mtd>{}</mtd><mtd><mtext>{}</mtext></mtd><mtd>{}</mtd></mtr>")
    rows = row.format(_all(then), "if ", _all(condition)) + row.format(_all(otherwise), "otherwise", "")
    return Markup("<mrow><mo>{{</mo><mtable>{}</mtable></mrow>").format(rows)


def _between(left: str, inner: Expression, right: str) -> Markup:
    return Markup("<mo>{}</mo>{}<mo>{}</mo>").format(left, _all(inner), right)


def _bracketed(expression: Expression, binds: int) -> Markup:
    found, inner = _math(expression)
    return found if inner >= binds else Markup("<mo>(</mo>{}<mo>)</mo>").format(found)


def _all(expression: Expression) -> Markup:
    return _math(expression)[0]


def _word(name: str) -> Markup:
    return Markup('<mi mathvariant="normal">{}</mi>').format(name)


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
