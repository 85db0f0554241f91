"""Mistakes in measures."""

from __future__ import annotations

from typing import ClassVar

from dync.compiler.mistakes.examples import DATA, connected, study
from dync.compiler.mistakes.shapes import shown
from dync.compiler.mistakes.unknown import Unknown
from dync.compiler.plan import GIVEN_MEASURES, STILL_MEASURES
from dync.grammar.diagnostic import Diagnostic, Fix, Note
from dync.grammar.source import Span

_RIGHT = connected("measure size = mean(abs(h))")


def _compared(measure: str) -> str:
    """A comparison with a baseline by a measure."""
    lines = ("entry fast fit", "entry twin baseline linear", f"task some {DATA.split(maxsplit=1)[1]}", measure)
    return study(*lines, kind="comparison").replace("  train settle\n", "  train settle\n  measure size = mean(h)\n")


def _two(word: str) -> str:
    """A comparison of two networks that declare one measure, the second with this word behind it."""
    text = study("entry fast fit", "entry other fit2", "measure test.size", kind="comparison")
    first = text.replace("  train settle\n", "  train settle\n  measure size = mean(h)\n")
    network, rest = first.split("pipeline", 1)
    second = network.replace("network Example", "network Other").replace("mean(h)", f"mean(h){word}")
    fit = "pipeline" + rest[: rest.index("pipeline")]
    return first + second + fit.replace("pipeline fit", "pipeline fit2").replace("Example", "Other")


class GivenMeasure(Diagnostic, frozen=True):
    """`accuracy`, `mse` and `agreement` of the outputs are given with every network whose outputs have a target."""

    code: ClassVar[str] = "E1001"
    wrong: ClassVar[str] = connected("measure accuracy = [argmax(y) == argmax(y.target)]")
    right: ClassVar[str] = connected("measure hits = [argmax(y) == argmax(y.target)]")

    name: str

    @property
    def message(self) -> str:
        """The names that are taken."""
        return f"`{self.name}` is given with every network: call the measure otherwise than {_listed(GIVEN_MEASURES)}"


class UnknownInMeasure(Unknown, frozen=True):
    """A measure reads the states of layers by their names, targets (`y.target`) and the network's parameters."""

    code: ClassVar[str] = "E1002"
    noun, nouns = "layer or parameter", "names that a measure can read"
    wrong: ClassVar[str] = connected("measure size = mean(abs(g))")
    right: ClassVar[str] = _RIGHT


class NoSuchPart(Diagnostic, frozen=True):
    """What belongs to a layer in a measure is the target of an output, `y.target`, and nothing else."""

    code: ClassVar[str] = "E1003"
    wrong: ClassVar[str] = connected("measure size = mean(abs(h - h.target))")
    right: ClassVar[str] = connected("measure size = mean(abs(y - y.target))")

    layer: str
    part: str
    role: str
    declared: Span

    @property
    def message(self) -> str:
        """The layer, and why it has no such part."""
        if self.part == "target" and self.role != "output":
            return f"`{self.layer}` has no target: only an output has one"
        return f"a measure can read `{self.layer}` and the target of an output, not `{self.span.text}`"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The layer."""
        return (Note(f"`{self.layer}` is declared here", self.declared),)


class ManyNumbers(Diagnostic, frozen=True):
    """A measure is one number an example, so what has a number for each unit must be made one of them all."""

    code: ClassVar[str] = "E1004"
    wrong: ClassVar[str] = connected("measure size = abs(h)")
    right: ClassVar[str] = _RIGHT

    name: str
    shape: tuple[int, ...]
    place: Span

    @property
    def message(self) -> str:
        """The shape."""
        return f"the measure `{self.name}` has a number for each unit, {shown(self.shape)}, and must be one an example"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The layer whose units they are, and the way out."""
        return (
            Note("the units are those of this", self.place),
            Note("`mean`, `sum`, `max`, `min` and `argmax` of one value make one number of all units"),
        )


class UnlikeUnits(Diagnostic, frozen=True):
    """What is computed unit by unit needs the same shape on both sides, or one number on one of them."""

    code: ClassVar[str] = "E1005"
    wrong: ClassVar[str] = connected("measure overlap = mean(h * y)")
    right: ClassVar[str] = connected("measure overlap = mean(h) * mean(y)")

    left: tuple[int, ...]
    left_place: Span
    right_shape: tuple[int, ...]
    right_place: Span

    @property
    def message(self) -> str:
        """Both shapes."""
        return f"units of the shapes {shown(self.left)} and {shown(self.right_shape)} cannot be joined one by one"

    @property
    def notes(self) -> tuple[Note, ...]:
        """Both places."""
        return (
            Note(f"{shown(self.left)} here", self.left_place),
            Note(f"{shown(self.right_shape)} here", self.right_place),
        )


class NothingToReduce(Diagnostic, frozen=True):
    """`mean`, `sum`, `argmax`, and `min` and `max` of one value, are taken over the units of a layer."""

    code: ClassVar[str] = "E1006"
    wrong: ClassVar[str] = connected("measure size = mean(sum(h))")
    right: ClassVar[str] = connected("measure size = sum(h)")

    function: str

    @property
    def message(self) -> str:
        """The function."""
        return f"`{self.function}` makes one number of all units, and this is one number an example already"


class MeasuresNothing(Diagnostic, frozen=True):
    """A measure that reads no layer is the same number whatever the network does."""

    code: ClassVar[str] = "E1007"
    wrong: ClassVar[str] = connected("measure size = 1 + 2")
    right: ClassVar[str] = _RIGHT

    name: str

    @property
    def message(self) -> str:
        """Names the measure."""
        return f"the measure `{self.name}` reads no layer, so that it is always the same"


class TooLong(Diagnostic, frozen=True):
    """A measure is worked out for every example; it may have so many operations and values and no more."""

    code: ClassVar[str] = "E1008"
    wrong: ClassVar[str] = connected("measure size = mean(max(h" + ", h" * 1000 + "))")
    right: ClassVar[str] = _RIGHT

    most: int

    @property
    def message(self) -> str:
        """How many there may be."""
        return f"this measure is too long: it can have {self.most} operations and values"


class UnknownMeasureFunction(Unknown, frozen=True):
    """A measure calls a function that does not exist."""

    code: ClassVar[str] = "E1009"
    noun, nouns = "function", "functions of measures"
    wrong: ClassVar[str] = connected("measure size = median(h)")
    right: ClassVar[str] = connected("measure size = mean(h)")


class WholeArray(Diagnostic, frozen=True):
    """A measure reads layers one by one; of an array it has to say which."""

    code: ClassVar[str] = "E1012"
    wrong: ClassVar[str] = (
        _RIGHT.replace("layer  h (8)", "layer  h[1..1] (8)")
        .replace("-> h d", "-> h[1] d")
        .replace("edge h ->", "edge h[1] ->")
    )
    right: ClassVar[str] = wrong.replace("abs(h)", "abs(h[1])")

    name: str
    low: int
    high: int
    declared: Span

    @property
    def message(self) -> str:
        """Names the array."""
        return f"`{self.name}` is an array of layers, and a measure reads single ones: say which, by an index"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The indices that there are."""
        return (Note(f"its index runs from {self.low} to {self.high}", self.declared),)


class MomentInMeasure(Diagnostic, frozen=True):
    """A measure is taken at the end of `infer`, after the read-out; it knows no other moment."""

    code: ClassVar[str] = "E1013"
    wrong: ClassVar[str] = connected("measure size = mean(abs(h@free))")
    right: ClassVar[str] = _RIGHT

    name: str

    @property
    def message(self) -> str:
        """When measures are taken."""
        return f"a measure is taken at the end of `infer`, so it cannot read `{self.span.text}`"

    @property
    def fix(self) -> Fix:
        """Without the moment."""
        return Fix("leave the phase out", self.span, self.name)


class NotOfBaselines(Diagnostic, frozen=True):
    """A measure that a network declares is taken of its states. A baseline is another model, which has none of them."""

    code: ClassVar[str] = "E1010"
    wrong: ClassVar[str] = _compared("measure test.size")
    right: ClassVar[str] = _compared("measure test.mse")

    name: str
    baseline: Span

    @property
    def message(self) -> str:
        """Names the measure."""
        return f"a baseline has no measure `{self.name}`, which the network declares"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The baseline, and what it has."""
        return (
            Note("the baseline stands here", self.baseline),
            Note(f"of a baseline there are {_listed(STILL_MEASURES)}"),
        )


class OppositeMeasures(Diagnostic, frozen=True):
    """Networks that are compared by a measure must agree on whether less of it is better."""

    code: ClassVar[str] = "E1011"
    wrong: ClassVar[str] = _two(" minimize")
    right: ClassVar[str] = _two("")

    name: str
    less: str
    more: str
    declared: Span

    @property
    def message(self) -> str:
        """Both networks."""
        return f"less of `{self.name}` is better in `{self.less}`, and more of it in `{self.more}`"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The measure that says `minimize`."""
        return (Note("declared with `minimize` here", self.declared),)


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names[:-1]) + f" and `{names[-1]}`"
