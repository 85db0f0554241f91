"""Expressions of a plan as MathML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from markupsafe import Markup

from dync.compiler.expression import Expression, Symbol, spoken, walk
from dync.compiler.notation import INFIX, Formula, number_text, text

LARGEST: Final = 300
"""Parts of an expression that is still shown as a formula."""

_SIGNS: Final[Mapping[str, str]] = {
    "or": "∨", "and": "∧", "le": "≤", "ge": "≥", "eq": "=", "ne": "≠", "sub": "−", "mul": "·", "mod": "mod",
}  # fmt: skip
"""Operations whose sign is not that of the language."""


def mathml(name: str, expression: Expression) -> Markup | None:
    """`name = expression` as a `math` element, None where the expression is too long for a formula."""
    if sum(1 for _ in walk(expression)) > LARGEST:
        return None
    said = f"{name} = {text(expression)}"
    body = _word(name) + Markup("<mo>=</mo>") + Formula(_MathML()).of(expression)
    return Markup('<math display="block" alttext="{}"><mrow>{}</mrow></math>').format(said, body)


class _MathML:
    """How MathML writes the parts of a formula."""

    def number(self, value: float) -> Markup:
        return Markup("<mn>{}</mn>").format(number_text(value))

    def symbol(self, symbol: Symbol) -> Markup:
        name = _word(spoken(symbol.name))
        return name if symbol.moment is None else Markup("<msub>{}<mtext>{}</mtext></msub>").format(name, symbol.moment)

    def parameter(self, name: str) -> Markup:
        return Markup('<mi mathvariant="normal" class="parameter">{}</mi>').format(name)

    def infix(self, operation: str, left: Markup, right: Markup) -> Markup:
        return left + Markup("<mo>{}</mo>").format(_SIGNS.get(operation, INFIX[operation][0])) + right

    def prefix(self, operation: str, inner: Markup) -> Markup:
        return Markup("<mo>{}</mo>").format("−" if operation == "neg" else "¬") + inner

    def fraction(self, over: Markup, under: Markup) -> Markup:
        return Markup("<mfrac><mrow>{}</mrow><mrow>{}</mrow></mfrac>").format(over, under)

    def power(self, base: Markup, exponent: Markup) -> Markup:
        return Markup("<msup><mrow>{}</mrow><mrow>{}</mrow></msup>").format(base, exponent)

    def exponential(self, exponent: Markup) -> Markup:
        return Markup("<msup><mi>e</mi><mrow>{}</mrow></msup>").format(exponent)

    def root(self, inner: Markup) -> Markup:
        return Markup("<msqrt>{}</msqrt>").format(inner)

    def between(self, left: str, inner: Markup, right: str) -> Markup:
        return Markup("<mo>{}</mo>{}<mo>{}</mo>").format(left, inner, right)

    def cases(self, condition: Markup, then: Markup, otherwise: Markup) -> Markup:
        row = Markup("<mtr><mtd>{}</mtd><mtd><mtext>{}</mtext></mtd><mtd>{}</mtd></mtr>")
        rows = row.format(then, "if ", condition) + row.format(otherwise, "otherwise", "")
        return Markup("<mrow><mo>{{</mo><mtable>{}</mtable></mrow>").format(rows)

    def function(self, name: str, operands: Sequence[Markup]) -> Markup:
        return _word(name) + Markup("<mo>(</mo>{}<mo>)</mo>").format(Markup("<mo>,</mo>").join(operands))


def _word(name: str) -> Markup:
    return Markup('<mi mathvariant="normal">{}</mi>').format(name)
