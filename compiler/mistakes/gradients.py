"""Mistakes in learning by the gradient of a measure."""

from __future__ import annotations

from typing import ClassVar

from dync.compiler.mistakes.examples import HIDDEN, IN, INPUT, OUTPUT, network
from dync.compiler.mistakes.rule_examples import with_rule
from dync.compiler.mistakes.several import several
from dync.compiler.mistakes.unknown import Unknown
from dync.grammar.diagnostic import Diagnostic, Fix, Note
from dync.grammar.source import Span

_FREE = "phase free { steps 3 clamp x }"


def _taught(learn: str, *lines: str, hidden: str = HIDDEN, phase: str = _FREE) -> str:
    """A network of `x`, `h` and `y` whose first edge learns so, with the output let go, and these lines."""
    edges = f"{IN} learn {learn}", "edge h -> y dense learn delta"
    return network(INPUT, hidden, OUTPUT, *edges, phase, "train free", *lines)


_RIGHT = _taught("gradient(mse)")


class GradientArgument(Diagnostic, frozen=True):
    """`learn gradient(MEASURE)` follows the derivative of one measure, at the end of the training protocol or, by
    `gradient(MEASURE@PHASE)`, of one of its phases. It takes nothing else, and no `during`: the way back goes through
    the whole protocol.
    """

    code: ClassVar[str] = "E0426"
    wrong: ClassVar[str] = _taught("gradient")
    right: ClassVar[str] = _RIGHT

    during: bool

    @property
    def message(self) -> str:
        """What it takes."""
        if self.during:
            return "learning by a gradient goes back through the whole protocol, so it knows no `during`"
        return "`gradient` takes the name of one measure: `gradient(mse)`, or `gradient(mse@PHASE)`"


class UnknownGradientMeasure(Unknown, frozen=True):
    """An edge follows the gradient of a measure that the network does not declare and that is not given either."""

    code: ClassVar[str] = "E0427"
    noun, nouns = "measure", "measures that have a gradient"
    wrong: ClassVar[str] = _taught("gradient(mze)")
    right: ClassVar[str] = _RIGHT

    within: str = ""

    @property
    def message(self) -> str:
        """The measure, and where it is looked for."""
        if not self.within:
            return super().message
        return f"{super().message}: `{self.within}`, which stands within this network, learns by its gradient"


class GradientReserved(Diagnostic, frozen=True):
    """`learn gradient(…)` is learning by the derivative of a measure, so no rule can have this name."""

    code: ClassVar[str] = "E0428"
    wrong: ClassVar[str] = with_rule("rule gradient { update pre * post }", "delta")
    right: ClassVar[str] = with_rule("rule product { update pre * post }", "product")

    @property
    def message(self) -> str:
        """The name that is taken."""
        return (
            "no rule can be called `gradient`: an edge learns by the gradient of a measure with `learn gradient(mse)`"
        )


class GradientMoment(Diagnostic, frozen=True):
    """The phase after the `@` must be one of the phases of `train`, in every protocol that has one. In a network over
    time it runs per sample, because the weights learn after each sample.
    """

    code: ClassVar[str] = "E0429"
    wrong: ClassVar[str] = _taught("gradient(mse@fre)")
    right: ClassVar[str] = _taught("gradient(mse@free)")

    phase: str
    lacking: tuple[tuple[str, tuple[str, ...]], ...]
    near: str | None
    within: str = ""
    once: bool = False

    @property
    def message(self) -> str:
        """The phase, and what lacks it."""
        if self.once:
            return f"`{self.phase}` runs once a sequence, and what learns by a gradient learns after each sample"
        names = [name for name, _ in self.lacking]
        of = "" if names in ([], ["default"]) else f" of the protocol{'s' * (len(names) > 1)} {several(names)}"
        inner = f", at whose end `{self.within}` takes its gradient" if self.within else ""
        return f"`{self.phase}` is not a phase of `train`{of}{inner}"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The phases that there are."""
        if self.once:
            return ()
        if not self.lacking:
            return (Note("this network has no `train`"),)
        return tuple(
            Note(
                f"the phases of {'`train`' if name == 'default' else f'the `train` of `{name}`'} are {several(phases)}"
            )
            for name, phases in self.lacking
        )

    @property
    def fix(self) -> Fix | None:
        """The nearest phase."""
        return Fix(f"write `{self.near}`", self.span, self.near) if self.near and not self.within else None


class FlatMeasure(Diagnostic, frozen=True):
    """A measure made of comparisons, such as the accuracy, changes by jumps: its derivative is zero wherever there is
    one. A network learns by a measure that changes smoothly, the mean squared error for one, or one that it declares.
    """

    code: ClassVar[str] = "E0430"
    wrong: ClassVar[str] = _taught("gradient(accuracy)")
    right: ClassVar[str] = _taught(
        "gradient(cross_entropy)",
        "measure cross_entropy = log(sum(exp(y))) - sum(y * (1 + y.target)) / 2 minimize",
    )

    measure: str
    given: bool
    declared: Span | None

    @property
    def message(self) -> str:
        """The measure."""
        if self.measure == "nrmse":
            return "`nrmse` is taken of a whole set of data, so no example has a gradient of it"
        if self.measure == "mse":
            return "`mse` is taken of outputs, and this network has none"
        return f"the measure `{self.measure}` has no gradient: it changes by jumps, or not at all"

    @property
    def notes(self) -> tuple[Note, ...]:
        """What would do."""
        way = Note("`mse` has one, and so has a measure that is smooth in the states, such as a cross-entropy")
        return (way,) if self.declared is None else (Note("it is declared here", self.declared), way)

    @property
    def fix(self) -> Fix | None:
        """The mean squared error, in the place of a given measure."""
        given = self.given and self.measure != "mse"
        return Fix("write `mse`", self.span, "mse") if given else None


class ClampedMeasure(Diagnostic, frozen=True):
    """A layer that is clamped holds its data or its target whatever the weights are. Where that is all that a measure
    reads at the moment at which its gradient is taken, the gradient is zero. Without a `clamp` a phase holds all inputs
    and outputs: `clamp x` alone lets the outputs go.
    """

    code: ClassVar[str] = "E0431"
    wrong: ClassVar[str] = _taught("gradient(mse)", phase="phase free { steps 3 }")
    right: ClassVar[str] = _RIGHT

    measure: str
    layers: tuple[str, ...]
    phase: str
    phase_span: Span
    inputs: tuple[str, ...]

    @property
    def message(self) -> str:
        """What is clamped."""
        held = "is" if len(self.layers) == 1 else "are"
        return (
            f"{several(self.layers)} {held} clamped at the end of `{self.phase}`, so `{self.measure}` does not depend "
            "on any weight there"
        )

    @property
    def notes(self) -> tuple[Note, ...]:
        """The phase, and the way out."""
        way = f"`clamp {', '.join(self.inputs)}`" if self.inputs else "a `clamp`"
        return (
            Note(f"`{self.phase}` is declared here", self.phase_span),
            Note(f"{way} in this phase, or in one after it, lets the outputs go"),
        )


class NoGradient(Diagnostic, frozen=True):
    """The derivative of a measure by a weight goes back along messages and through activations. Where each way leads
    through an activation whose derivative is zero everywhere, such as `sign`, or where no message is sent, it is zero.
    A `surrogate` in an activation stands in for its derivative.
    """

    code: ClassVar[str] = "E0432"
    wrong: ClassVar[str] = _taught("gradient(mse)", hidden="layer  h (8) sign")
    right: ClassVar[str] = _RIGHT

    edge: str
    measure: str
    receiver: str
    flat: tuple[str, ...]
    activation: tuple[str, Span] | None
    sends: Span | None
    silent: bool

    @property
    def message(self) -> str:
        """The edge, and where the way ends."""
        head = f"no gradient of `{self.measure}` reaches the weights of `{self.edge}`: "
        if self.silent:
            return f"{head}no phase of `train` before that moment sends its messages to a layer that moves"
        if self.activation is not None and self.flat == (self.receiver,):
            return f"{head}the derivative of `{self.activation[0]}` is zero everywhere"
        if self.flat:
            return f"{head}each way from `{self.receiver}` leads through {several(self.flat)}, whose derivative is zero"
        if self.sends is not None:
            return f"{head}what is sent on each way from `{self.receiver}` changes by jumps"
        return f"{head}in `train` no message leads from `{self.receiver}` to what it reads"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The first place that stops it, and the way out."""
        if self.silent or self.activation is None:
            return () if self.sends is None or self.silent else (Note("sent here", self.sends),)
        name, place = self.activation
        return (
            Note(f"`{self.flat[0]}` has the activation `{name}` here", place),
            Note("a `surrogate` in the activation can stand in for its derivative"),
        )


_BEND = network(
    "input  a (8)", "output b (8)", "edge a -> b network Rest", "phase once { steps 1 clamp a }", "infer once"
).replace("Example", "Bend") + network(
    "input  a (8)", "output b (8) tanh", "edge a -> b one_to_one", "edge b -> b one_to_one(0.5)",
    "phase rest { until settled max 9 clamp a }", "infer rest",
).replace("Example", "Rest")  # fmt: skip


class SettlesInside(Diagnostic, frozen=True):
    """A derivative goes back through each step, also through those of a network that is an edge. Where that holds
    another such edge, whose network runs until it has settled, nobody knows how many steps to keep for the way back.
    """

    code: ClassVar[str] = "E0434"
    wrong: ClassVar[str] = _taught("gradient(mse)", "edge h -> h network Bend") + _BEND
    right: ClassVar[str] = wrong.replace("until settled max 9", "steps 9")

    network: str
    inner: str

    @property
    def message(self) -> str:
        """Both networks."""
        return (
            f"no gradient goes back through `{self.network}` to completion: within it `{self.inner}` runs to "
            "completion, until it has settled"
        )

    @property
    def notes(self) -> tuple[Note, ...]:
        """The way out."""
        return (Note(f"give the phases of `infer` in `{self.inner}` a number of steps"),)


class TiedGradient(Diagnostic, frozen=True):
    """Tied edges share their weights, and the gradient by these goes through all edges that use them. So the edge that
    owns them learns by it, for all of them.
    """

    code: ClassVar[str] = "E0433"
    wrong: ClassVar[str] = network(
        INPUT, HIDDEN, OUTPUT, f"edge up: {IN[5:]} learn gradient(mse)", "edge h -> y dense learn gradient(mse)",
        "edge h -> h2 tied(up, transposed = true) learn gradient(mse)", "layer h2 (4) tanh",
        "edge h2 -> y dense", _FREE, "train free",
    )  # fmt: skip
    right: ClassVar[str] = wrong.replace("true) learn gradient(mse)", "true)")

    label: str
    there: Span

    @property
    def message(self) -> str:
        """Names the owner."""
        return (
            f"a tied edge does not learn by a gradient itself: that of `{self.label}`, whose weights it has, goes "
            "through both"
        )

    @property
    def notes(self) -> tuple[Note, ...]:
        """The owner, and that it is the one to learn."""
        return (Note(f"`{self.label}` stands here", self.there), Note("let that edge learn by it, for all of them"))
