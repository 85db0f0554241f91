"""Mistakes about fields with names."""

from __future__ import annotations

from typing import ClassVar

from dync.compiler.mistakes.examples import IN, INPUT, OUT, OUTPUT, network
from dync.compiler.mistakes.unknown import Unknown
from dync.grammar.diagnostic import Diagnostic, Note, Severity
from dync.grammar.source import Span

_GATED = "activation gated { next tanh(field) * field.gate }\n\n"


def _gated(*lines: str) -> str:
    """A network with a layer `h` that has a gate, and these lines."""
    return _GATED + network(INPUT, "layer  h (8) gated", OUTPUT, IN, *lines)


_RIGHT = _gated("edge gate: x -> h.gate dense", OUT).replace(IN, "edge main: x -> h dense")
_LEARNING = _RIGHT.replace("main: x -> h dense", "main: x -> h dense learn r")


class UnreadField(Unknown, frozen=True):
    """The edge sends into a field of its receiver that nothing reads: neither the receiver's activation nor a rule on
    an edge into it has `field.NAME`. What arrives there would be lost."""

    code = "E0341"
    wrong = _RIGHT.replace("-> h.gate", "-> h.gaet").replace("tanh(field) *", "tanh(field) * 1 *")
    right = _RIGHT

    receiver: str = ""
    activation: str = ""
    declared: Span | None = None

    @property
    def message(self) -> str:
        """Names the field, and the nearest one that is read."""
        hint = f"; did you mean `{self.near}`?" if self.near else ""
        return f"nothing reads the field `{self.name}` of `{self.receiver}`{hint}"

    @property
    def notes(self) -> tuple[Note, ...]:
        """What the receiver reads."""
        named = [f"`field.{name}`" for name in self.known]
        what = ", ".join(named) or "no field with a name"
        readers = f"the activation `{self.activation}` of `{self.receiver}` and the rules of edges into it"
        return (Note(f"{readers} read {what}", self.declared),)


class NoSuchField(Unknown, frozen=True):
    """A rule reads a field with a name that the receiver of its edge does not have: no edge sends into it, and the
    receiver's activation does not read it."""

    code = "E0342"
    wrong = _LEARNING + "\nrule r { update pre * field.gaet }\n"
    right = _LEARNING + "\nrule r { update pre * field.gate }\n"

    rule: str = ""
    receiver: str = ""
    declared: Span | None = None

    @property
    def message(self) -> str:
        """Names the rule, the field and the receiver."""
        return f"the rule `{self.rule}` reads `field.{self.name}`, and `{self.receiver}` has no such field"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The fields that there are, and the rule."""
        named = ", ".join(f"`{name}`" for name in self.known)
        there = f"the fields with names of `{self.receiver}` are {named}"
        has = there if named else f"`{self.receiver}` has no fields with names: no edge sends into one"
        return (Note(has), Note("the rule stands here", self.declared))

    @property
    def fix(self) -> None:
        """None: the edges, the activation or the rule may be meant."""
        return


class EmptyField(Diagnostic, frozen=True):
    """The activation of a layer reads a field with a name, and no edge sends into it: it is always zero."""

    code = "W0341"
    severity: ClassVar[Severity] = "warning"
    wrong = _gated(OUT)
    right = _RIGHT

    layer: str
    name: str

    @property
    def message(self) -> str:
        """Names the field and the layer."""
        return f"no edge sends into `{self.layer}.{self.name}`, so `field.{self.name}` is always zero here"
