"""Mistakes about what units send, about their traces, and about numbers of a whole layer."""

from __future__ import annotations

from typing import ClassVar

from dync.compiler.mistakes.rule_examples import with_activation, with_rule
from dync.grammar.diagnostic import Diagnostic, Fix, Note, Severity


class ReadsWhatIsOver(Diagnostic, frozen=True):
    """A unit sends between its steps, as often as a message or a rule asks: what it `sends` is made from what the unit
    holds, its `state` and its traces. The field and the random draws are there only while the unit moves. What is to
    last, such as a spike that was drawn, is kept in the state or in a trace. The `surrogate` of an activation that has
    `sends` stands in for a derivative of that, and reads the same.
    """

    code: ClassVar[str] = "E0442"
    wrong: ClassVar[str] = with_activation("activation a { next state / 2 + field sends [field > 1] }")
    right: ClassVar[str] = with_activation("activation a { next state / 2 + field sends [state > 1] }")

    name: str
    what: str
    through: str = ""

    @property
    def message(self) -> str:
        """The sentence."""
        by = f"; `{self.through}` does" if self.through else ""
        return f"{self.what} cannot read `{self.name}`, which is there only while the unit moves{by}"

    @property
    def notes(self) -> tuple[Note, ...]:
        """What is there instead."""
        return (Note("between steps a unit has its `state` and its traces"),)


class LayerWideElsewhere(Diagnostic, frozen=True):
    """`total(x)` and `largest(x)` are the sum and the maximum over all units of a layer. An activation may use them:
    the units of a layer compete. A rule knows two units and the synapse between them, and what is sent on an edge is
    known to one unit, so that a sum over others is not local there.
    """

    code: ClassVar[str] = "E0443"
    wrong: ClassVar[str] = with_rule("rule r { update pre * (post - total(post) / fan_out) / batch }")
    right: ClassVar[str] = with_rule("rule r { update pre * (post - predicted) / batch }")

    name: str
    what: str

    @property
    def message(self) -> str:
        """The sentence."""
        return f"{self.what} cannot use `{self.name}`: a number of all units of a layer is not local"

    @property
    def notes(self) -> tuple[Note, ...]:
        """Where it can be used."""
        return (Note(f"an activation can use `{self.name}`, and what it gives is sent and learned from"),)


class OnlyState(Diagnostic, frozen=True):
    """`pre` and `post` are what the two ends of a synapse send; `pre.state` and `post.state` are what they hold, which
    is the same unless an activation says what its units send. Nothing else of them has a name: traces are the unit's
    own, and a rule keeps its own traces.
    """

    code: ClassVar[str] = "E0444"
    wrong: ClassVar[str] = with_rule("rule r { update pre.field * post / batch }")
    right: ClassVar[str] = with_rule("rule r { update pre.state * post / batch }")

    end: str

    @property
    def message(self) -> str:
        """The sentence."""
        return f"of `{self.end}` a rule reads `{self.end}` and `{self.end}.state`, and this reads `{self.span.text}`"

    @property
    def fix(self) -> Fix:
        """What the unit holds."""
        return Fix(f"write `{self.end}.state`, what the unit holds", self.span, f"{self.end}.state")


class NoDefault(Diagnostic, frozen=True):
    """A parameter of an activation is a number with a default, which a layer may set: `layer h (3) a(gain = 2)`. A
    parameter without one is for rules, where it stands for a measure of the network.
    """

    code: ClassVar[str] = "E0445"
    wrong: ClassVar[str] = with_activation("activation a(gain) { next tanh(gain * field) }", "a(gain = 2)")
    right: ClassVar[str] = with_activation("activation a(gain = 1) { next tanh(gain * field) }", "a(gain = 2)")

    name: str

    @property
    def message(self) -> str:
        """The sentence."""
        return f"the parameter `{self.name}` of an activation needs a default"

    @property
    def fix(self) -> Fix:
        """Some number."""
        return Fix(f"give it one: `{self.name} = 1`", self.span, f"{self.name} = 1")


class UnreadTrace(Diagnostic, frozen=True):
    """A trace that neither `next` nor `sends` reads, nor a trace that they read: it is kept for nothing."""

    code: ClassVar[str] = "W0411"
    severity: ClassVar[Severity] = "warning"
    wrong: ClassVar[str] = with_activation("activation a {\n  trace slow = 0.9 * slow + state\n  next tanh(field)\n}")
    right: ClassVar[str] = with_activation(
        "activation a {\n  trace slow = 0.9 * slow + state\n  next tanh(field - slow)\n}"
    )

    name: str

    @property
    def message(self) -> str:
        """The sentence."""
        return f"nothing reads the trace `{self.name}`"
