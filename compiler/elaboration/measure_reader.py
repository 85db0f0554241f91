"""Reading the expression of a measure: names found, shapes checked, parameters kept apart from what is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, assert_never

from msgspec import Struct, field

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.collector import Collector
from dync.compiler.elaboration.constant import LARGEST
from dync.compiler.elaboration.elaborate_layers import UNKNOWN
from dync.compiler.elaboration.inner_layers import Inner
from dync.compiler.elaboration.layer_table import LayerTable
from dync.compiler.elaboration.scope import Scope
from dync.compiler.expression import CONDITIONS, OPERATIONS, Apply, Expression, Number, Parameter, Symbol
from dync.compiler.model import LayerModel
from dync.grammar import syntax
from dync.grammar.source import Span

REDUCTIONS: Final = {
    "mean": "units_mean", "sum": "units_sum", "max": "units_max", "min": "units_min", "argmax": "units_argmax",
}  # fmt: skip
"""The functions that make one number of all units, where they are given one value."""

FUNCTIONS: Final = ("abs", "sign", "tanh", "exp", "log", "sqrt", "min", "max", "clip", "where", "mean", "sum", "argmax")

MOST: Final = 1000
"""How many operations and values a measure may have. How deep they stand within each other is bounded by the reader."""

_OPERATIONS: Final = {
    "+": "add", "-": "sub", "*": "mul", "/": "div", "//": "floordiv", "%": "mod", "**": "pow",
    "<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne", "and": "and", "or": "or",
}  # fmt: skip


class Read(Struct, frozen=True):
    """A part of a measure. `shape` is that of the layer whose units it has a number for each of, None: one in all.

    `place` is where the layer stands that the shape comes from.
    """

    expression: Expression
    shape: tuple[int, ...] | None
    place: Span

    @property
    def is_condition(self) -> bool:
        """Whether it is a truth value."""
        return isinstance(self.expression, Apply) and self.expression.operation in CONDITIONS


class MeasureReader(Struct):
    """Reads one measure. Every method gives None where it, or something within, was a mistake.

    `parameters` are the parameters of the network that it read, and what they are.
    """

    table: LayerTable
    scope: Scope
    mistakes: Collector
    parameters: dict[str, float] = field(default_factory=dict)
    _size: int = 0

    def number(self, node: syntax.Expression) -> Read | None:
        """An expression that must be numbers."""
        read = self._any(node)
        if read is not None and read.is_condition:
            self.mistakes.add(wrong.parameters.NotANumber(node.span, "a condition"))
            return None
        return read

    def condition(self, node: syntax.Expression) -> Read | None:
        """An expression that must be a condition."""
        read = self._any(node)
        if read is not None and not read.is_condition:
            self.mistakes.add(wrong.parameters.NotACondition(node.span))
            return None
        return read

    def _any(self, node: syntax.Expression) -> Read | None:
        self._size += 1
        if self._size == MOST + 1:
            self.mistakes.add(wrong.measures.TooLong(node.span, MOST))
        return self._read(node) if self._size <= MOST else None

    def _read(self, node: syntax.Expression) -> Read | None:
        match node:
            case syntax.Number(value, span):
                return self._literal(value, span)
            case syntax.Reference():
                return self._state(self._one(node), node.span)
            case syntax.Attribute():
                return self._target(node)
            case syntax.Variable():
                return self._variable(node)
            case syntax.Unary("-", operand, span):
                return self._apply("neg", [self.number(operand)], span)
            case syntax.Unary(_, operand, span):
                return self._apply("not", [self.condition(operand)], span)
            case syntax.Indicator(condition, span):
                return self._apply("indicator", [self.condition(condition)], span)
            case syntax.Binary():
                return self._binary(node)
            case syntax.Call():
                return self._call(node)
            case syntax.Text() | syntax.Tuple():
                found = "a text" if isinstance(node, syntax.Text) else "several numbers"
                self.mistakes.add(wrong.parameters.NotANumber(node.span, found))
                return None
            case _:
                assert_never(node)

    def _literal(self, value: float, span: Span) -> Read | None:
        if not abs(value) <= LARGEST:  # an int may be longer than any float
            self.mistakes.add(wrong.parameters.NumberTooLarge(span))
            return None
        return Read(Number(float(value)), None, span)

    def _one(self, reference: syntax.Reference) -> LayerModel | None:
        """The layer that is read; an array needs an index."""
        entry = self.table.entries.get(reference.name.text)
        if entry is None or entry.low is None or reference.index is not None or not entry.members:
            return self.table.one(reference, self.scope)
        high = entry.low + len(entry.inner or entry.members) - 1
        mistake = wrong.measures.WholeArray(reference.span, reference.name.text, entry.low, high, entry.name.span)
        self.mistakes.add(mistake)
        return None

    def _state(self, layer: LayerModel | None, span: Span) -> Read | None:
        return None if layer is None else Read(Symbol("state", layer.name), layer.shape, span)

    def _target(self, node: syntax.Attribute) -> Read | None:
        """`y.target`: only outputs have one, and nothing else belongs to a layer; to a network, its layers, `m.h`."""
        entry = self.table.entries.get(node.owner.text)
        if entry is not None and entry.inner and entry.low is None and node.moment is None:
            return self._inside(entry.inner[0], node)
        layer = self._one(syntax.Reference(node.owner, None, node.owner.span))
        if layer is None:
            return None
        if node.name.text != "target" or layer.role != "output" or node.moment is not None:
            declared = self.table.entry(layer).name.span
            self.mistakes.add(wrong.measures.NoSuchPart(node.span, layer.name, node.name.text, layer.role, declared))
            return None
        return Read(Symbol("target", layer.name), layer.shape, node.span)

    def _inside(self, inner: Inner, node: syntax.Attribute) -> Read | None:
        """A layer of a network that stands in the place of a layer."""
        layer = inner.layers.get(f"{node.owner.text}.{node.name.text}")
        if layer is None:
            known = tuple(name for name in inner.layers if name.count(".") == 1 and "[" not in name)
            self.mistakes.add(wrong.nested.UnknownPart(node.span, node.span.text, known))
        return self._state(layer, node.span)

    def _variable(self, node: syntax.Variable) -> Read | None:
        name = node.name.text
        if node.moment is not None:
            self.mistakes.add(wrong.measures.MomentInMeasure(node.span, name))
            return None
        if name in self.table.entries:
            return self._state(self._one(syntax.Reference(node.name, None, node.span)), node.span)
        binding = self.scope.get(name)
        if binding is None:
            known = (*self.table.names, *(other for other, _ in self.scope.names()))
            self.mistakes.add(wrong.measures.UnknownInMeasure(node.span, name, known))
        elif binding.value is not None:
            self.parameters[name] = float(binding.value)
            return Read(Parameter(name), None, node.span)
        return None

    def _binary(self, node: syntax.Binary) -> Read | None:
        operation = _OPERATIONS[node.operator]
        wanted = self.condition if operation in ("and", "or") else self.number
        left, right = wanted(node.left), wanted(node.right)
        if operation in ("div", "floordiv", "mod") and right is not None and right.expression == Number(0.0):
            self.mistakes.add(wrong.parameters.ZeroDivision(node.span))
            return None
        return self._apply(operation, [left, right], node.span)

    def _call(self, node: syntax.Call) -> Read | None:
        name, values = node.function.text, [argument.value for argument in node.arguments]
        conditions = 1 if name == "where" else 0
        read = [self.condition(v) for v in values[:conditions]] + [self.number(v) for v in values[conditions:]]
        if name not in FUNCTIONS:
            self.mistakes.add(wrong.measures.UnknownMeasureFunction(node.function.span, name, FUNCTIONS))
            return None
        for argument in node.arguments:
            if argument.name is not None:
                self.mistakes.add(wrong.names.UnknownArgument(argument.name.span, argument.name.text, (), name))
                return None
        if name in REDUCTIONS and len(values) == 1:
            return self._reduced(name, read[0], node.span)
        if name in ("min", "max") and len(values) > 2:
            return self._extreme(name, read, node.span)
        if len(values) not in OPERATIONS.get(name, (1,)):
            self.mistakes.add(wrong.names.ArgumentCount(node.span, name, _takes(name), len(values)))
            return None
        return self._apply(name, read, node.span)

    def _extreme(self, name: str, parts: Sequence[Read | None], span: Span) -> Read | None:
        """`min(a, b, c)`, in pairs and so of little depth."""
        while len(parts) > 1:
            pairs = [parts[i : i + 2] for i in range(0, len(parts), 2)]
            parts = [self._apply(name, pair, span) if len(pair) == 2 else pair[0] for pair in pairs]
        return parts[0]

    def _reduced(self, name: str, operand: Read | None, span: Span) -> Read | None:
        """One number of all units."""
        if operand is None:
            return None
        if operand.shape is None:
            self.mistakes.add(wrong.measures.NothingToReduce(span, name))
            return None
        return Read(Apply(REDUCTIONS[name], (operand.expression,)), None, span)

    def _apply(self, operation: str, operands: Sequence[Read | None], span: Span) -> Read | None:
        """An operation unit by unit; all operands that have units have them in one shape."""
        parts = [operand for operand in operands if operand is not None]
        if len(parts) < len(operands):
            return None
        shape: tuple[int, ...] | None = None
        place = span
        for part in parts:
            if part.shape is None:
                continue
            if shape is not None and UNKNOWN not in (shape, part.shape) and shape != part.shape:
                self.mistakes.add(wrong.measures.UnlikeUnits(span, shape, place, part.shape, part.place))
                return None
            if shape is None or shape == UNKNOWN:
                shape, place = part.shape, part.place
        return Read(Apply(operation, tuple(part.expression for part in parts)), shape, place)


def _takes(name: str) -> str:
    match name:
        case "clip" | "where":
            return "3 arguments"
        case "min" | "max":
            return "1 or more arguments"
        case _:
            return "1 argument"
