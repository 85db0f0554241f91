"""Expressions of the syntax to expressions of the plan: names found, `let`s put in their places, constants computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, assert_never

from msgspec import Struct, field

from dync.compiler import mistakes as wrong
from dync.compiler.expression import CONDITIONS, LAYER_WIDE, Apply, Expression, Number, Parameter, Symbol, symbols
from dync.compiler.mistakes.parameters import NotANumber
from dync.compiler.mistakes.rule_names import (
    FunctionWithoutOperands,
    LetUsedTooEarly,
    MomentNotAllowed,
    NoParts,
    UnknownFunction,
)
from dync.compiler.mistakes.rule_values import (
    ConditionAsNumber,
    DivisionByZero,
    MemberAsNumber,
    NamedOperand,
    NotFinite,
    NumberAsCondition,
    OperandCount,
    TextAsNumber,
    TooLarge,
)
from dync.compiler.rules.algebra import apply
from dync.compiler.rules.constant import LARGEST, evaluate
from dync.compiler.rules.scope import LAYER_WIDE_FUNCTIONS, Scope
from dync.grammar import syntax
from dync.grammar.diagnostic import Diagnostic, nearest
from dync.grammar.source import Span

MAXIMUM_SIZE: Final = 2000
"""How many nodes an expression may have, every `let` counted as often as it is used."""

MAXIMUM_DEPTH: Final = 100
"""How deep operations may stand within each other."""

MOST_AXES: Final = 1000
"""No layer has so many dimensions."""

_OPERATIONS: Final = {
    "+": "add", "-": "sub", "*": "mul", "/": "div", "//": "floordiv", "%": "mod", "**": "pow",
    "<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne", "and": "and", "or": "or",
}  # fmt: skip


_REDUCTIONS: Final = {function: operation for operation, function in LAYER_WIDE.items()}


class Resolved(Struct, frozen=True):
    """An expression with its size and depth, measured as a tree although `let`s are shared."""

    expression: Expression
    size: int = 1
    depth: int = 1

    @property
    def is_condition(self) -> bool:
        """Whether it is a truth value rather than a number."""
        return isinstance(self.expression, Apply) and self.expression.operation in CONDITIONS


class Resolver(Struct):
    """Resolves the expressions of one place; collects mistakes, places and the names that were read.

    `names` holds parameters and `let`s, None where one has a mistake of its own, which is not to be repeated at each
    use. `later` are the `let`s further down. `places` says by the id of an expression where it was written; it holds
    the expression too, so that no id is given anew. `modulators` are those of the `names` that `@` may follow.
    """

    scope: Scope
    names: dict[str, Resolved | None] = field(default_factory=dict)
    later: dict[str, Span] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    places: dict[int, tuple[Expression, Span]] = field(default_factory=dict)
    moments: dict[str, Span] = field(default_factory=dict)
    modulators: dict[str, Span] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def number(self, node: syntax.Expression, depth: int = 0) -> Resolved | None:
        """The expression of a number; None, with a mistake, where there is none."""
        resolved = self.any(node, depth)
        if resolved is not None and resolved.is_condition:
            return self._fail(ConditionAsNumber(node.span))
        return resolved

    def condition(self, node: syntax.Expression, depth: int = 0) -> Resolved | None:
        """The expression of a condition."""
        resolved = self.any(node, depth)
        if resolved is not None and not resolved.is_condition:
            simple = isinstance(node, syntax.Number | syntax.Variable | syntax.Call | syntax.Indicator)
            return self._fail(NumberAsCondition(node.span, simple))
        return resolved

    def any(self, node: syntax.Expression, depth: int = 0) -> Resolved | None:
        """The expression of a number or a condition. `depth` counts the operations around it."""
        if depth >= MAXIMUM_DEPTH:
            return self._too_deep(node.span)
        match node:
            case syntax.Number(value, span):
                return self._literal(value, span)
            case syntax.Text() | syntax.Tuple():
                several = isinstance(node, syntax.Tuple)
                return self._fail(NotANumber(node.span, "several numbers") if several else TextAsNumber(node.span))
            case syntax.Reference():
                return (
                    self._axis(node)
                    if node.name.text in self.scope.with_axes
                    else self._fail(MemberAsNumber(node.span))
                )
            case syntax.Attribute():
                return self._attribute(node)
            case syntax.Variable():
                return self._variable(node)
            case syntax.Unary("-", operand, span):
                return self._operation("neg", (self.number(operand, depth + 1),), span)
            case syntax.Unary(_, operand, span):
                return self._operation("not", (self.condition(operand, depth + 1),), span)
            case syntax.Binary():
                return self._binary(node, depth + 1)
            case syntax.Indicator(condition, span):
                return self._operation("indicator", (self.condition(condition, depth + 1),), span)
            case syntax.Call():
                return self._call(node, depth + 1)
            case _:
                assert_never(node)

    def _literal(self, value: float, span: Span) -> Resolved | None:
        # An int may be longer than any float, so it is compared before it is converted.
        if not abs(value) <= LARGEST:
            return self._fail(NotFinite(span))
        return self._at(span, Resolved(Number(float(value))))

    def _variable(self, node: syntax.Variable) -> Resolved | None:
        name = node.name.text
        if name in self.names:
            self.used.add(name)
            if node.moment is None:
                return self._named(node)
            if name not in self.modulators:
                return self._fail(self._no_moment(node))
            self.moments.setdefault(node.moment.text, node.moment.span)
            return self._at(node.span, Resolved(Symbol(f"modulator.{name}", node.moment.text)))
        if name not in self.scope.symbols:
            return self._fail(self._unknown(node.name))
        if node.moment is None:
            return self._at(node.span, Resolved(Symbol(name)))
        if name not in self.scope.moments:
            return self._fail(self._no_moment(node))
        self.moments.setdefault(node.moment.text, node.moment.span)
        return self._at(node.span, Resolved(Symbol(name, node.moment.text)))

    def _named(self, node: syntax.Variable) -> Resolved | None:
        """What a parameter, a trace or a `let` is; a mistake where the `let` read what this place cannot."""
        resolved = self.names[node.name.text]
        if resolved is None or not self.scope.lacks:
            return resolved
        read = {symbol.name.partition(".")[0] for symbol in symbols(resolved.expression)}
        for lacking in self.scope.lacks:
            if lacking in read:
                return self._fail(wrong.units.ReadsWhatIsOver(node.span, lacking, self.scope.what, node.name.text))
        return resolved

    def _axis(self, node: syntax.Reference) -> Resolved | None:
        """One axis of a unit's index, `i[1]`; that there is such an axis is checked where the shapes are known."""
        if node.name.text not in self.scope.with_axes or node.parts or node.index is None:
            return self._fail(MemberAsNumber(node.span))
        index = self.number(node.index)
        if index is None:
            return None
        value = index.expression.value if isinstance(index.expression, Number) else 0.0
        if not (value.is_integer() and 1 <= value < MOST_AXES):
            return self._fail(wrong.between.NoAxis(node.span, node.name.text, node.span.text))
        return self._at(node.span, Resolved(Symbol(f"{node.name.text}[{int(value)}]")))

    def _attribute(self, node: syntax.Attribute) -> Resolved | None:
        """A named field, or what an end of a synapse holds; nothing else that can be read here has parts."""
        owner, name, moment = node.owner.text, node.name.text, node.moment
        if owner not in self.scope.symbols and owner not in self.names:
            return self._fail(self._unknown(node.owner))
        if owner in self.scope.with_state and owner not in self.names:
            if name != "state":
                return self._fail(wrong.units.OnlyState(node.span, owner))
        elif owner != "field":
            self.used.add(owner)
            return self._fail(NoParts(node.span, owner, self.scope.what, "field" in self.scope.symbols))
        if moment is not None:
            if owner not in self.scope.moments:
                return self._fail(MomentNotAllowed(node.span, f"{owner}.{name}", self.scope.moments))
            self.moments.setdefault(moment.text, moment.span)
        return self._at(node.span, Resolved(Symbol(f"{owner}.{name}", moment.text if moment else None)))

    def _no_moment(self, node: syntax.Variable) -> Diagnostic:
        return MomentNotAllowed(node.span, node.name.text, self.scope.moments)

    def _unknown(self, name: syntax.Name) -> Diagnostic:
        if name.text in self.scope.functions:
            return FunctionWithoutOperands(name.span, name.text)
        if name.text in self.later:
            self.used.add(name.text)
            return LetUsedTooEarly(name.span, name.text, self.later[name.text])
        known = (*self.scope.symbols, *self.names)
        near = nearest(name.text, known)
        if near is not None:  # most likely what is meant, so it does not count as unused
            self.used.add(near)
        return self.scope.unknown(name.span, name.text, known, near)

    def _binary(self, node: syntax.Binary, depth: int) -> Resolved | None:
        operation = _OPERATIONS[node.operator]
        wanted = self.condition if operation in {"and", "or"} else self.number
        left, right = wanted(node.left, depth), wanted(node.right, depth)
        if operation in {"div", "floordiv", "mod"} and right is not None and right.expression == Number(0.0):
            return self._fail(DivisionByZero(node.right.span))
        return self._operation(operation, (left, right), node.span)

    def _call(self, node: syntax.Call, depth: int) -> Resolved | None:
        function, known = node.function.text, self.scope.functions
        if function not in known:
            for argument in node.arguments:
                self.any(argument.value, depth)
            if function in LAYER_WIDE_FUNCTIONS:
                return self._fail(wrong.units.LayerWideElsewhere(node.function.span, function, self.scope.what))
            near = nearest(function, known)
            return self._fail(UnknownFunction(node.function.span, function, tuple(known), near))
        for argument in node.arguments:
            if argument.name is not None:
                self.mistake(NamedOperand(argument.span, function, argument.value.span))
        values = [argument.value for argument in node.arguments]
        takes_condition = function == "where" and bool(values)
        operands = [self.condition(value, depth) for value in values[:takes_condition]]
        operands += [self.number(value, depth) for value in values[takes_condition:]]
        if not _fits(function, len(values)):
            return self._fail(OperandCount(node.span, function, known[function], len(values)))
        if function in {"min", "max"}:
            return self._extreme(function, operands, node.span)
        return self._operation(_REDUCTIONS.get(function, function), operands, node.span)

    def _extreme(self, function: str, operands: list[Resolved | None], span: Span) -> Resolved | None:
        """`min(a, b, c)` is `min(min(a, b), c)`, nested as evenly as it goes: the depth is that of a balanced tree."""
        while len(operands) > 1:
            pairs = [operands[i : i + 2] for i in range(0, len(operands), 2)]
            operands = [self._operation(function, pair, span) if len(pair) == 2 else pair[0] for pair in pairs]
        return operands[0]

    def _operation(self, operation: str, operands: Sequence[Resolved | None], span: Span) -> Resolved | None:
        """The operation on what was resolved; None where a part has a mistake or the whole has no value."""
        parts = [operand for operand in operands if operand is not None]
        if len(parts) < len(operands):
            return None
        size = 1 + sum(part.size for part in parts)
        depth = 1 + max(part.depth for part in parts)
        if size > MAXIMUM_SIZE:
            return self._fail(TooLarge(span, self.scope.what, f"{MAXIMUM_SIZE} operations and values"))
        if depth > MAXIMUM_DEPTH:
            return self._too_deep(span)
        expressions = tuple(part.expression for part in parts)
        if all(isinstance(e, Number) for e in expressions):
            return self._constant(operation, tuple(e.value for e in expressions if isinstance(e, Number)), span)
        return self._at(span, Resolved(apply(operation, *expressions), size, depth))

    def _constant(self, operation: str, values: tuple[float, ...], span: Span) -> Resolved | None:
        if operation in CONDITIONS or operation in LAYER_WIDE:  # a sum depends on how many units there are
            return self._at(span, Resolved(Apply(operation, tuple(map(Number, values))), 1 + len(values), 2))
        try:
            return self._at(span, Resolved(Number(evaluate(operation, values))))
        except (ArithmeticError, ValueError):
            return self._fail(NotFinite(span))

    def _too_deep(self, span: Span) -> Resolved | None:
        return self._fail(TooLarge(span, self.scope.what, f"{MAXIMUM_DEPTH} operations within each other"))

    def _at(self, span: Span, resolved: Resolved) -> Resolved:
        self.places.setdefault(id(resolved.expression), (resolved.expression, span))
        return resolved

    def _fail(self, diagnostic: Diagnostic) -> Resolved | None:
        self.mistake(diagnostic)
        return None

    def mistake(self, diagnostic: Diagnostic) -> None:
        """Note a mistake."""
        self.diagnostics.append(diagnostic)


def _fits(function: str, count: int) -> bool:
    match function:
        case "min" | "max":
            return count >= 2
        case "clip" | "where":
            return count == 3
        case _:
            return count == 1


def parameter(name: str) -> Resolved:
    """What a parameter is resolved to."""
    return Resolved(Parameter(name))
