"""Mistakes about shapes and sizes."""

from __future__ import annotations

from math import prod

from dync.compiler.mistakes.examples import HIDDEN, IN, INPUT, OUT, OUTPUT, network, with_layers
from dync.grammar.diagnostic import Diagnostic, Note
from dync.grammar.source import Span

Shape = tuple[int, ...]


def shown(shape: Shape) -> str:
    """A shape as the language writes it: `(28, 28)`."""
    return f"({', '.join(map(str, shape))})"


class TwoShapes(Diagnostic, frozen=True):
    """The shapes of an edge's two layers do not go together."""

    sender: str
    sender_shape: Shape
    sender_span: Span
    receiver: str
    receiver_shape: Shape
    receiver_span: Span

    @property
    def notes(self) -> tuple[Note, ...]:
        """Where the two shapes are declared."""
        return (
            Note(f"`{self.sender}` is {shown(self.sender_shape)} here", self.sender_span),
            Note(f"`{self.receiver}` is {shown(self.receiver_shape)} here", self.receiver_span),
        )


class UnlikeShapes(TwoShapes, frozen=True):
    """`one_to_one` joins each unit of the sender to the same unit of the receiver, so both must have one shape."""

    code = "E0301"
    wrong = with_layers(IN, "edge h -> y one_to_one(0.5)")
    right = with_layers(IN, "edge h -> y dense")

    @property
    def message(self) -> str:
        """Both layers with their shapes."""
        return (
            f"`one_to_one` joins layers of one shape, but `{self.sender}` is {shown(self.sender_shape)} "
            f"and `{self.receiver}` is {shown(self.receiver_shape)}"
        )


class BadDimension(Diagnostic, frozen=True):
    """Every dimension of a shape is a positive number of units."""

    code = "E0302"
    wrong = network(INPUT, "layer  h (0) tanh", OUTPUT, IN, OUT)
    right = network(INPUT, "layer  h (1) tanh", OUTPUT, IN, OUT)

    name: str
    value: int

    @property
    def message(self) -> str:
        """The dimension that was found."""
        return f"a dimension of `{self.name}` is {self.value}, but a layer needs at least one unit"


class StartShape(Diagnostic, frozen=True):
    """A layer that starts from the value of an input needs as many units as the input has."""

    code = "E0303"
    wrong = network(INPUT, "layer  h (8) tanh start x", OUTPUT, IN, OUT)
    right = network(INPUT, "layer  h (4) tanh start x", OUTPUT, IN, OUT)

    name: str
    shape: Shape
    input: str
    input_shape: Shape
    input_span: Span

    @property
    def message(self) -> str:
        """Both shapes, and their units where those are not plain to see."""
        return (
            f"`{self.name}` {shown(self.shape)} has {prod(self.shape)} units and cannot start from "
            f"`{self.input}` {shown(self.input_shape)}, which has {prod(self.input_shape)}"
        )

    @property
    def notes(self) -> tuple[Note, ...]:
        """The declaration of the input."""
        return (Note(f"`{self.input}` is {shown(self.input_shape)} here", self.input_span),)


class StartNotInput(Diagnostic, frozen=True):
    """`start` takes its value from an input: nothing else has one before the network moves."""

    code = "E0304"
    wrong = network(INPUT, HIDDEN, "layer  g (8) tanh start h", OUTPUT, IN, "edge h -> g dense", "edge g -> y dense")
    right = network(INPUT, HIDDEN, "layer  g (4) tanh start x", OUTPUT, IN, "edge h -> g dense", "edge g -> y dense")

    name: str
    what: str

    @property
    def message(self) -> str:
        """What the name is instead."""
        return f"`{self.name}` is {self.what}: a layer can start only from an input"


class TooLarge(Diagnostic, frozen=True):
    """A network is larger than this compiler takes on: it is refused before it fills the memory.

    The limits: 100000 layers, edges, repetitions and names in lists together, 500000 layers and edges in all networks
    and pipelines of a file, and 2147483647 units in a layer or weights in an edge.
    """

    code = "E0305"
    wrong = network("layer  h[1..1000000] (8) tanh")
    right = with_layers(IN, OUT)

    what: str
    found: int
    limit: int

    @property
    def message(self) -> str:
        """What is too large, and the limit."""
        found = str(self.found) if self.found < 10**15 else "a number of more than 15 digits"
        return f"{self.what}: {found} is more than the limit of {self.limit}"


class NoMembers(Diagnostic, frozen=True):
    """The range of an array holds no index, so the array has no layer."""

    code = "E0306"
    wrong = network("param depth = 0", INPUT, "layer  h[1..depth] (8) tanh", OUTPUT, "edge x -> y dense")
    right = network(
        "layer  h[1..2] (8) tanh start x", INPUT, OUTPUT, "edge h[1] -> y dense", "edge h[2] -> h[1] dense"
    ).replace("(8)", "(4)")

    name: str
    low: int
    high: int

    @property
    def message(self) -> str:
        """The range."""
        return f"the array `{self.name}[{self.low}..{self.high}]` has no members: its range ends before it begins"
