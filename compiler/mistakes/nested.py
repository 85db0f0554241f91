"""Mistakes about networks within networks."""

from __future__ import annotations

from typing import ClassVar, Literal

from dync.compiler.mistakes.examples import network
from dync.compiler.mistakes.nested_examples import CONTRASTIVE, INFER, M, around, coded, inner_network
from dync.compiler.mistakes.several import several
from dync.compiler.mistakes.shapes import Shape, shown
from dync.compiler.mistakes.unknown import Unknown
from dync.grammar.diagnostic import Diagnostic, Note
from dync.grammar.source import Span

End = Literal["input", "output"]
"""Where messages come into a network within another one, or leave it."""


class NetworkInItself(Diagnostic, frozen=True):
    """A network within a network, and so on, until one that is around it: it would have no end."""

    code: ClassVar[str] = "E0711"
    wrong: ClassVar[str] = "network Part {\n  input a (4)\n  layer m network Part\n  edge a -> m dense\n}\n"
    right: ClassVar[str] = around(M)

    circle: tuple[str, ...]
    first: Span

    @property
    def message(self) -> str:
        """The way around."""
        return f"a network cannot be within itself: {' in '.join(f'`{name}`' for name in reversed(self.circle))}"

    @property
    def notes(self) -> tuple[Note, ...]:
        """Where the outermost of them says so, or is declared."""
        return (Note(f"`{self.circle[0]}` begins here", self.first),)


class NoPort(Diagnostic, frozen=True):
    """Messages to a layer that is a network arrive at its input, and its output is what others hear. One without an
    input hears nothing, and one without an output says nothing."""

    code: ClassVar[str] = "E0712"
    wrong: ClassVar[str] = around(
        M, inner="network Part {\n  input a (4)\n  layer b (4) tanh\n  edge a -> b dense\n}\n"
    )
    right: ClassVar[str] = around(M)

    name: str
    network: str
    end: End
    declared: Span

    @property
    def message(self) -> str:
        """The layer and what it lacks."""
        does = "hears nothing" if self.end == "input" else "says nothing"
        return f"`{self.name}` {does}: the network `{self.network}` has no {self.end}"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The layer."""
        return (Note(f"`{self.name}` is this network", self.declared),)


class WhichPort(Diagnostic, frozen=True):
    """Of several inputs or outputs of a network within this one the edge has to name one: `m.cue`."""

    code: ClassVar[str] = "E0713"
    wrong: ClassVar[str] = around(M, inner=inner_network("output d (3)", "edge b -> d dense"))
    right: ClassVar[str] = around(M, out="m.c", inner=inner_network("output d (3)", "edge b -> d dense"))

    name: str
    end: End
    ports: tuple[str, ...]
    declared: Span

    @property
    def message(self) -> str:
        """The layer and what there is to choose from."""
        return f"`{self.name}` has several {self.end}s and the edge has to name one: {several(self.ports)}"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The layer."""
        return (Note(f"`{self.name}` is this network", self.declared),)


class NotAPort(Diagnostic, frozen=True):
    """From outside, edges lead into the inputs of a network within this one, and out of its outputs. What else is in it
    is its own; groups, `clamp` and `record` can name it all the same."""

    code: ClassVar[str] = "E0714"
    wrong: ClassVar[str] = around(M, into="m.b")
    right: ClassVar[str] = around(M, into="m.a")

    name: str
    network: str
    end: End
    ports: tuple[str, ...]
    declared: Span

    @property
    def message(self) -> str:
        """The layer, and where the edge could end or begin."""
        what = "lead into" if self.end == "input" else "come out of"
        found = f"edges {what} {several(self.ports)}" if self.ports else f"it has no {self.end}s"
        return f"`{self.name}` is no {self.end} of the network `{self.network}`: {found}"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The layer."""
        return (Note(f"`{self.name}` is declared here", self.declared),)


class UnknownPart(Unknown, frozen=True):
    """A layer that a network within this one does not have."""

    code: ClassVar[str] = "E0715"
    wrong: ClassVar[str] = around(M, into="m.in")
    right: ClassVar[str] = around(M, into="m.a")
    noun: ClassVar[str] = "layer"
    nouns: ClassVar[str] = "layers of this network"


class NoParts(Diagnostic, frozen=True):
    """What stands behind the point is a layer of a network within this one. Other layers have none in them."""

    code: ClassVar[str] = "E0716"
    wrong: ClassVar[str] = around(M, "group g { x.a }", "schedule sequential")
    right: ClassVar[str] = around(M, "group g { m.a }", "schedule sequential")

    name: str
    declared: Span

    @property
    def message(self) -> str:
        """The layer."""
        return f"`{self.name}` is no network, so there are no layers in it"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The layer."""
        return (Note("declared here", self.declared),)


class InnerShapeOfData(Diagnostic, frozen=True):
    """`(*)` leaves a shape to the data, which only reach the inputs and outputs of the outermost network."""

    code: ClassVar[str] = "E0717"
    wrong: ClassVar[str] = around(M, inner="network Part {\n  input a (*)\n  output c (4)\n  edge a -> c dense\n}\n")
    right: ClassVar[str] = around(M)

    name: str
    network: str
    layer: str
    declared: Span

    @property
    def message(self) -> str:
        """Which layer of which network."""
        return f"within another network `{self.network}` has no data to take the shape of `{self.layer}` from"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The layer."""
        return (Note(f"`{self.layer}` says `(*)` here", self.declared),)


class InnerMoments(Diagnostic, frozen=True):
    """A rule that compares the ends of phases needs those phases. Step by step a network within another one goes
    through the phases of the outer one, which then have to have these names."""

    code: ClassVar[str] = "E0718"
    wrong: ClassVar[str] = around(
        M,
        "phase settle { steps 3 }",
        "train settle",
        "edge x -> y dense learn delta",
        inner=inner_network(*CONTRASTIVE),
    )
    right: ClassVar[str] = around(
        M, CONTRASTIVE[3], "phase free { steps 3  clamp x }", CONTRASTIVE[5], inner=inner_network(*CONTRASTIVE)
    )

    rule: str
    network: str
    missing: tuple[str, ...]
    outer: str
    learns: Span
    protocols: tuple[str, ...]

    @property
    def message(self) -> str:
        """The rule, and the phases that it misses."""
        phases = several(self.missing)
        noun = "phase" if len(self.missing) == 1 else "phases"
        named = "" if self.protocols == ("default",) else f"{'s' * (len(self.protocols) > 1)} {several(self.protocols)}"
        return (
            f"`{self.network}` learns here with the protocol{named} of `{self.outer}`, whose `train` has no {noun} "
            f"{phases}, which its rule `{self.rule}` reads"
        )

    @property
    def notes(self) -> tuple[Note, ...]:
        """The edge that learns."""
        return (Note("an edge learns by it here", self.learns),)


class NestedLearns(Diagnostic, frozen=True):
    """An edge that is a network has no weights that a rule of the edge could change: those are within the network."""

    code: ClassVar[str] = "E0719"
    wrong: ClassVar[str] = coded("edge x -> h network Part learn hebbian", inner=inner_network(*INFER))
    right: ClassVar[str] = coded("edge x -> h network Part", inner=inner_network(*INFER))

    network: str

    @property
    def message(self) -> str:
        """The network."""
        return f"an edge that is the network `{self.network}` cannot learn by a rule: it has no weights of its own"


class NestedEnds(Diagnostic, frozen=True):
    """A network that runs to completion answers one input with one output."""

    code: ClassVar[str] = "E0720"
    wrong: ClassVar[str] = coded(
        "edge x -> h network Part", inner=inner_network("output d (3)", "edge b -> d dense", *INFER)
    )
    right: ClassVar[str] = coded("edge x -> h network Part", inner=inner_network(*INFER))

    network: str
    inputs: int
    outputs: int
    declared: Span

    @property
    def message(self) -> str:
        """How many it has."""
        return (
            f"to run to completion a network needs one input and one output; `{self.network}` has {self.inputs} and "
            f"{self.outputs}"
        )

    @property
    def notes(self) -> tuple[Note, ...]:
        """The network."""
        return (Note("declared here", self.declared),)


class NoInference(Diagnostic, frozen=True):
    """A network that runs to completion goes through its own `infer` at each message, so it needs one."""

    code: ClassVar[str] = "E0721"
    wrong: ClassVar[str] = coded("edge x -> h network Part", inner=inner_network())
    right: ClassVar[str] = coded("edge x -> h network Part", inner=inner_network(*INFER))

    network: str
    declared: Span

    @property
    def message(self) -> str:
        """The network."""
        return f"to run to completion a network needs an `infer`; `{self.network}` has none"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The network."""
        return (Note("declared here", self.declared),)


class NestedShape(Diagnostic, frozen=True):
    """What is sent along an edge that is a network is what its input holds, and its output is the message: the shapes
    have to agree."""

    code: ClassVar[str] = "E0722"
    wrong: ClassVar[str] = inner_network(*INFER) + network(
        "input x (3)", "layer h (4) tanh", "output y (2)", "edge x -> h network Part", "edge h -> y dense"
    )
    right: ClassVar[str] = coded("edge x -> h network Part", inner=inner_network(*INFER))

    name: str
    shape: Shape
    end: End
    layer: str
    inner: Shape
    declared: Span
    inside: Span

    @property
    def message(self) -> str:
        """Both layers with their shapes."""
        own = f"`{self.name}` {shown(self.shape)}"
        other = f"the {self.end} `{self.layer}` {shown(self.inner)}"
        return f"{own} does not fit {other} of the network that the edge is"

    @property
    def notes(self) -> tuple[Note, ...]:
        """Both declarations."""
        return (Note(f"`{self.name}` is declared here", self.declared), Note(f"`{self.layer}` here", self.inside))


class InnerSeries(Diagnostic, frozen=True):
    """Series reach the inputs and outputs of the outermost network; one within it has no samples of its own."""

    code: ClassVar[str] = "E0723"
    wrong: ClassVar[str] = around(
        M,
        inner="network Part {\n  input a (4) over time\n  output c (4)\n  edge a -> c dense\n"
        "  phase go { steps 1 per sample }\n  infer go\n}\n",
    )
    right: ClassVar[str] = around(M)

    network: str
    declared: Span

    @property
    def message(self) -> str:
        """The network."""
        return f"`{self.network}` meets series of its own, which a network within another one cannot"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The network."""
        return (Note("declared here", self.declared),)


class RandomInside(Diagnostic, frozen=True):
    """A message is a function of what is sent, so an activation that draws at random has no place in a network that
    runs to completion. Step by step it has."""

    code: ClassVar[str] = "E0724"
    wrong: ClassVar[str] = coded(
        "edge x -> h network Part", inner=inner_network(*INFER).replace("b (4) tanh", "b (4) glauber")
    )
    right: ClassVar[str] = coded("edge x -> h network Part", inner=inner_network(*INFER))

    network: str
    layer: str
    declared: Span

    @property
    def message(self) -> str:
        """The layer."""
        return f"`{self.layer}` of `{self.network}` draws at random, which a network that runs to completion cannot"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The layer."""
        return (Note("declared here", self.declared),)
