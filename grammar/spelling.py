"""How each node of the syntax tree is written, on one line and in one way only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, assert_never

from dync.grammar import syntax as s

TIGHTNESS: Final = {
    "or": 1, "and": 2, "not": 3, "<": 4, "<=": 4, ">": 4, ">=": 4, "==": 4, "!=": 4, "+": 5, "-": 5, "*": 6, "/": 6,
    "//": 6, "%": 6, "**": 8,
}  # fmt: skip
"""How tightly each operator binds; a minus before its operand binds 7, and what needs no brackets 9."""

NEGATIVE: Final = 7
ATOM: Final = 9
ARITHMETIC: Final = frozenset({"+", "-", "*", "/", "//", "%"})


# --- expressions ------------------------------------------------------------------------------------------------------


def expression(node: s.Expression, *, close: bool = False) -> str:
    """An expression with no more brackets than it needs; `close` leaves out the spaces around arithmetic: `i+1`."""
    match node:
        case s.Number() | s.Text():
            return node.span.text
        case s.Variable(name, moment):
            return f"{name.text}@{moment.text}" if moment else name.text
        case s.Indicator(condition):
            return f"[{expression(condition)}]"
        case s.Tuple(values):
            return f"({', '.join(map(expression, values))})"
        case s.Call(function, arguments):
            return f"{function.text}({_arguments(arguments)})"
        case s.Reference():
            return reference(node)
        case s.Attribute(owner, name, moment):
            return f"{owner.text}.{name.text}" + (f"@{moment.text}" if moment else "")
        case s.Unary("-", operand):
            return "-" + _within(operand, NEGATIVE, close)
        case s.Unary("not", operand):
            return "not " + _within(operand, TIGHTNESS["not"], close)
        case s.Binary():
            return _binary(node, close)
        case _:
            raise AssertionError(node)


def _binary(node: s.Binary, close: bool) -> str:
    tightness = TIGHTNESS[node.operator]
    left, right = tightness, tightness + 1
    if node.operator == "**":
        left, right = ATOM, NEGATIVE
    elif tightness == TIGHTNESS["=="]:
        left = tightness + 1
    space = "" if node.operator == "**" or (close and node.operator in ARITHMETIC) else " "
    return f"{_within(node.left, left, close)}{space}{node.operator}{space}{_within(node.right, right, close)}"


def _within(node: s.Expression, tightness: int, close: bool) -> str:
    """An operand, in brackets where it binds less tightly than its place asks for."""
    text = expression(node, close=close)
    return text if _tightness(node) >= tightness else f"({text})"


def _tightness(node: s.Expression) -> int:
    match node:
        case s.Binary(operator):
            return TIGHTNESS[operator]
        case s.Unary("-"):
            return NEGATIVE
        case s.Unary("not"):
            return TIGHTNESS["not"]
        case _:
            return ATOM


def _arguments(arguments: Sequence[s.Argument]) -> str:
    return ", ".join(
        f"{argument.name.text} = {expression(argument.value)}" if argument.name else expression(argument.value)
        for argument in arguments
    )


def application_pieces(node: s.Application) -> list[str]:
    """A thing with its arguments, one argument a piece."""
    if not node.arguments:
        return [node.name.text]
    *others, last = (_arguments([argument]) for argument in node.arguments)
    words = [*(f"{argument}," for argument in others), f"{last})"]
    return [f"{node.name.text}({words[0]}", *words[1:]]


def application(node: s.Application) -> str:
    """A thing with its arguments; without any, without brackets."""
    word = "network " if isinstance(node, s.Nested) else ""
    return word + (f"{node.name.text}({_arguments(node.arguments)})" if node.arguments else node.name.text)


def reference(node: s.Reference) -> str:
    """A layer."""
    named = [node.name.text if node.index is None else f"{node.name.text}[{expression(node.index, close=True)}]"]
    return ".".join([*named, *(reference(s.Reference(p.name, p.index, p.span)) for p in node.parts)])


def interval(node: s.Range) -> str:
    """A range; apart from numbers that begin or end with a point, without spaces."""
    low, high = expression(node.low, close=True), expression(node.high, close=True)
    return f"{low} .. {high}" if low.endswith(".") or high.startswith(".") else f"{low}..{high}"


def choices(node: s.Choices) -> str:
    """A set."""
    return f"{{ {', '.join(map(expression, node.values))} }}"


def references(nodes: Sequence[s.Reference]) -> str:
    """Layers, between commas."""
    return ", ".join(map(reference, nodes))


def _shape(nodes: Sequence[s.Expression]) -> str:
    return f"({', '.join(map(expression, nodes))})" if nodes else "(*)"


def _names(nodes: Sequence[s.Name]) -> str:
    return ", ".join(node.text for node in nodes)


# --- statements -------------------------------------------------------------------------------------------------------

Statement = (
    s.Import | s.Param | s.Input | s.Layer | s.Instance | s.Output | s.Constant | s.Edge | s.Wire | s.Group | s.Schedule
    | s.Protocol | s.Measure | s.RuleMessages | s.Skip | s.Between | s.LocalDefinition | s.Foreign | s.PhaseItem
    | s.Require
)  # fmt: skip
"""The statements without a body of statements; those of pipelines are in `pipeline_spelling.py`."""


def statement(node: Statement) -> str:
    """A statement without a body."""
    match node:
        case s.Import(path):
            return f"import {path.span.text}"
        case s.Require(condition):
            return f"require {expression(condition)}"
        case s.Let() | s.Trace() | s.Foreign():
            return _definition(node)
        case s.Steps() | s.Settle() | s.Messages() | s.Clamp() | s.Beginning():
            return _phase_item(node)
        case s.Param() | s.Input() | s.Layer() | s.Instance() | s.Output() | s.Constant():
            return _quantity(node)
        case s.Edge() | s.Wire():
            return " ".join(edge(node))
        case s.Group(name, members):
            return f"group {name.text} {{ {references(members)} }}"
        case s.Schedule(kind, groups):
            return f"schedule {kind.text}" + (f"({_names(groups)})" if groups else "")
        case s.Protocol(which, phases):
            return f"{which} {_names(phases)}"
        case s.Measure(name, value, minimize):
            return f"measure {name.text} = {expression(value)}" + (" minimize" if minimize else "")
        case s.RuleMessages() | s.Skip() | s.Between():
            return _manner(node)
        case _:
            assert_never(node)


def _definition(node: s.LocalDefinition | s.Foreign) -> str:
    match node:
        case s.Let(name, value):
            return f"let {name.text} = {expression(value)}"
        case s.Trace(name, value):
            return f"trace {name.text} = {expression(value)}"
        case s.Foreign(what, name, parameters, place):
            return f"{what} {name.text}{_parameters(parameters)} python {place.span.text}"
        case _:
            assert_never(node)


def _manner(node: s.RuleMessages | s.Skip | s.Between) -> str:
    match node:
        case s.RuleMessages(kind):
            return f"rule_messages {kind.text}"
        case s.Skip(count):
            return f"skip {expression(count)}"
        case s.Between(kind):
            return f"between sequences {kind.text}"
        case _:
            assert_never(node)


def _quantity(node: s.Param | s.Input | s.Layer | s.Instance | s.Output | s.Constant) -> str:
    match node:
        case s.Param(name, default, domain):
            return f"param {name.text} = {expression(default)}{_domain(domain)}"
        case s.Input(name, shape):
            return f"input {name.text} {_shape(shape)}{_over_time(node)}"
        case s.Layer(name, members, shape, activation, start):
            array = f"[{interval(members)}]" if members else ""
            origin = f" start {reference(start)}" if start else ""
            return f"layer {name.text}{array} {_shape(shape)} {application(activation)}{origin}"
        case s.Instance(name, members, network, completion):
            array = f"[{interval(members)}]" if members else ""
            return f"layer {name.text}{array} {application(network)}" + (" to completion" if completion else "")
        case s.Output(name, shape, activation):
            moves = f" {application(activation)}" if activation else ""
            return f"output {name.text} {_shape(shape)}{moves}{_over_time(node)}"
        case s.Constant(name, shape, value):
            return f"constant {name.text} {_shape(shape)} = {expression(value)}"
        case _:
            assert_never(node)


def _domain(node: s.Range | s.Choices | None) -> str:
    match node:
        case None:
            return ""
        case s.Range():
            return f" in {interval(node)}"
        case s.Choices():
            return f" in {choices(node)}"
        case _:
            assert_never(node)


def edge(node: s.Edge | s.Wire) -> list[str]:
    """The parts of an edge, or of the edges of a graph, that may begin a line."""
    if isinstance(node, s.Wire):
        label = f"{node.label.text}: " if node.label else ""
        parts = [f"wire {label}{references(node.layers)} by {application(node.generator)} {application(node.kind)}"]
    else:
        label = f"{reference(node.label)}: " if node.label else ""
        parts = [f"edge {label}{reference(node.sender)} -> {reference(node.receiver)} {application(node.kind)}"]
    if node.delay is not None:
        parts.append(f"delay {expression(node.delay)}")
    if node.sends is not None:
        parts.append(f"sends {expression(node.sends)}")
    learning = [f"learn {application(node.rule)}"] if node.rule is not None else []
    if node.during is not None:
        learning.append(f"during {node.during.text}")
    if node.rate is not None:
        learning.append(f"rate {expression(node.rate)}")
    if node.decay is not None:
        learning.append(f"decay {expression(node.decay)}")
    return [*parts, " ".join(learning)] if learning else parts


def _over_time(node: s.Input | s.Output) -> str:
    return " over time" if node.over_time else ""


def _per_sample(node: s.Steps | s.Settle) -> str:
    return " per sample" if node.per_sample else ""


def _phase_item(node: s.PhaseItem) -> str:
    match node:
        case s.Steps(count):
            return f"steps {expression(count)}{_per_sample(node)}"
        case s.Settle(within, maximum):
            near = f" within {expression(within)}" if within is not None else ""
            return f"until settled{near} max {expression(maximum)}{_per_sample(node)}"
        case s.Messages(kind, silent):
            return f"messages {kind.text}" + (f" except {references(silent)}" if silent else "")
        case s.Clamp(layers, by):
            return f"clamp {references(layers)}" + (f" by {expression(by)}" if by is not None else "")
        case s.Beginning(phase):
            return f"from {phase.text}"
        case _:
            assert_never(node)


# --- what opens a body ------------------------------------------------------------------------------------------------

Block = (
    s.Network | s.Rule | s.Activation | s.Pipeline | s.For | s.Phase | s.NamedProtocol | s.Property | s.ForEach
)  # fmt: skip
"""The statements with a body of statements."""


def head(node: Block) -> str:
    """What stands before the opening brace."""
    match node:
        case s.Network(name):
            return f"network {name.text}"
        case s.Pipeline(name, kind):
            return f"pipeline {name.text} {kind.text}"
        case s.Phase(name):
            return f"phase {name.text}"
        case s.NamedProtocol(name):
            return f"protocol {name.text}"
        case s.Property(name, draws, network):
            drawn = f"({', '.join(map(_draw, draws))})" if draws else ""
            return f"property {name.text}{drawn} on {network.text}"
        case s.For(variable, numbers) | s.ForEach(variable, numbers):
            return f"for {variable.text} in {interval(numbers)}"
        case s.Rule(name, parameters):
            return f"rule {name.text}{_parameters(parameters)}"
        case s.Activation(name, parameters):
            return f"activation {name.text}{_parameters(parameters)}"
        case _:
            assert_never(node)


def _parameters(nodes: Sequence[s.Parameter]) -> str:
    """The parameters of a rule or an activation in brackets; nothing where there are none."""
    return f"({', '.join(map(_parameter, nodes))})" if nodes else ""


def _parameter(node: s.Parameter) -> str:
    return node.name.text if node.default is None else f"{node.name.text} = {expression(node.default)}"


def _draw(node: s.Draw) -> str:
    return node.name.text + _domain(node.domain)
