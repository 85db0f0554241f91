"""The nodes that statements are made of: names, expressions, references to layers, ranges.

Every node ends with its `span`. Sequences are tuples, in the order of the text.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from dync.grammar.source import Span


class Name(Struct, frozen=True):
    """An identifier."""

    text: str
    span: Span


class Number(Struct, frozen=True):
    """A literal: an `int` where it was written without point and exponent."""

    value: int | float
    span: Span


class Text(Struct, frozen=True):
    """A string in double quotes, without them and with its escapes resolved."""

    value: str
    span: Span


class Variable(Struct, frozen=True):
    """A name in an expression, with the phase after `@` if there is one: `pre`, `post@clamped`, `margin`."""

    name: Name
    moment: Name | None
    span: Span


class Unary(Struct, frozen=True):
    """`-a` or `not a`."""

    operator: Literal["-", "not"]
    operand: Expression
    span: Span


class Binary(Struct, frozen=True):
    """Arithmetic, a comparison or `and`, `or`. Comparisons do not chain."""

    operator: Literal["+", "-", "*", "/", "//", "%", "**", "<", "<=", ">", ">=", "==", "!=", "and", "or"]
    left: Expression
    right: Expression
    span: Span


class Indicator(Struct, frozen=True):
    """`[condition]`: 1 where it holds, 0 elsewhere."""

    condition: Expression
    span: Span


class Call(Struct, frozen=True):
    """`function(arguments)`."""

    function: Name
    arguments: tuple[Argument, ...]
    span: Span


class Part(Struct, frozen=True):
    """`.NAME`, `.NAME[i]`: a layer within a layer that is a network."""

    name: Name
    index: Expression | None
    span: Span


class Reference(Struct, frozen=True):
    """A layer, an array of layers or a member of one: `y`, `h`, `h[i + 1]`; or a label. In an expression it has an
    index.

    `parts` lead to a layer within it, where it is a network: `m.h[2]`.
    """

    name: Name
    index: Expression | None
    span: Span
    parts: tuple[Part, ...] = ()


class Attribute(Struct, frozen=True):
    """What belongs to a thing, with the phase after `@` if there is one: `y.target`, `field.apical@clamped`."""

    owner: Name
    name: Name
    moment: Name | None
    span: Span


class Tuple(Struct, frozen=True):
    """`(3, 3)`: several numbers as one argument. It stands nowhere else."""

    values: tuple[Expression, ...]
    span: Span


Expression = Number | Text | Variable | Unary | Binary | Indicator | Call | Reference | Attribute | Tuple


class Argument(Struct, frozen=True):
    """`value` or `name = value`."""

    name: Name | None
    value: Expression
    span: Span


class Application(Struct, frozen=True):
    """A thing by name with arguments, `perceptron(margin = 1)`; without brackets there are none."""

    name: Name
    arguments: tuple[Argument, ...]
    span: Span


class Nested(Application, frozen=True):
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


class Range(Struct, frozen=True):
    """`low..high`, both ends included."""

    low: Expression
    high: Expression
    span: Span


class Choices(Struct, frozen=True):
    """`{ a, b, c }`."""

    values: tuple[Expression, ...]
    span: Span
