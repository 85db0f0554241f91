"""Whether an expression is finite whatever finite values it reads."""

from __future__ import annotations

from typing import Final

from dync.compiler.expression import Apply, Expression, Number, Symbol

_SIZES: Final = frozenset({"batch", "fan_in", "fan_out"})


def is_finite(expression: Expression) -> bool:
    """True where that is certain, overflow by sums and small products aside; `log(x)`, `1 / x` and `exp(x)` are not."""
    match expression:
        case Apply("div", (numerator, denominator)):
            return is_finite(numerator) and is_positive(denominator)
        case Apply("pow", (base, Number(exponent))):
            return is_finite(base) and (is_positive(base) or (exponent >= 0 and exponent == int(exponent)))
        case Apply("log" | "sqrt", (operand,)):
            return is_positive(operand)
        case Apply("exp" | "pow" | "floordiv" | "mod", _):
            return False
        case Apply(_, operands):
            return all(map(is_finite, operands))
        case _:
            return True


def is_positive(expression: Expression) -> bool:
    """Whether it is certainly above zero, as sizes are."""
    match expression:
        case Number(value):
            return value > 0
        case Symbol(name):
            return name in _SIZES
        case Apply("add" | "mul" | "div" | "sqrt" | "min" | "max", operands):
            return all(map(is_positive, operands))
        case Apply("pow", (base, Number())):
            return is_positive(base)
        case _:
            return False
