"""Values that do not fit in the expressions of rules, activations and what edges send."""

from __future__ import annotations

from typing import ClassVar

from dync.compiler.mistakes.rule_examples import with_activation, with_rule
from dync.grammar.diagnostic import Diagnostic, Fix
from dync.grammar.source import Span


class ConditionAsNumber(Diagnostic, frozen=True):
    """A comparison, or `and`, `or`, `not` of some, is a condition: it holds or not. It becomes a number, 1 or 0, in
    square brackets.
    """

    code: ClassVar[str] = "E0511"
    wrong: ClassVar[str] = with_rule("rule r { update pre * (post > 0) / batch }")
    right: ClassVar[str] = with_rule("rule r { update pre * [post > 0] / batch }")

    @property
    def message(self) -> str:
        """The sentence."""
        return "this is a condition, but a number is needed here"

    @property
    def fix(self) -> Fix:
        """Square brackets."""
        return Fix("put it into square brackets: 1 where it holds, 0 elsewhere", self.span, f"[{self.span.text}]")


class NumberAsCondition(Diagnostic, frozen=True):
    """`[ ]`, `and`, `or`, `not` and the first operand of `where` take a condition, such as a comparison. A number is
    none: say when it is to count.
    """

    code: ClassVar[str] = "E0512"
    wrong: ClassVar[str] = with_rule("rule r { update pre * [post] / batch }")
    right: ClassVar[str] = with_rule("rule r { update pre * [post != 0] / batch }")

    simple: bool

    @property
    def message(self) -> str:
        """The sentence."""
        return "this is a number, but a condition is needed here"

    @property
    def fix(self) -> Fix:
        """A comparison with 0."""
        text = self.span.text if self.simple else f"({self.span.text})"
        return Fix("compare it with something", self.span, f"{text} != 0")


class OperandCount(Diagnostic, frozen=True):
    """Each function takes a fixed number of operands; `min` and `max` take two or more."""

    code: ClassVar[str] = "E0513"
    wrong: ClassVar[str] = with_activation("activation a { next clip(field, 1) }")
    right: ClassVar[str] = with_activation("activation a { next clip(field, -1, 1) }")

    function: str
    usage: str
    found: int

    @property
    def message(self) -> str:
        """The sentence."""
        operands = "operand" if self.found == 1 else "operands"
        return f"`{self.function}` is written `{self.usage}`, but has {self.found} {operands} here"


class NamedOperand(Diagnostic, frozen=True):
    """The operands of a function go by their order, not by names."""

    code: ClassVar[str] = "E0514"
    wrong: ClassVar[str] = with_activation("activation a { next clip(field, low = -1, high = 1) }")
    right: ClassVar[str] = with_activation("activation a { next clip(field, -1, 1) }")

    function: str
    value: Span

    @property
    def message(self) -> str:
        """The sentence."""
        return f"the operands of `{self.function}` have no names"

    @property
    def fix(self) -> Fix:
        """The value alone."""
        return Fix("leave the name out", self.span, self.value.text)


class MemberAsNumber(Diagnostic, frozen=True):
    """Rules, activations and what edges send know the numbers at their own two ends; they know no layers by name."""

    code: ClassVar[str] = "E0522"
    wrong: ClassVar[str] = with_rule("rule r { update pre[1] * post / batch }")
    right: ClassVar[str] = with_rule("rule r { update pre * post / batch }")

    @property
    def message(self) -> str:
        """The sentence."""
        return f"a number is needed here, and `{self.span.text}` is the member of an array"


class TextAsNumber(Diagnostic, frozen=True):
    """Rules, activations and what edges send compute with numbers; text has no place in them."""

    code: ClassVar[str] = "E0515"
    wrong: ClassVar[str] = with_rule('rule r { update "pre" * post / batch }')
    right: ClassVar[str] = with_rule("rule r { update pre * post / batch }")

    @property
    def message(self) -> str:
        """The sentence."""
        return "this is text, but a number is needed here"

    @property
    def fix(self) -> Fix | None:
        """The text as a name, where it can be one."""
        inside = self.span.text.strip('"')
        return Fix("leave the quotes out", self.span, inside) if inside.isidentifier() else None


class DivisionByZero(Diagnostic, frozen=True):
    """A division, or the remainder of one, by a constant that is zero has no value."""

    code: ClassVar[str] = "E0516"
    wrong: ClassVar[str] = with_rule("rule r { update pre * post / (1 - 1) }")
    right: ClassVar[str] = with_rule("rule r { update pre * post / batch }")

    @property
    def message(self) -> str:
        """The sentence."""
        return "this is always zero, and nothing can be divided by it"


class NotFinite(Diagnostic, frozen=True):
    """A constant must be a number that float32 can hold, at most about 3.4e38: `log(0)` and `sqrt(-1)` not."""

    code: ClassVar[str] = "E0517"
    wrong: ClassVar[str] = with_rule("rule r { update pre * post * log(0) }")
    right: ClassVar[str] = with_rule("rule r { update pre * post * log(2) }")

    @property
    def message(self) -> str:
        """The sentence."""
        return "this constant has no value that float32 can hold"


class TooLarge(Diagnostic, frozen=True):
    """A rule or an activation is compiled into one expression, in which each `let` stands as often as it is used. Its
    size is bounded, so that a few lines cannot take up all memory.
    """

    code: ClassVar[str] = "E0518"
    wrong: ClassVar[str] = with_rule(
        "rule r {\n"
        + "".join(f"  let a{i} = {'pre * post' if i == 0 else ' + '.join([f'a{i - 1}'] * 10)}\n" for i in range(5))
        + "  update a4\n}"
    )
    right: ClassVar[str] = with_rule("rule r { update 10000 * pre * post }")

    what: str
    limit: str

    @property
    def message(self) -> str:
        """The sentence."""
        return f"with every `let` put in its place {self.what} grows beyond {self.limit}"


class DefaultNotConstant(Diagnostic, frozen=True):
    """The default of a parameter is a constant: nothing can be read in it."""

    code: ClassVar[str] = "E0519"
    wrong: ClassVar[str] = with_rule("rule r(gain = batch) { update gain * pre * post }")
    right: ClassVar[str] = with_rule("rule r(gain = 2) { update gain * pre * post }")

    name: str
    parameter: str

    @property
    def message(self) -> str:
        """The sentence."""
        return f"the default of `{self.parameter}` must be a constant, so it cannot read `{self.name}`"
