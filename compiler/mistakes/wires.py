"""Mistakes about edges that are drawn by a graph generator."""

from __future__ import annotations

from typing import ClassVar

from dync.compiler.mistakes.examples import INPUT, OUTPUT, network
from dync.compiler.mistakes.unknown import Unknown
from dync.grammar.diagnostic import Diagnostic, Note, Severity
from dync.grammar.source import Span


def _wired(*lines: str) -> str:
    """A network with an array of six layers between input and output, and these lines."""
    ends = ("edge x -> h[1] dense", "edge h[6] -> y dense learn delta")
    return network(INPUT, "layer  h[1..6] (8) tanh", OUTPUT, *ends, *lines)


_RIGHT = _wired("wire h by ring dense")


class UnknownGenerator(Unknown, frozen=True):
    """The graph generator after `by` is none that the language knows."""

    code = "E0321"
    wrong = _wired("wire h by rnig dense")
    right = _RIGHT
    noun = "graph generator"
    nouns = "graph generators"


class UnknownArcs(Unknown, frozen=True):
    """`arcs` says which way the edges of a link lead: `both`, or `forward` or `backward` alone."""

    code = "E0322"
    wrong = _wired("wire h by chain(arcs = up) dense")
    right = _wired("wire h by chain(arcs = forward) dense")
    noun = "choice of arcs"
    nouns = "choices of arcs"


class GraphRefused(Diagnostic, frozen=True):
    """There is no such graph over so many layers: a grid needs rows times columns, a regular graph an even number of
    ends, a clique so many members."""

    code = "E0323"
    wrong = _wired("wire h by grid(4) dense")
    right = _wired("wire h by grid(2) dense")

    name: str
    count: int
    reason: str

    @property
    def message(self) -> str:
        """The generator, the layers, and why not."""
        layers = f"{self.count} layer{'s' if self.count != 1 else ''}"
        return f"`{self.name}` cannot be drawn over {layers}: {self.reason}"


class WireOverEdge(Diagnostic, frozen=True):
    """A `wire` draws an edge between two layers that are joined the same way already, and nothing tells them apart.
    Both statements need a label."""

    code = "E0324"
    wrong = _wired("edge h[2] -> h[3] dense", "wire h by ring dense")
    right = _wired("edge h[2] -> h[4] dense", "wire h by ring dense")

    sender: str
    receiver: str
    first: Span

    @property
    def message(self) -> str:
        """Both ends."""
        return f"one of these is a second edge from `{self.sender}` to `{self.receiver}`"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The first edge; a `for` can make both from one line."""
        labels = Note("several edges between one pair need labels: `wire NAME: …`, `edge NAME: …`")
        if self.first == self.span:
            return (Note("the `for` around it repeats the `wire`"), labels)
        return (Note("the first one stands here", self.first), labels)


class LayerTwice(Diagnostic, frozen=True):
    """A layer stands twice in the list of a `wire`, so that it would be two nodes of the graph."""

    code = "E0325"
    wrong = _wired("wire h, h[2] by ring dense")
    right = _RIGHT

    name: str
    first: Span

    @property
    def message(self) -> str:
        """Names the layer."""
        return f"`{self.name}` stands twice in the list of layers to wire"

    @property
    def notes(self) -> tuple[Note, ...]:
        """Where it stands first."""
        return (Note("it is among these already", self.first),)


class WireDrawsNothing(Diagnostic, frozen=True):
    """The graph has no links at these arguments, so the `wire` draws no edge."""

    code = "W0301"
    severity: ClassVar[Severity] = "warning"
    wrong = _wired("wire h by random(p = 0) dense", "wire h by chain dense")
    right = _RIGHT

    name: str
    count: int

    @property
    def message(self) -> str:
        """The generator and the layers."""
        layers = f"{self.count} layer{'s' if self.count != 1 else ''}"
        return f"`{self.name}` over {layers} has no links, so nothing is wired"
