"""What is wrong, or smells, with a rule or an activation as a whole."""

from __future__ import annotations

from typing import ClassVar, Literal

from dync.compiler.mistakes.rule_examples import with_activation, with_rule
from dync.grammar.diagnostic import Diagnostic, Note, Severity
from dync.grammar.source import Span

DefinitionKind = Literal["rule", "activation", "kind"]


def _article(kind: DefinitionKind) -> str:
    return f"an {kind}" if kind == "activation" else f"a {kind}"


class StandardName(Diagnostic, frozen=True):
    """The standard library already has a rule or an activation of this name. A file's own would not replace it but
    leave the reader in doubt which one is meant: give it another name.
    """

    code: ClassVar[str] = "E0520"
    wrong: ClassVar[str] = with_rule("rule hebbian { update pre * post }", "hebbian")
    right: ClassVar[str] = with_rule("rule summed_hebbian { update pre * post }", "summed_hebbian")

    kind: DefinitionKind
    name: str
    standard: Span

    @property
    def message(self) -> str:
        """The sentence."""
        return f"the standard library already has {_article(self.kind)} `{self.name}`, which no file can replace"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The standard one."""
        return (Note("it is declared here", self.standard),)


class DefinitionRepeated(Diagnostic, frozen=True):
    """Two rules, or two activations, have the same name."""

    code: ClassVar[str] = "E0521"
    wrong: ClassVar[str] = with_rule("rule r { update pre * post }\nrule r { update pre * post / batch }")
    right: ClassVar[str] = with_rule("rule r { update pre * post / batch }")

    kind: DefinitionKind
    name: str
    first: Span

    @property
    def message(self) -> str:
        """The sentence."""
        return f"there already is {_article(self.kind)} `{self.name}`"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The first one."""
        return (Note("it is declared here first", self.first),)


class UnusedParameter(Diagnostic, frozen=True):
    """A parameter that the rule or the activation never reads: whoever sets it changes nothing."""

    code: ClassVar[str] = "W0551"
    severity: ClassVar[Severity] = "warning"
    wrong: ClassVar[str] = with_rule("rule r(gain = 1) { update pre * post / batch }")
    right: ClassVar[str] = with_rule("rule r(gain = 1) { update gain * pre * post / batch }")

    name: str

    @property
    def message(self) -> str:
        """The sentence."""
        return f"nothing reads the parameter `{self.name}`"


class UnusedLet(Diagnostic, frozen=True):
    """A `let` that nothing below it reads."""

    code: ClassVar[str] = "W0552"
    severity: ClassVar[Severity] = "warning"
    wrong: ClassVar[str] = with_rule("rule r {\n  let error = post - predicted\n  update pre * post / batch\n}")
    right: ClassVar[str] = with_rule("rule r {\n  let error = post - predicted\n  update pre * error / batch\n}")

    name: str

    @property
    def message(self) -> str:
        """The sentence."""
        return f"nothing reads `{self.name}`"


class UnusedDefinition(Diagnostic, frozen=True):
    """A rule that no edge learns by, an activation that no layer has, or a kind that no edge is of."""

    code: ClassVar[str] = "W0553"
    severity: ClassVar[Severity] = "warning"
    wrong: ClassVar[str] = with_rule("rule r { update pre * post }", "hebbian")
    right: ClassVar[str] = with_rule("rule r { update pre * post }", "r")

    kind: DefinitionKind
    name: str

    @property
    def message(self) -> str:
        """The sentence."""
        user = "layer" if self.kind == "activation" else "edge"
        return f"no {user} uses the {self.kind} `{self.name}`"


class NotSeparable(Diagnostic, frozen=True):
    """A rule whose expression is a sum of products of what depends on the sender, on the receiver and on the weight is
    computed by matrix products. A function, a comparison, `min`, `max`, a division or a root of an expression that
    mixes the ends stands in the way: such a rule is evaluated for each synapse and each example, in chunks that fit
    into memory. It computes the same thing, more slowly.
    """

    code: ClassVar[str] = "W0554"
    severity: ClassVar[Severity] = "warning"
    wrong: ClassVar[str] = with_rule("rule r { update tanh(pre * post) / batch }")
    right: ClassVar[str] = with_rule("rule r { update tanh(pre) * tanh(post) / batch }")

    rule: str
    synapses: int
    obstacle: Span

    @property
    def message(self) -> str:
        """The sentence."""
        return (
            f"the rule `{self.rule}` does not separate into matrix products: each update evaluates it "
            f"{self.synapses} times an example here, in chunks of bounded memory"
        )

    @property
    def notes(self) -> tuple[Note, ...]:
        """What stands in the way."""
        return (Note("this mixes the two ends of a synapse in a way that no product can give", self.obstacle),)


class CancellingMoments(Diagnostic, frozen=True):
    """A rule that compares moments with `@` learns from how they differ. Where all of them are one and the same moment,
    nothing differs: either the `@` says nothing, or the differences are all zero. Without `@` a value is read at the
    end of the last phase of `train`.
    """

    code: ClassVar[str] = "W0555"
    severity: ClassVar[Severity] = "warning"
    wrong: ClassVar[str] = with_rule(
        "rule r { update (pre@settle * post@settle - pre * post) / batch }",
    )
    right: ClassVar[str] = with_rule("rule r { update pre * post / batch }")

    rule: str
    moment: str
    use: Span
    protocol: str = "default"

    @property
    def message(self) -> str:
        """The sentence."""
        return (
            f"everything that the rule `{self.rule}` reads is read at the end of `{self.moment}`, "
            "so nothing is compared"
        )

    @property
    def notes(self) -> tuple[Note, ...]:
        """The edge."""
        train = "`train`" if self.protocol == "default" else f"the `train` of `{self.protocol}`"
        return (
            Note(f"used here, where `{self.moment}` is the last phase of {train}, meant without `@` too", self.use),
        )


class FlatSlope(Diagnostic, frozen=True):
    """The rule reads `slope`, the derivative of the receiver's activation, and that is zero everywhere: `sign` and
    other activations made of steps have none. What the rule multiplies with the slope then changes no weight.
    """

    code: ClassVar[str] = "W0556"
    severity: ClassVar[Severity] = "warning"
    wrong: ClassVar[str] = with_activation("", "sign").replace("edge x -> h dense", "edge x -> h dense learn delta")
    right: ClassVar[str] = with_activation("", "tanh").replace("edge x -> h dense", "edge x -> h dense learn delta")

    rule: str
    activation: str
    receiver: str
    activation_span: Span

    @property
    def message(self) -> str:
        """The sentence."""
        where = f"for the activation `{self.activation}` of `{self.receiver}`"
        return f"the rule `{self.rule}` reads `slope`, which is zero everywhere {where}"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The activation."""
        return (Note(f"`{self.receiver}` gets its activation here", self.activation_span),)


class NeverLearns(Diagnostic, frozen=True):
    """The update of the rule is zero whatever it reads."""

    code: ClassVar[str] = "W0557"
    severity: ClassVar[Severity] = "warning"
    wrong: ClassVar[str] = with_rule("rule r { update pre * post - post * pre }")
    right: ClassVar[str] = with_rule("rule r { update pre * post - post ** 2 * weight }")

    rule: str

    @property
    def message(self) -> str:
        """The sentence."""
        return f"the update of the rule `{self.rule}` is always zero"
