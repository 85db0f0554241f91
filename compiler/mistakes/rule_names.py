"""Names that a rule, an activation or what an edge sends cannot read, or cannot give."""

from __future__ import annotations

from typing import ClassVar

from dync.compiler.mistakes.rule_examples import with_activation, with_rule, with_sends
from dync.compiler.mistakes.several import several
from dync.grammar.diagnostic import Diagnostic, Fix, Note
from dync.grammar.source import Span


class UnknownInExpression(Diagnostic, frozen=True):
    """Shared by the mistakes that are a name which an expression cannot read: `near` is one that it can."""

    name: str
    known: tuple[str, ...]
    near: str | None

    @property
    def question(self) -> str:
        """Asks for the nearest name."""
        return f"did you mean `{self.near}`?"

    @property
    def notes(self) -> tuple[Note, ...]:
        """What can be read instead."""
        return (Note(f"it can read {', '.join(f'`{name}`' for name in self.known)}"),)

    @property
    def fix(self) -> Fix | None:
        """The nearest name."""
        return Fix(f"write `{self.near}`", self.span, self.near) if self.near else None


class NotLocal(UnknownInExpression, frozen=True):
    """A learning rule changes a synapse by what is known at that synapse: the states of its two ends, the field that
    the receiver gets, its own weight, and sizes. Another layer, the loss or the target are not there, so there is no
    name for them: a rule that is not local cannot be written.
    """

    code: ClassVar[str] = "E0501"
    wrong: ClassVar[str] = with_rule("rule r { update pre * (y - post) / batch }")
    right: ClassVar[str] = with_rule("rule r { update pre * (post - predicted) / batch }")

    @property
    def message(self) -> str:
        """The sentence."""
        rest = f"; {self.question}" if self.near else ": only what is local to a synapse has a name here"
        return f"a rule cannot read `{self.name}`{rest}"


class UnknownInActivation(UnknownInExpression, frozen=True):
    """An activation gives the next state of a unit from its field and its state; it may use its parameters, its `let`s
    and fresh random draws. It reads nothing else.
    """

    code: ClassVar[str] = "E0502"
    wrong: ClassVar[str] = with_activation("activation a { next tanh(feild) }")
    right: ClassVar[str] = with_activation("activation a { next tanh(field) }")

    @property
    def message(self) -> str:
        """The sentence."""
        return f"an activation cannot read `{self.name}`" + (f"; {self.question}" if self.near else "")


class UnknownInSends(UnknownInExpression, frozen=True):
    """What an edge `sends` is made from the state of its sender and the parameters of the network."""

    code: ClassVar[str] = "E0503"
    wrong: ClassVar[str] = with_sends("gian * state")
    right: ClassVar[str] = with_sends("gain * state")

    @property
    def message(self) -> str:
        """The sentence."""
        return f"what an edge sends cannot read `{self.name}`" + (f"; {self.question}" if self.near else "")


class UnknownFunction(UnknownInExpression, frozen=True):
    """The functions of rules and activations are `abs sign tanh exp log sqrt min max clip where`."""

    code: ClassVar[str] = "E0504"
    wrong: ClassVar[str] = with_activation("activation a { next tahn(field) }")
    right: ClassVar[str] = with_activation("activation a { next tanh(field) }")

    @property
    def message(self) -> str:
        """The sentence."""
        return f"there is no function `{self.name}`" + (f"; {self.question}" if self.near else "")

    @property
    def notes(self) -> tuple[Note, ...]:
        """All the functions."""
        return (Note(f"the functions are {', '.join(f'`{name}`' for name in self.known)}"),)


class FunctionWithoutOperands(Diagnostic, frozen=True):
    """A function needs what it is applied to, in brackets."""

    code: ClassVar[str] = "E0505"
    wrong: ClassVar[str] = with_activation("activation a { next tanh }")
    right: ClassVar[str] = with_activation("activation a { next tanh(field) }")

    name: str

    @property
    def message(self) -> str:
        """The sentence."""
        return f"`{self.name}` is a function: what it is applied to must follow in brackets"


class LetUsedTooEarly(Diagnostic, frozen=True):
    """A `let` can be used below the line that gives it its value, not in it or above it."""

    code: ClassVar[str] = "E0506"
    wrong: ClassVar[str] = with_rule(
        "rule r {\n  let twice = 2 * error\n  let error = post - predicted\n  update twice * pre / batch\n}"
    )
    right: ClassVar[str] = with_rule(
        "rule r {\n  let error = post - predicted\n  let twice = 2 * error\n  update twice * pre / batch\n}"
    )

    name: str
    declared: Span

    @property
    def message(self) -> str:
        """The sentence."""
        return f"`{self.name}` is used before it has its value"

    @property
    def notes(self) -> tuple[Note, ...]:
        """Where it gets it."""
        return (Note("it gets its value here", self.declared),)


class NameTaken(Diagnostic, frozen=True):
    """A parameter or a `let` cannot take a name that the language itself gives a meaning in this place."""

    code: ClassVar[str] = "E0507"
    wrong: ClassVar[str] = with_rule("rule r {\n  let field = post - predicted\n  update field * pre / batch\n}")
    right: ClassVar[str] = with_rule("rule r {\n  let error = post - predicted\n  update error * pre / batch\n}")

    name: str
    meaning: str

    @property
    def message(self) -> str:
        """The sentence."""
        return f"`{self.name}` already is {self.meaning}, so nothing else can take the name"


class NameRepeated(Diagnostic, frozen=True):
    """Within a rule or an activation a name is given once: to one parameter or to one `let`."""

    code: ClassVar[str] = "E0508"
    wrong: ClassVar[str] = with_rule("rule r(gain = 1, gain = 2) { update gain * pre * post / batch }")
    right: ClassVar[str] = with_rule("rule r(gain = 1) { update gain * pre * post / batch }")

    name: str
    first: Span

    @property
    def message(self) -> str:
        """The sentence."""
        return f"the name `{self.name}` is given twice"

    @property
    def notes(self) -> tuple[Note, ...]:
        """Where it is given first."""
        return (Note("it is given here first", self.first),)


class MomentNotAllowed(Diagnostic, frozen=True):
    """`@PHASE` reads a value as it was at the end of a phase. Kept are the states of both ends and what follows from
    them at the receiver: in a rule it may follow `pre`, `post`, `field`, `predicted` and `slope`, and nothing else.
    """

    code: ClassVar[str] = "E0509"
    wrong: ClassVar[str] = with_rule("rule r { update pre * (post - weight@settle) / batch }")
    right: ClassVar[str] = with_rule("rule r { update pre * (post - weight) / batch }")

    name: str
    allowed: tuple[str, ...]
    trace: str = ""

    @property
    def message(self) -> str:
        """The sentence."""
        if self.trace:
            return f"the trace `{self.trace}` moves after every step and reads what is there, so no `@` can stand in it"
        if not self.allowed:
            return f"`@` can be used in rules only, and here follows `{self.name}`"
        return f"`@` cannot follow `{self.name}`, only {', '.join(f'`{name}`' for name in self.allowed)}"

    @property
    def fix(self) -> Fix | None:
        """Without it."""
        return None if self.trace else Fix(f"write `{self.name}` alone", self.span, self.name)


class UnknownMoment(Diagnostic, frozen=True):
    """The phase after an `@` must be one of the phases of `train` in each network that uses the rule. Where the rule
    stands in another file, the standard library for one, the place is the edge that uses it.
    """

    code: ClassVar[str] = "E0510"
    wrong: ClassVar[str] = with_rule("rule r { update pre@setle * post / batch }")
    right: ClassVar[str] = with_rule("rule r { update pre@settle * post / batch }")

    moment: str
    rule: str
    lacking: tuple[tuple[str, tuple[str, ...]], ...]
    near: str | None
    other: Span
    is_at_moment: bool

    @property
    def message(self) -> str:
        """The sentence, with the protocols where they are not the one without a name alone."""
        names = [name for name, _ in self.lacking]
        of = "" if names in ([], ["default"]) else f" of the protocol{'s' * (len(names) > 1)} {several(names)}"
        return f"`{self.moment}` is not a phase of `train`{of} in the network that uses the rule `{self.rule}`"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The use, and the phases that there are."""
        there_are = [Note(_phases(name, phases)) for name, phases in self.lacking]
        there_are = there_are or [Note("this network has no `train`")]
        return (*there_are, Note("used here" if self.is_at_moment else "the rule names it here", self.other))

    @property
    def fix(self) -> Fix | None:
        """The nearest phase."""
        return Fix(f"write `{self.near}`", self.span, self.near) if self.near and self.is_at_moment else None


def _phases(protocol: str, phases: tuple[str, ...]) -> str:
    """Those of a `train`."""
    train = "`train`" if protocol == "default" else f"the `train` of `{protocol}`"
    return f"the phases of {train} are {several(phases)}" if phases else f"{train} has no phases"


class NoParts(Diagnostic, frozen=True):
    """Only `field` has parts: the fields with names, into which edges send by `edge e -> h.NAME`. They are read as
    `field.NAME`. States, parameters and all else are one number a unit.
    """

    code: ClassVar[str] = "E0531"
    wrong: ClassVar[str] = with_activation("activation a { next tanh(field + state.slow) }")
    right: ClassVar[str] = with_activation("activation a { next tanh(field + 0.5 * state) }")

    name: str
    what: str
    reads_field: bool

    @property
    def message(self) -> str:
        """The sentence."""
        return f"`{self.name}` has no parts, and this reads `{self.span.text}`"

    @property
    def notes(self) -> tuple[Note, ...]:
        """What has parts, where that can be read."""
        if not self.reads_field:
            return ()
        return (Note(f"{self.what} reads fields with names as `field.NAME`: edges into `LAYER.NAME` send there"),)

    @property
    def fix(self) -> Fix:
        """Without the part."""
        return Fix(f"write `{self.name}` alone", self.span, self.name)
