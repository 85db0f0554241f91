"""Whether a requirement means anything: its names, its arguments, and what is a number and what a condition.

Nothing here depends on the values of parameters; what does is checked when they are drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias, assert_never

from msgspec import Struct, field

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.collector import Collector
from dync.compiler.elaboration.constant import FUNCTIONS, check_count
from dync.compiler.properties.called import FILTERS, arguments_of, as_reference, as_word
from dync.compiler.properties.known import Known
from dync.compiler.properties.predicate import LONGEST, PREDICATES, ROLES, THINGS, Gives, Predicate, Taken
from dync.grammar import syntax
from dync.grammar.source import Span

Names: TypeAlias = Mapping[str, Span]
"""The numbers that an expression can read, and where they are declared."""

_LOGIC: Final = ("and", "or")
_COMPARISONS: Final = ("<", "<=", ">", ">=", "==", "!=")

What = Literal["a number", "a condition", "a text"]


class Checker(Struct):
    """Checks expressions of one property. Methods give None where a mistake was found and is reported."""

    known: Known
    mistakes: Collector
    dynamic: bool = False
    """Whether any predicate has to run the network."""
    asked: int = field(default=0)
    """How many predicates were met."""
    named: set[str] = field(default_factory=set)
    """The groups that were named."""

    def requirement(self, node: syntax.Require, names: Names) -> None:
        """A whole requirement has to be a condition, and to ask something."""
        before = self.asked
        gives = self.condition(node.condition, names)
        if gives is not None and self.asked == before:
            self.mistakes.add(wrong.properties.SaysNothing(node.span))

    def condition(self, node: syntax.Expression, names: Names) -> Gives | None:
        """An expression that must be a condition."""
        gives = self._gives(node, names)
        if gives == "number":
            self.mistakes.add(wrong.parameters.NotACondition(node.span))
            return None
        return gives

    def number(self, node: syntax.Expression, names: Names) -> Gives | None:
        """An expression that must be a number."""
        gives = self._gives(node, names)
        if gives == "condition":
            self.mistakes.add(wrong.parameters.NotANumber(node.span, "a condition"))
            return None
        return gives

    def _gives(self, node: syntax.Expression, names: Names) -> Gives | None:
        match node:
            case syntax.Number():
                return "number"
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
                return self._variable(node, names)
            case syntax.Indicator(condition):
                return "number" if self.condition(condition, names) else None
            case syntax.Unary("not", operand):
                return self.condition(operand, names)
            case syntax.Unary(_, operand):
                return self.number(operand, names)
            case syntax.Binary():
                return self._binary(node, names)
            case syntax.Call():
                return self._call(node, names)
            case _:
                assert_never(node)

    def _variable(self, node: syntax.Variable, names: Names) -> Gives | None:
        name = node.name.text
        if node.moment is not None:
            self.mistakes.add(wrong.names.MisplacedMoment(node.span, name))
            return None
        if name in names:
            return "number"
        if name in self.known.layers:
            self.mistakes.add(wrong.parameters.NotANumber(node.span, "a layer"))
        elif name in PREDICATES:
            self.mistakes.add(wrong.names.MissingArgument(node.span, PREDICATES[name].takes[0].name, name))
        else:
            self.mistakes.add(wrong.names.UnknownNumber(node.name.span, name, tuple(names)))
        return None

    def _binary(self, node: syntax.Binary, names: Names) -> Gives | None:
        check = self.condition if node.operator in _LOGIC else self.number
        found = check(node.left, names), check(node.right, names)
        if None in found:
            return None
        return "condition" if node.operator in (*_LOGIC, *_COMPARISONS) else "number"

    def _call(self, call: syntax.Call, names: Names) -> Gives | None:
        predicate = PREDICATES.get(call.function.text)
        if predicate is not None:
            return self._predicate(call, predicate, names)
        if call.function.text not in FUNCTIONS:
            known = (*PREDICATES, *FUNCTIONS)
            self.asked += 1
            self.mistakes.add(wrong.properties.UnknownPredicate(call.function.span, call.function.text, known))
            return None
        given = [self.number(argument.value, names) for argument in call.arguments]
        return "number" if check_count(call, self.mistakes) and None not in given else None

    # --- predicates ---

    def _predicate(self, call: syntax.Call, predicate: Predicate, names: Names) -> Gives | None:
        self.asked += 1
        self.dynamic |= predicate.dynamic
        given = arguments_of(call, predicate, self.mistakes)
        for taken in predicate.takes:
            if taken.name in given:
                self._argument(given[taken.name], taken, predicate, names)
            elif taken.needed and len(given) == len(call.arguments):
                self.mistakes.add(wrong.names.MissingArgument(call.span, taken.name, predicate.name))
        return predicate.gives

    def _argument(self, node: syntax.Expression, taken: Taken, predicate: Predicate, names: Names) -> None:
        match taken.sort:
            case "layer" | "layers":
                self._layers(node, predicate, names, single=taken.sort == "layer")
            case "messages":
                self._messages(node)
            case "phase":
                self._phase(node)
            case "things":
                self._things(node, predicate, names)
            case "number":
                self._amount(node, predicate, taken, names)
            case _:
                assert_never(taken.sort)

    def _layers(self, node: syntax.Expression, predicate: Predicate, names: Names, *, single: bool) -> None:
        reference = as_reference(node)
        if reference is None:
            found = self._gives(node, names)
            if found is not None:
                self.mistakes.add(wrong.properties.NotALayer(node.span, predicate.name, f"a {found}"))
            return
        name = reference.name.text
        if reference.index is not None:
            self._index(reference, names)
        elif name in self.known.arrays or (name not in self.known.layers and self._means_several(name)):
            if single:
                several = wrong.properties.SeveralForOne(node.span, predicate.name, name, name in self.known.arrays)
                self.mistakes.add(several)
        elif name not in self.known.layers:
            if name in names:
                self.mistakes.add(wrong.properties.NotALayer(node.span, predicate.name, "a number"))
            else:
                self._unknown_layer(reference.name)

    def _index(self, reference: syntax.Reference, names: Names) -> None:
        """A member of an array."""
        assert reference.index is not None
        name = reference.name.text
        self._constant(reference.index, names)
        if name in self.known.arrays:
            return
        if name in self.known.layers or self._means_several(name):
            self.mistakes.add(wrong.properties.IndexOfOne(reference.span, name, name in self.known.layers))
        else:
            self._unknown_layer(reference.name)

    def _constant(self, node: syntax.Expression, names: Names) -> None:
        """A number in which no predicate stands: an index, a range."""
        before = self.asked
        if self.number(node, names) is not None and self.asked > before:
            self.mistakes.add(wrong.parameters.NotANumber(node.span, "what has to be asked of the network"))

    def _means_several(self, name: str) -> bool:
        self.named |= {name} & self.known.groups
        return name in self.known.groups or name in ROLES

    def _unknown_layer(self, name: syntax.Name) -> None:
        known = (*self.known.layers, *sorted(self.known.groups))
        self.mistakes.add(wrong.names.UnknownLayer(name.span, name.text, known))

    def _messages(self, node: syntax.Expression) -> None:
        word = as_word(node)
        if word is None:
            self.mistakes.add(wrong.properties.NotAWord(node.span, "`all`, `forward` or `backward`"))
        elif word.text not in FILTERS:
            self.mistakes.add(wrong.names.UnknownMessages(word.span, word.text, FILTERS))

    def _phase(self, node: syntax.Expression) -> None:
        word = as_word(node)
        if word is None:
            self.mistakes.add(wrong.properties.NotAWord(node.span, "the name of a phase"))
        elif word.text not in self.known.phases:
            self.mistakes.add(wrong.names.UnknownPhase(word.span, word.text, self.known.phases))

    def _things(self, node: syntax.Expression, predicate: Predicate, names: Names) -> None:
        word = as_word(node)
        if word is None:
            self._layers(node, predicate, names, single=False)
        elif not (word.text in THINGS or word.text in self.known.layers or self._means_several(word.text)):
            several = (*ROLES, *THINGS, *sorted(self.known.arrays), *sorted(self.known.groups))
            self.mistakes.add(wrong.properties.UnknownThing(word.span, word.text, several))

    def _amount(self, node: syntax.Expression, predicate: Predicate, taken: Taken, names: Names) -> None:
        self._constant(node, names)
        if taken.name == "within" and isinstance(node, syntax.Number):
            check_within(node.value, node.span, self.mistakes)

    def range(self, node: syntax.Range, names: Names) -> None:
        """The range of a `for`."""
        self._constant(node.low, names)
        self._constant(node.high, names)


def check_within(value: float, span: Span, mistakes: Collector) -> bool:
    """Whether so many steps can be waited for."""
    if 1 <= value <= LONGEST and float(value).is_integer():
        return True
    mistakes.add(wrong.parameters.OutOfBounds(span, "within", value, f"a whole number from 1 to {LONGEST}"))
    return False
