"""Mistakes about how a network moves: schedule, phases, protocols."""

from __future__ import annotations

from typing import ClassVar

from dync.compiler.mistakes.examples import connected
from dync.compiler.mistakes.several import several
from dync.grammar.diagnostic import Diagnostic, Fix, Note, Severity
from dync.grammar.source import Span

_TWO = ("layer  g (8) tanh", "edge h -> g dense")


class InTwoGroups(Diagnostic, frozen=True):
    """In a grouped schedule each group is a wave, and a layer moves once in a step: it stands in one group alone."""

    code = "E0401"
    wrong = connected("group a { h }", "group b { h }", "schedule grouped(a, b)")
    right = connected("group a { h }", "schedule grouped(a)")

    name: str
    first: str
    second: str
    first_span: Span

    @property
    def message(self) -> str:
        """The layer and both groups."""
        return f"the schedule moves `{self.name}` twice: it stands in the groups `{self.first}` and `{self.second}`"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The first group."""
        return (Note(f"`{self.first}` holds `{self.name}` already", self.first_span),)


class InNoGroup(Diagnostic, frozen=True):
    """In a grouped schedule only the groups move: a hidden layer in none of them would stand still for ever."""

    code = "E0402"
    wrong = connected(*_TWO, "edge g -> g dense", "edge g -> h dense", "group a { h }", "schedule grouped(a)")
    right = connected(*_TWO, "edge g -> g dense", "edge g -> h dense", "group a { h, g }", "schedule grouped(a)")

    names: tuple[str, ...]
    declared: tuple[Span, ...]

    @property
    def message(self) -> str:
        """The layers."""
        return f"the schedule never moves {several(self.names)}: every hidden layer must stand in one of its groups"

    @property
    def notes(self) -> tuple[Note, ...]:
        """Their declarations."""
        return tuple(Note("declared here", span) for span in dict.fromkeys(self.declared))


class RepeatedStatement(Diagnostic, frozen=True):
    """A statement that a network, a phase or a pipeline can have only once stands in it twice."""

    code = "E0403"
    wrong = connected("schedule sequential", "schedule synchronous")
    right = connected("schedule synchronous")

    what: str
    where: str
    first: Span

    @property
    def message(self) -> str:
        """What stands twice, and in what."""
        return f"{self.where} has {self.what} already"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The first one."""
        return (Note("the first one stands here", self.first),)


class PhaseWithoutEnd(Diagnostic, frozen=True):
    """A phase must say how long it lasts: `steps N`, or `until settled max N`."""

    code = "E0404"
    wrong = connected("phase relax { messages forward }", "infer relax")
    right = connected("phase relax { steps 5 messages forward }", "infer relax")

    name: str

    @property
    def message(self) -> str:
        """Names the phase."""
        return f"the phase `{self.name}` does not say how long it lasts: give it `steps N` or `until settled max N`"


class BadCount(Diagnostic, frozen=True):
    """A number of steps is zero or more, and at most 2147483647."""

    code = "E0405"
    wrong = connected("phase relax { steps 0 - 5 }", "infer relax")
    right = connected("phase relax { steps 5 }", "infer relax")

    value: int

    @property
    def message(self) -> str:
        """The number that was found."""
        return f"a phase takes 0 to 2147483647 steps, not {self.value}"


class NegativeTolerance(Diagnostic, frozen=True):
    """`within` is how far a unit may still move when the network counts as settled. Less than nothing it cannot be."""

    code = "E0406"
    wrong = connected("phase relax { until settled within 0 - 0.1 max 50 }", "infer relax")
    right = connected("phase relax { until settled within 0.1 max 50 }", "infer relax")

    value: float

    @property
    def message(self) -> str:
        """The number that was found."""
        return f"a network cannot settle within {self.value:g}: give 0 or more"


class SuperfluousGroups(Diagnostic, frozen=True):
    """Only `grouped` moves by groups; the other schedules order the layers on their own."""

    code = "E0407"
    wrong = connected("group a { h }", "schedule synchronous(a)")
    right = connected("group a { h }", "schedule grouped(a)")

    schedule: str

    @property
    def message(self) -> str:
        """Names the schedule."""
        return f"`schedule {self.schedule}` takes no groups: only `grouped` does"


class GroupsMissing(Diagnostic, frozen=True):
    """`grouped` needs the groups that are its waves, in their order."""

    code = "E0408"
    wrong = connected("group a { h }", "schedule grouped")
    right = connected("group a { h }", "schedule grouped(a)")

    @property
    def message(self) -> str:
        """What is missing."""
        return "`schedule grouped` needs its groups, in the order in which they move: `grouped(first, second)`"


class MisplacedInFor(Diagnostic, frozen=True):
    """A `for` repeats edges and groups. What a network has once, or by its own name, cannot be repeated."""

    code = "E0409"
    wrong = connected("for i in 1..2 { schedule sequential }")
    right = connected("schedule sequential")

    what: str

    @property
    def message(self) -> str:
        """What was found."""
        return f"a `for` repeats edges and groups, not {self.what}"


class RepeatedGroup(Diagnostic, frozen=True):
    """A schedule names a group twice, which would move its layers twice in a step."""

    code = "E0410"
    wrong = connected("group a { h }", "schedule grouped(a, a)")
    right = connected("group a { h }", "schedule grouped(a)")

    name: str

    @property
    def message(self) -> str:
        """Names the group."""
        return f"the schedule names the group `{self.name}` twice"


class DynamicsWarning(Diagnostic, frozen=True):
    """What works as written, but hardly as meant."""

    severity: ClassVar[Severity] = "warning"


class EmptyPhase(DynamicsWarning, frozen=True):
    """A phase of zero steps changes nothing."""

    code = "W0401"
    wrong = connected("phase relax { steps 0 }", "infer relax")
    right = connected("phase relax { steps 5 }", "infer relax")

    name: str

    @property
    def message(self) -> str:
        """Names the phase."""
        return f"the phase `{self.name}` has no steps and changes nothing"


class InputLetGo(DynamicsWarning, frozen=True):
    """`clamp` lists all the layers that hold still. An input that it leaves out falls to zero at the first step.

    No edge can lead into an input, so that its field is zero and its data are lost.
    """

    code = "W0402"
    wrong = connected("phase relax { steps 5 clamp y }", "infer relax")
    right = connected("phase relax { steps 5 clamp x }", "infer relax")

    phase: str
    names: tuple[str, ...]

    @property
    def message(self) -> str:
        """The inputs and the phase."""
        return f"`clamp` in the phase `{self.phase}` lets {several(self.names)} go: an input then falls to zero"

    @property
    def fix(self) -> Fix:
        """Add them to the list."""
        return Fix("clamp all inputs", self.span, ", ".join([self.span.text, *self.names]))
