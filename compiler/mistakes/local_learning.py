"""Mistakes in what rules take from outside a synapse and from before: modulators, traces, `during`."""

from __future__ import annotations

from typing import ClassVar

from dync.compiler.mistakes.rule_examples import with_rule
from dync.compiler.mistakes.several import several
from dync.compiler.mistakes.unknown import Unknown
from dync.grammar.diagnostic import Diagnostic, Note, Severity
from dync.grammar.source import Span

_REWARDED = "rule r(reward) { update reward * pre * post / batch }"

_CLAMPED = with_rule(_REWARDED, "r(reward = agreement)")

_MODULATED = _CLAMPED.replace("phase settle { steps 1 }", "phase settle { steps 1  clamp x }")

_TRACED = with_rule("rule r {\n  trace z = 0.9 * z + pre\n  update z * post / batch\n}")


class ModulatorMissing(Diagnostic, frozen=True):
    """A parameter without a default is a modulator: one number an example, which each use of the rule says by naming a
    measure of its network: a declared one, or `accuracy`, `mse` or `agreement`.
    """

    code: ClassVar[str] = "E0420"
    wrong: ClassVar[str] = with_rule(_REWARDED)
    right: ClassVar[str] = _MODULATED

    rule: str
    modulator: str
    known: tuple[str, ...]
    declared: Span

    @property
    def message(self) -> str:
        """The sentence."""
        return f"the rule `{self.rule}` needs a measure for `{self.modulator}`: `{self.rule}({self.modulator} = NAME)`"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The measures that there are, and the rule."""
        there_are = f"the measures are {several(self.known)}" if self.known else "this network has no measures"
        return (Note(there_are), Note(f"`{self.modulator}` has no default here", self.declared))


class UnknownMeasure(Unknown, frozen=True):
    """What a modulator is given is the name of a measure of the network: one that it declares, or one that is given
    with every network that has outputs. `accuracy` needs an output of several units.
    """

    code: ClassVar[str] = "E0421"
    noun, nouns = "measure", "measures"
    wrong: ClassVar[str] = with_rule(_REWARDED, "r(reward = agremeent)")
    right: ClassVar[str] = _MODULATED

    outer: str = ""
    single: str = ""

    @property
    def message(self) -> str:
        """The sentence; of a network within another one, why its measures are not there."""
        if self.single:
            return f"`{self.name}` tells the units of an output apart, and `{self.single}` has a single one"
        if self.outer:
            return (
                f"a rule in this network takes its measure `{self.name}`, and within `{self.outer}` nothing measures "
                "the network by itself"
            )
        return super().message

    @property
    def notes(self) -> tuple[Note, ...]:
        """The measures that there are."""
        return () if self.outer or self.single else super().notes


class MeasureMixedUp(Diagnostic, frozen=True):
    """A modulator takes the name of a measure, which is another number for each example; all other parameters of a rule
    take one number for all.
    """

    code: ClassVar[str] = "E0422"
    wrong: ClassVar[str] = with_rule(_REWARDED, "r(reward = 0.5)")
    right: ClassVar[str] = _MODULATED

    rule: str
    parameter: str
    is_modulator: bool
    declared: Span

    @property
    def message(self) -> str:
        """The sentence."""
        if self.is_modulator:
            return f"`{self.parameter}` of the rule `{self.rule}` takes the name of a measure, not `{self.span.text}`"
        return (
            f"`{self.parameter}` of the rule `{self.rule}` takes one number for all examples, and "
            f"`{self.span.text}` is a measure"
        )

    @property
    def notes(self) -> tuple[Note, ...]:
        """The rule."""
        return (Note("the rule is declared here", self.declared),)


class TraceOfNoUnit(Diagnostic, frozen=True):
    """A trace is state of units: of the sender's, if it reads `pre`, or of the receiver's, if it reads `post`, `field`,
    `predicted` or `slope`. One that reads both ends, or the weight, would be state of a synapse; one that reads neither
    is the same at every unit; and a measure belongs to no unit.
    """

    code: ClassVar[str] = "E0423"
    wrong: ClassVar[str] = with_rule("rule r {\n  trace z = 0.9 * z + pre * post\n  update z / batch\n}")
    right: ClassVar[str] = with_rule(
        "rule r {\n  trace a = 0.9 * a + pre\n  trace b = 0.9 * b + post\n  update a * b / batch\n}"
    )

    name: str
    reads: str
    declared: Span

    @property
    def message(self) -> str:
        """The sentence."""
        match self.reads:
            case "both":
                return f"the trace `{self.name}` reads both ends of a synapse, and so belongs to no unit"
            case "neither":
                return f"the trace `{self.name}` reads neither end of a synapse, and so belongs to no unit"
            case read:
                return f"the trace `{self.name}` of a unit cannot read `{read}`"

    @property
    def notes(self) -> tuple[Note, ...]:
        """What a trace can read."""
        return (
            Note(
                "a trace reads `pre`, or `post`, `field`, `predicted` and `slope`, with parameters, sizes and other "
                "traces of the same end"
            ),
        )


class DuringNoPhase(Diagnostic, frozen=True):
    """`during P` applies a rule after every step of the phase P of the training protocol, so P has to stand in every
    `train` of the network. Within another network the phases are those of the network around it.
    """

    code: ClassVar[str] = "E0424"
    wrong: ClassVar[str] = with_rule("", "hebbian during setle")
    right: ClassVar[str] = with_rule("", "hebbian during settle")

    phase: str
    rule: str
    lacking: tuple[tuple[str, tuple[str, ...]], ...]
    outer: str = ""

    @property
    def message(self) -> str:
        """The sentence."""
        names = [name for name, _ in self.lacking]
        of = "" if names in ([], ["default"]) else f" of the protocol{'s' * (len(names) > 1)} {several(names)}"
        if self.outer:
            return (
                f"a rule in this network is applied during `{self.phase}`, which is no phase of `train`{of} of "
                f"`{self.outer}`"
            )
        return f"`{self.phase}` is not a phase of `train`{of}, so `{self.rule}` would never be applied during it"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The phases that there are."""
        found = tuple(Note(_phases(name, phases)) for name, phases in self.lacking)
        return found or (Note("this network has no `train`"),)


def _phases(protocol: str, phases: tuple[str, ...]) -> str:
    train = "`train`" if protocol == "default" else f"the `train` of `{protocol}`"
    return f"the phases of {train} are {several(phases)}" if phases else f"{train} has no phases"


class MomentNotOver(Diagnostic, frozen=True):
    """A rule that is applied during a phase can read, with `@`, the ends of the phases before that one alone: in every
    `train` they have to stand before its first run.
    """

    code: ClassVar[str] = "E0425"
    wrong: ClassVar[str] = with_rule("rule r { update (post - post@settle) * pre / batch }", "r during settle")
    right: ClassVar[str] = with_rule("rule r { update (post - predicted) * pre / batch }", "r during settle")

    rule: str
    moment: str
    phase: str
    protocol: str
    named: Span

    @property
    def message(self) -> str:
        """The sentence."""
        return (
            f"the rule `{self.rule}` is applied during `{self.phase}` and reads the end of `{self.moment}`, which is "
            "not over by then"
        )

    @property
    def notes(self) -> tuple[Note, ...]:
        """The protocol, and where the rule names it."""
        train = "`train`" if self.protocol == "default" else f"the `train` of `{self.protocol}`"
        return (Note(f"in {train} `{self.moment}` does not come before `{self.phase}`"), Note("read here", self.named))


class ConstantModulator(Diagnostic, frozen=True):
    """The measure that a rule takes reads only outputs, and these are clamped at that moment: it says how well the
    targets fit themselves, whatever the network has learnt. `NAME@P` reads it at the end of another phase.
    """

    code: ClassVar[str] = "W0412"
    severity: ClassVar[Severity] = "warning"
    wrong: ClassVar[str] = _CLAMPED
    right: ClassVar[str] = _MODULATED

    rule: str
    measure: str
    phase: str
    declared: Span

    @property
    def message(self) -> str:
        """The sentence."""
        return (
            f"`{self.measure}` reads only outputs that `{self.phase}` clamps, so that nothing the network does changes "
            f"what the rule `{self.rule}` takes"
        )

    @property
    def notes(self) -> tuple[Note, ...]:
        """The rule."""
        return (Note("the rule is declared here", self.declared),)
