"""Mistakes about edges."""

from __future__ import annotations

from dync.compiler.mistakes.examples import OUT, connected, with_layers
from dync.grammar.diagnostic import Diagnostic, Note
from dync.grammar.source import Span


class ParallelEdges(Diagnostic, frozen=True):
    """Two edges run from one layer to another the same way, and nothing tells them apart: both need a label."""

    code = "E0311"
    wrong = connected("edge x -> h one_to_one(0.5)").replace("h (8)", "h (4)")
    right = connected()

    sender: str
    receiver: str
    first: Span

    @property
    def message(self) -> str:
        """Both ends."""
        return f"there is already an edge from `{self.sender}` to `{self.receiver}`"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The first edge; a `for` can make both from one line."""
        if self.first == self.span:
            repeated = "the `for` around it repeats the edge"
            return (Note(f"{repeated}: a label with an index tells them apart, `edge NAME[i]: …`"),)
        labels = Note("several edges between one pair each need a label: `edge NAME: …`")
        return (Note("the first one stands here", self.first), labels)


class EdgeIntoInput(Diagnostic, frozen=True):
    """An input holds the data. No message can change it, so an edge into it would do nothing."""

    code = "E0313"
    wrong = connected("edge h -> x dense")
    right = connected("edge h -> h dense")

    name: str
    declared: Span

    @property
    def message(self) -> str:
        """Names the input."""
        return f"`{self.name}` is an input: it holds the data, and no edge can lead into it"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The declaration."""
        return (Note(f"`{self.name}` is declared here", self.declared),)


class EdgeIntoConstant(Diagnostic, frozen=True):
    """A constant always holds its value. No message can change it, so an edge into it would do nothing."""

    code = "E0314"
    wrong = connected("constant one (1) = 1", "edge one -> h dense", "edge h -> one dense")
    right = connected("constant one (1) = 1", "edge one -> h dense")

    name: str
    declared: Span

    @property
    def message(self) -> str:
        """Names the constant."""
        return f"`{self.name}` is a constant: it keeps its value, and no edge can lead into it"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The declaration."""
        return (Note(f"`{self.name}` is declared here", self.declared),)


class DiagonalBetweenLayers(Diagnostic, frozen=True):
    """`diagonal` fixes how strongly each unit of a layer acts on itself, so it needs an edge from a layer to itself."""

    code = "E0315"
    wrong = with_layers("edge x -> h dense(diagonal = 0.9)", OUT)
    right = connected("edge h -> h dense(diagonal = 0.9)")

    sender: str
    receiver: str

    @property
    def message(self) -> str:
        """Both ends."""
        return (
            "`diagonal` is for the edge of a layer to itself, "
            f"but this one leads from `{self.sender}` to `{self.receiver}`"
        )
