"""Mistakes about shared weights, `tied`, and about weights of low rank."""

from __future__ import annotations

from dync.compiler.mistakes.examples import OUT, OUTPUT, network, with_layers
from dync.compiler.mistakes.several import several
from dync.compiler.mistakes.shapes import Shape, shown
from dync.compiler.mistakes.unknown import SHOWN, Unknown
from dync.compiler.report.folding import fold_names
from dync.grammar.diagnostic import Diagnostic, Fix, Note
from dync.grammar.source import Span

_UP = "edge up: x -> h dense learn hebbian"
_TWO = ("input  x (4)", "layer  h (8) tanh", "layer  g (4) tanh", OUTPUT)


def _mirrored(*lines: str) -> str:
    """A network with an edge `up` that learns and a layer `g` of the shape of its sender."""
    return network(*_TWO, _UP, *lines, OUT, "edge g -> y dense")


class UnknownTie(Unknown, frozen=True):
    """`tied` names the edge whose weights it uses by the label of that edge."""

    code = "E0361"
    noun, nouns = "edge with the label", "labels"
    wrong = _mirrored("edge h -> g tied(upp, transposed = true)")
    right = _mirrored("edge h -> g tied(up, transposed = true)")

    @property
    def notes(self) -> tuple[Note, ...]:
        """The labels, those with indices in few words."""
        if not self.known:
            return super().notes
        return (Note(f"the labels are {several(fold_names(self.known), SHOWN)}"),)

    @property
    def fix(self) -> Fix | None:
        """Put the nearest label, unless the index is computed: then another one may be meant each time."""
        return super().fix if self.span.text == self.name else None


class TieToWeightless(Diagnostic, frozen=True):
    """An edge can be tied only to one that has weights of its own: to no `pool`, and to no edge that is tied itself."""

    code = "E0362"
    wrong = _mirrored("edge down: h -> g tied(up, transposed = true)", "edge g -> h tied(down, transposed = true)")
    right = _mirrored("edge down: h -> g tied(up, transposed = true)", "edge g -> h tied(up)")

    label: str
    what: str
    there: Span

    @property
    def message(self) -> str:
        """Names the edge, and what it is."""
        return f"the edge `{self.label}` is {self.what}: it has no weights of its own to share"

    @property
    def notes(self) -> tuple[Note, ...]:
        """That edge."""
        return (Note(f"`{self.label}` stands here", self.there),)


class TieShapes(Diagnostic, frozen=True):
    """Edges that share weights join layers of the same shapes, or with `transposed = true` of the same shapes the other
    way round.
    """

    code = "E0363"
    wrong = _mirrored("edge h -> g tied(up)")
    right = _mirrored("edge h -> g tied(up, transposed = true)")

    label: str
    own: tuple[Shape, Shape]
    shared: tuple[Shape, Shape]
    turned: bool
    there: Span

    @property
    def message(self) -> str:
        """The shapes at both ends of both edges."""
        sender, receiver = (shown(shape) for shape in self.shared)
        ends = (
            f"{sender} -> {receiver}, transposed {receiver} -> {sender}" if self.turned else f"{sender} -> {receiver}"
        )
        return (
            f"the weights of `{self.label}` are for {ends}, but this edge leads {shown(self.own[0])} -> "
            f"{shown(self.own[1])}"
        )

    @property
    def notes(self) -> tuple[Note, ...]:
        """The other edge, and what would make it fit."""
        here = Note(f"`{self.label}` stands here", self.there)
        fitting = self.own == self.shared if self.turned else self.own == self.shared[::-1]
        return (here, Note(f"with `transposed = {'false' if self.turned else 'true'}` it fits")) if fitting else (here,)


class TieLearnsAlone(Diagnostic, frozen=True):
    """Weights that are shared belong to the edge that declares them. Its optimizer step, rate and decay move them, so
    it has to learn where a tied edge does.
    """

    code = "E0364"
    wrong = _mirrored("edge h -> g tied(up, transposed = true) learn delta").replace(" learn hebbian", "")
    right = _mirrored("edge h -> g tied(up, transposed = true) learn delta")

    label: str
    there: Span

    @property
    def message(self) -> str:
        """Names the edge that does not learn."""
        return f"this edge learns the weights of `{self.label}`, but `{self.label}` itself does not learn"

    @property
    def notes(self) -> tuple[Note, ...]:
        """That edge, and the way out."""
        return (
            Note(f"`{self.label}` stands here", self.there),
            Note("give that edge a rule too, or label this one and tie the other to it"),
        )


class TieDecays(Diagnostic, frozen=True):
    """Shared weights decay once, as the edge says that declares them. Its `rate` a tied edge has for itself: it weighs
    its update in the sum.
    """

    code = "E0365"
    wrong = _mirrored("edge h -> g tied(up, transposed = true) learn delta decay 0.1")
    right = _mirrored("edge h -> g tied(up, transposed = true) learn delta").replace("hebbian", "hebbian decay 0.1")

    label: str

    @property
    def message(self) -> str:
        """Names the edge whose decay counts."""
        return f"the weights belong to `{self.label}`, whose `decay` is the only one that they have"


class RankTooHigh(Diagnostic, frozen=True):
    """Weights of low rank are the product of a matrix `[senders, rank]` and one `[rank, receivers]`. With a rank above
    the units of either layer they could say no more than a `dense` edge, and would take more room.
    """

    code = "E0366"
    wrong = with_layers("edge x -> h low_rank(rank = 5)", OUT)
    right = with_layers("edge x -> h low_rank(rank = 2)", OUT)

    rank: int
    layer: str
    units: int

    @property
    def message(self) -> str:
        """The rank and the smaller layer."""
        return f"the rank {self.rank} is more than the {self.units} units of `{self.layer}`"

    @property
    def fix(self) -> Fix:
        """Use a dense edge."""
        return Fix("write `dense`", self.span, "dense")
