"""The derivative of an expression: what rules call `slope`."""

from __future__ import annotations

from dync.compiler.expression import LAYER_WIDE, Apply, Expression, Foreign, Number, Parameter, Symbol, foreign
from dync.compiler.rules.algebra import (
    ONE,
    ZERO,
    add,
    apply,
    choose,
    divide,
    multiply,
    negate,
    power,
    subtract,
)


def derivative(expression: Expression, by: Symbol) -> Expression:
    """d expression / d by, simplified.

    `sign`, comparisons, indicators and rounding have the derivative 0, jumps included. At a kink it is the derivative
    from the right, in step with `sign(0)`, which is 1: that of `abs(x)` at 0 is 1, as is that of `max(x, 0)`, while
    `x * [x > 0]` has 0 there. `where` has that of the branch that holds.

    With numbers of the whole layer it is how a unit's own value depends on its own field: the diagonal of the
    Jacobian. Of `total(x)` that is the derivative of the unit's own summand, of `largest(x)` the one of its own value
    where that is the largest, else 0; and what it changes in the other units' summands through such numbers within.
    """
    return _OfLayer(by).of(expression)


class _OfLayer:
    """The derivative by a symbol of one unit, through numbers of its whole layer too."""

    def __init__(self, by: Symbol) -> None:
        self.by = by
        self.found: dict[Apply, Expression] = {}

    def of(self, expression: Expression) -> Expression:
        """The unit's own share, and what reaches it by each number of the layer."""
        total = _Derivative(self.by).of(expression)
        for whole in _layer_wide(expression):
            total = add(total, multiply(_Derivative(whole).of(expression), self.of_whole(whole)))
        return total

    def of_whole(self, whole: Apply) -> Expression:
        """The derivative of a number of the layer by the symbol of one unit."""
        if whole not in self.found:
            (operand,) = whole.operands
            held = Apply("eq", (operand, whole)) if whole.operation == "units_max" else None
            own = _Derivative(self.by).of(operand)
            total = own if held is None else choose(held, own, ZERO)
            for inner in _layer_wide(operand):
                of_all = _over_units(_Derivative(inner).of(operand), held)
                total = add(total, multiply(of_all, self.of_whole(inner)))
            self.found[whole] = total
        return self.found[whole]


def _over_units(value: Expression, held: Expression | None) -> Expression:
    """The sum of a value over the units of a layer; over those alone for which something holds, its mean."""
    if value == ZERO:
        return ZERO
    if held is None:
        return apply("units_sum", value)
    count = apply("units_sum", apply("indicator", held))
    return divide(apply("units_sum", choose(held, value, ZERO)), count)


def _layer_wide(expression: Expression) -> tuple[Apply, ...]:
    """The numbers of a whole layer that an expression reads, but not those within them."""
    found: dict[Apply, None] = {}
    seen: set[int] = set()

    def look(part: Expression) -> None:
        if isinstance(part, Apply) and id(part) not in seen:
            seen.add(id(part))
            if part.operation in LAYER_WIDE:
                found[part] = None
            else:
                for operand in part.operands:
                    look(operand)

    look(expression)
    return tuple(found)


class _Derivative:
    """By a symbol, or by a number of the whole layer; all other such numbers are taken as constants.

    Remembers the parts already done: a `let` that is used twice is differentiated once.
    """

    def __init__(self, by: Symbol | Apply) -> None:
        self.by = by
        self.done: dict[int, tuple[Expression, Expression]] = {}  # by id; kept with the part, so that no id is reused

    def of(self, expression: Expression) -> Expression:
        match expression:
            case Number() | Parameter():
                return ZERO
            case Symbol():
                return ONE if expression == self.by else ZERO
            case Foreign():
                return self.of_foreign(expression)
            case Apply(operation) if operation in LAYER_WIDE:
                return ONE if expression == self.by else ZERO
            case Apply(operation, operands):
                known = self.done.get(id(expression))
                if known is None:
                    known = self.done[id(expression)] = (expression, self.of_operation(expression, operation, operands))
                return known[1]

    def of_foreign(self, whole: Foreign) -> Expression:
        """The sum over the operands of what JAX says of each; a derivative is not differentiated again."""
        total: Expression = ZERO
        for name, operand in zip(whole.names, whole.operands, strict=True):
            inner = self.of(operand)
            if inner != ZERO and whole.by is None:
                outer = foreign(whole.place, whole.digest, whole.names, whole.operands, name)
                total = add(total, multiply(outer, inner))
        return total

    def of_operation(self, whole: Expression, operation: str, operands: tuple[Expression, ...]) -> Expression:
        match operation, operands:
            case "where", (condition, yes, no):
                return choose(condition, self.of(yes), self.of(no))
            case "clip", (a, low, high):
                return self.of_clip(a, low, high)
            case (("min" | "max"), (a, b)):
                return self.extreme(operation, a, b)
            case _, (a,):
                return self.of_function(whole, operation, a)
            case _, (a, b):
                return self.of_arithmetic(whole, operation, a, b)
        return ZERO

    def of_arithmetic(self, whole: Expression, operation: str, a: Expression, b: Expression) -> Expression:
        if operation not in {"add", "sub", "mul", "div", "pow", "mod"}:
            return ZERO
        da, db = self.of(a), self.of(b)
        match operation:
            case "add":
                return add(da, db)
            case "sub":
                return subtract(da, db)
            case "mul":
                return add(multiply(da, b), multiply(a, db))
            case "div":
                return subtract(divide(da, b), divide(multiply(a, db), multiply(b, b)))
            case "mod":
                return subtract(da, multiply(apply("floordiv", a, b), db))
            case _:
                by_base = multiply(multiply(b, power(a, subtract(b, ONE))), da)
                return add(by_base, multiply(multiply(whole, apply("log", a)), db))

    def of_function(self, whole: Expression, operation: str, a: Expression) -> Expression:
        match operation:
            case "neg":
                return negate(self.of(a))
            case "abs":
                return self.of_abs(a)
            case "tanh":
                return multiply(subtract(ONE, power(whole, Number(2.0))), self.of(a))
            case "exp":
                return multiply(whole, self.of(a))
            case "log":
                return divide(self.of(a), a)
            case "sqrt":
                return divide(self.of(a), multiply(Number(2.0), whole))
            case _:
                return ZERO

    def of_abs(self, a: Expression) -> Expression:
        match self.of(a):
            case Number(0.0):
                return ZERO
            case Number(slope) as inner if slope > 0:
                return multiply(apply("sign", a), inner)
            case inner:
                return choose(Apply("eq", (a, ZERO)), apply("abs", inner), multiply(apply("sign", a), inner))

    def of_clip(self, a: Expression, low: Expression, high: Expression) -> Expression:
        match self.of(a), self.of(low), self.of(high):
            case Number(slope) as inner, Number(0.0), Number(0.0) if slope >= 0:
                inside = Apply("and", (Apply("le", (low, a)), Apply("lt", (a, high))))
                return choose(inside, inner, ZERO)
            case _:
                return self.extreme("min", Apply("max", (a, low)), high)

    def extreme(self, operation: str, a: Expression, b: Expression) -> Expression:
        """Of `min` or `max`: where both are equal, the smaller or the larger of the two derivatives."""
        da, db = self.of(a), self.of(b)
        strict, loose = ("lt", "le") if operation == "min" else ("gt", "ge")
        match da, db:
            case Number(x), Number(y):
                a_wins = x <= y if operation == "min" else x >= y
                return choose(Apply(loose if a_wins else strict, (a, b)), da, db)
            case _:
                tie = choose(Apply(strict, (b, a)), db, apply(operation, da, db))
                return choose(Apply(strict, (a, b)), da, tie)
