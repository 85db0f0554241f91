"""Mistakes about soft clamps, about phases that start from others, and about protocols."""

from __future__ import annotations

from typing import ClassVar

from dync.compiler.mistakes.examples import connected
from dync.compiler.mistakes.several import several
from dync.compiler.mistakes.unknown import UnknownOf
from dync.grammar.diagnostic import Diagnostic, Note, Severity
from dync.grammar.source import Span

_FREE = "phase free { steps 5  clamp x }"
_NUDGED = "phase nudged { from free  steps 5  clamp y by 0.5 }"
_PROTOCOL = "protocol nudging { train free, nudged }"


class SoftWithoutTarget(Diagnostic, frozen=True):
    """`clamp … by` pulls a layer towards its data or its target. Only inputs have data, and only outputs a target."""

    code: ClassVar[str] = "E0411"
    wrong: ClassVar[str] = connected("phase nudged { steps 5  clamp h by 0.5 }", "train nudged")
    right: ClassVar[str] = connected("phase nudged { steps 5  clamp y by 0.5 }", "train nudged")

    names: tuple[str, ...]
    declared: Span

    @property
    def message(self) -> str:
        """The layers."""
        return f"{several(self.names)} cannot be clamped `by` a strength: only inputs and outputs have a target"

    @property
    def notes(self) -> tuple[Note, ...]:
        """Where the layer is declared."""
        return (Note("declared here", self.declared),)


class ClampedTwice(Diagnostic, frozen=True):
    """A layer is either held by a phase or pulled to its target, and pulled with one strength alone."""

    code: ClassVar[str] = "E0412"
    wrong: ClassVar[str] = connected("phase nudged { steps 5  clamp x, y  clamp y by 0.5 }", "train nudged")
    right: ClassVar[str] = connected("phase nudged { steps 5  clamp x  clamp y by 0.5 }", "train nudged")

    name: str
    held: bool
    first: Span

    @property
    def message(self) -> str:
        """The layer, and what the phase does with it already."""
        already = "holds it still, so nothing can pull at it" if self.held else "pulls at it already"
        return f"`{self.name}` cannot be clamped `by` this strength: the phase {already}"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The first `clamp`."""
        return (Note("the other `clamp` stands here", self.first),)


class CircularPhases(Diagnostic, frozen=True):
    """A phase starts `from` the end of one that ran before it. One that starts from itself, by any way, never can."""

    code: ClassVar[str] = "E0413"
    wrong: ClassVar[str] = connected("phase a { from b  steps 5 }", "phase b { from a  steps 5 }", "train a, b")
    right: ClassVar[str] = connected("phase a { steps 5 }", "phase b { from a  steps 5 }", "train a, b")

    circle: tuple[str, ...]

    @property
    def message(self) -> str:
        """The way around."""
        if len(self.circle) == 2:
            return f"the phase `{self.circle[0]}` starts from itself"
        return f"phases start from each other in a circle: {' from '.join(f'`{name}`' for name in self.circle)}"


class NotYetRun(Diagnostic, frozen=True):
    """A phase that starts `from` another needs the state at the end of that one, which has to run before it in the same
    `train` or `infer`."""

    code: ClassVar[str] = "E0414"
    wrong: ClassVar[str] = connected(_FREE, _NUDGED, "train nudged, free")
    right: ClassVar[str] = connected(_FREE, _NUDGED, "train free, nudged")

    name: str
    origin: str
    kind: str
    declared: Span

    @property
    def message(self) -> str:
        """Both phases."""
        return (
            f"`{self.name}` starts from the end of `{self.origin}`, which does not run before it in this `{self.kind}`"
        )

    @property
    def notes(self) -> tuple[Note, ...]:
        """The phase."""
        return (Note(f"`{self.name}` says so here", self.declared),)


class EmptyProtocol(Diagnostic, frozen=True):
    """A protocol says what is done, by `train`, by `infer` or by both."""

    code: ClassVar[str] = "E0415"
    wrong: ClassVar[str] = connected(_FREE, "train free", "protocol nudging { }")
    right: ClassVar[str] = connected(_FREE, "train free", "protocol nudging { train free }")

    name: str

    @property
    def message(self) -> str:
        """Names the protocol."""
        return f"the protocol `{self.name}` is empty: give it `train PHASE, …`, `infer PHASE, …` or both"


class NameOfDefault(Diagnostic, frozen=True):
    """`default` is the name of the protocol that `train` and `infer` make outside of any other, so that a setting can
    choose it again."""

    code: ClassVar[str] = "E0416"
    wrong: ClassVar[str] = connected(_FREE, "protocol default { train free }")
    right: ClassVar[str] = connected(_FREE, "train free")

    @property
    def message(self) -> str:
        """What it is already."""
        return "`default` is the protocol without a name: write its `train` and `infer` without `protocol default { }`"


class UnknownProtocol(UnknownOf, frozen=True):
    """A protocol is chosen that the network does not declare."""

    code: ClassVar[str] = "E0417"
    noun, nouns = "protocol", "protocols"
    wrong: ClassVar[str] = (
        connected(_FREE, _NUDGED, "train free", _PROTOCOL)
        + "pipeline fit training { network Example(protocol = nuding)  data iris  epochs 1  optimizer sgd(0.1) }\n"
    ).replace("y (2)", "y (3)")
    right: ClassVar[str] = wrong.replace("nuding", "nudging")


class NoNameOfProtocol(Diagnostic, frozen=True):
    """A protocol is chosen by its name; a number or an expression is none."""

    code: ClassVar[str] = "E0418"
    wrong: ClassVar[str] = UnknownProtocol.wrong.replace("nuding", "1")
    right: ClassVar[str] = UnknownProtocol.right

    @property
    def message(self) -> str:
        """What was found."""
        return f"a protocol is chosen by its name, and `{self.span.text}` is no name"


class ParameterNamedProtocol(Diagnostic, frozen=True):
    """`protocol` stands among the parameters of a network for the choice of a protocol, so no parameter can be called
    that."""

    code: ClassVar[str] = "E0419"
    wrong: ClassVar[str] = connected("param protocol = 3", "phase free { steps protocol }", "train free")
    right: ClassVar[str] = connected("param length = 3", "phase free { steps length }", "train free")

    @property
    def message(self) -> str:
        """What the name means."""
        return "a parameter cannot be called `protocol`: `network.protocol` chooses a protocol of the network"


class NoTarget(Diagnostic, frozen=True):
    """Where a network is evaluated its outputs have no target, which counts as zero: `clamp … by` then pulls them to
    zero. Only a Python program can give a target in `infer`."""

    code: ClassVar[str] = "W0403"
    severity: ClassVar[Severity] = "warning"
    wrong: ClassVar[str] = connected(_FREE, _NUDGED, "train free, nudged", "infer free, nudged")
    right: ClassVar[str] = connected(_FREE, _NUDGED, "train free, nudged", "infer free")

    name: str
    outputs: tuple[str, ...]
    declared: Span

    @property
    def message(self) -> str:
        """The phase and the outputs."""
        return f"`infer` has no targets, so the phase `{self.name}` pulls {several(self.outputs)} to zero"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The phase."""
        return (Note("the soft clamp stands here", self.declared),)
