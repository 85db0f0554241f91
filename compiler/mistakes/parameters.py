"""Mistakes about numbers: parameters, arguments and constant expressions."""

from __future__ import annotations

from dync.compiler.mistakes.examples import (
    IN,
    INPUT,
    OUT,
    OUTPUT,
    network,
    training,
    with_layers,
)
from dync.compiler.mistakes.unknown import UnknownOf
from dync.grammar.diagnostic import Diagnostic, Note
from dync.grammar.source import Span


def hidden(declaration: str, units: str = "hidden") -> str:
    """A network with this parameter, which gives the units of its hidden layer."""
    return network(declaration, INPUT, f"layer  h ({units}) tanh", OUTPUT, IN, OUT)


class ParameterOutOfRange(Diagnostic, frozen=True):
    """A parameter has a value, given here or by default, that its declaration does not allow."""

    code = "E0601"
    wrong = hidden("param hidden = 8 in 16..4096")
    right = hidden("param hidden = 16 in 16..4096")

    name: str
    value: float
    allowed: str
    declared: Span

    @property
    def message(self) -> str:
        """The value, and what is allowed."""
        return f"`{self.name}` is {self.value:.12g}, but it must be {self.allowed}"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The declaration that says so."""
        return (Note(f"`{self.name}` is declared here", self.declared),)


class UnknownParameter(UnknownOf, frozen=True):
    """A network is given a parameter that it does not declare."""

    code = "E0602"
    noun, nouns = "parameter", "parameters"
    wrong = training("epochs 1").replace("Example\n", "Example(hidden = 3)\n")
    right = training("epochs 1")


class ZeroDivision(Diagnostic, frozen=True):
    """A constant expression divides by zero."""

    code = "E0603"
    wrong = hidden("param hidden = 8", "hidden / 0")
    right = hidden("param hidden = 8", "hidden / 2")

    @property
    def message(self) -> str:
        """What was found."""
        return "this divides by zero"


class NumberTooLarge(Diagnostic, frozen=True):
    """A number is too large to compute with: networks are computed in float32, which ends at 3.4e38."""

    code = "E0604"
    wrong = with_layers(IN, "edge h -> y dense(strength = 10 ** 100)")
    right = with_layers(IN, "edge h -> y dense(strength = 10 ** 2)")

    @property
    def message(self) -> str:
        """What was found."""
        return "this number is too large to compute with"


class NotAnInteger(Diagnostic, frozen=True):
    """Units, indices, steps and the like are counted: they are whole numbers."""

    code = "E0605"
    wrong = hidden("param hidden = 9", "hidden / 2")
    right = hidden("param hidden = 9", "hidden // 2")

    what: str
    value: float

    @property
    def message(self) -> str:
        """The number that was found."""
        return f"{self.what} must be a whole number, not {self.value:.12g}"


class NotANumber(Diagnostic, frozen=True):
    """A condition (`a < b`, `not a`) or a text stands where a number is needed. `[a < b]` is 1 where it holds."""

    code = "E0606"
    wrong = hidden("param hidden = 8", "hidden > 4")
    right = hidden("param hidden = 8", "8 * [hidden > 4]")

    found: str

    @property
    def message(self) -> str:
        """What was found instead."""
        return f"a number is needed here, not {self.found}"


class NotACondition(Diagnostic, frozen=True):
    """`and`, `or`, `not` and `[…]` take conditions, such as `a < b`."""

    code = "E0607"
    wrong = hidden("param hidden = 8", "8 * [hidden]")
    right = hidden("param hidden = 8", "8 * [hidden > 4]")

    @property
    def message(self) -> str:
        """What was found instead."""
        return "a condition is needed here, such as `a < b`, not a number"


class OutsideDomain(Diagnostic, frozen=True):
    """A function has no real value at this number: the root or the logarithm of a negative number, say."""

    code = "E0608"
    wrong = hidden("param hidden = 8", "sqrt(0 - hidden)")
    right = hidden("param hidden = 9", "sqrt(hidden)")

    function: str
    value: float

    @property
    def message(self) -> str:
        """The function and the number."""
        return f"`{self.function}` has no real value at {self.value:.12g}"


class EmptyDomain(Diagnostic, frozen=True):
    """The range of a parameter ends before it begins, so no value is allowed."""

    code = "E0609"
    wrong = hidden("param hidden = 8 in 16..4")
    right = hidden("param hidden = 8 in 4..16")

    low: float
    high: float

    @property
    def message(self) -> str:
        """Both ends."""
        return f"no value lies in {self.low:.12g}..{self.high:.12g}: the range ends before it begins"


class OutOfBounds(Diagnostic, frozen=True):
    """An argument has a value that makes no sense, such as a density of more than 1."""

    code = "E0610"
    wrong = with_layers(IN, "edge h -> y dense(density = 1.5)")
    right = with_layers(IN, "edge h -> y dense(density = 0.5)")

    name: str
    value: float
    allowed: str

    @property
    def message(self) -> str:
        """The value, and what is allowed."""
        return f"`{self.name}` is {self.value:.12g}, but it must be {self.allowed}"


class UsedTooEarly(Diagnostic, frozen=True):
    """The default of a parameter can read the parameters declared before it, not those after it."""

    code = "E0611"
    wrong = network("param a = b", "param b = 8", INPUT, "layer  h (a) tanh", OUTPUT, IN, OUT)
    right = network("param b = 8", "param a = b", INPUT, "layer  h (a) tanh", OUTPUT, IN, OUT)

    name: str
    declared: Span

    @property
    def message(self) -> str:
        """Names the parameter."""
        return f"the parameter `{self.name}` is declared only further down"

    @property
    def notes(self) -> tuple[Note, ...]:
        """Its declaration."""
        return (Note(f"`{self.name}` is declared here: move it up", self.declared),)
