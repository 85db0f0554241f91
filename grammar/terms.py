"""The nodes that statements are made of: names, expressions, references to layers, ranges.

Every node ends with its `span`. Sequences are tuples, in the order of the text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dync.grammar.source import Span


@dataclass(frozen=True)
class Name:
    """An identifier."""

    text: str
    span: Span


@dataclass(frozen=True)
class Number:
    """A literal: an `int` where it was written without point and exponent."""

    value: int | float
    span: Span


@dataclass(frozen=True)
class Text:
    """A string in double quotes, without them and with its escapes resolved."""

    value: str
    span: Span


@dataclass(frozen=True)
class Variable:
    """A name in an expression, with the phase after `@` if there is one: `pre`, `post@clamped`, `margin`."""

    name: Name
    moment: Name | None
    span: Span


@dataclass(frozen=True)
class Unary:
    """`-a` or `not a`."""

    operator: Literal["-", "not"]
    operand: Expression
    span: Span


@dataclass(frozen=True)
class Binary:
    """Arithmetic, a comparison or `and`, `or`. Comparisons do not chain."""

    operator: Literal["+", "-", "*", "/", "//", "%", "**", "<", "<=", ">", ">=", "==", "!=", "and", "or"]
    left: Expression
    right: Expression
    span: Span


@dataclass(frozen=True)
class Indicator:
    """`[condition]`: 1 where it holds, 0 elsewhere."""

    condition: Expression
    span: Span


@dataclass(frozen=True)
class Call:
    """`function(arguments)`."""

    function: Name
    arguments: tuple[Argument, ...]
    span: Span


@dataclass(frozen=True)
class Part:
    """`.NAME`, `.NAME[i]`: a layer within a layer that is a network."""

    name: Name
    index: Expression | None
    span: Span


@dataclass(frozen=True)
class Reference:
    """A layer, an array of layers or a member of one: `y`, `h`, `h[i + 1]`; or a label. In an expression it has an
    index.

    `parts` lead to a layer within it, where it is a network: `m.h[2]`.
    """

    name: Name
    index: Expression | None
    span: Span
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Attribute:
    """What belongs to a thing, with the phase after `@` if there is one: `y.target`, `field.apical@clamped`."""

    owner: Name
    name: Name
    moment: Name | None
    span: Span


@dataclass(frozen=True)
class Tuple:
    """`(3, 3)`: several numbers as one argument. It stands nowhere else."""

    values: tuple[Expression, ...]
    span: Span


Expression = Number | Text | Variable | Unary | Binary | Indicator | Call | Reference | Attribute | Tuple


@dataclass(frozen=True)
class Argument:
    """`value` or `name = value`."""

    name: Name | None
    value: Expression
    span: Span


@dataclass(frozen=True)
class Application:
    """A thing by name with arguments, `perceptron(margin = 1)`; without brackets there are none."""

    name: Name
    arguments: tuple[Argument, ...]
    span: Span


@dataclass(frozen=True)
class Nested(Application):
    """`network NAME(arguments)`: a network in the place of a layer, or of the kind of an edge."""


def as_application(expression: Expression) -> Application:
    """A name or a call as a thing with arguments; anything else becomes the name of nothing that exists."""
    match expression:
        case Variable(name, None, span):
            return Application(name, (), span)
        case Call(function, arguments, span):
            return Application(function, arguments, span)
        case _:
            return Application(Name(expression.span.text, expression.span), (), expression.span)


@dataclass(frozen=True)
class Range:
    """`low..high`, both ends included."""

    low: Expression
    high: Expression
    span: Span


@dataclass(frozen=True)
class Choices:
    """`{ a, b, c }`."""

    values: tuple[Expression, ...]
    span: Span
