"""Declarations that nobody uses."""

from __future__ import annotations

from typing import ClassVar

from dync.compiler.mistakes.examples import IN, INPUT, OUT, OUTPUT, connected, network
from dync.grammar.diagnostic import Diagnostic, Severity


class Unused(Diagnostic, frozen=True):
    """Something is declared and then nothing reads it: often a name that was forgotten elsewhere."""

    severity: ClassVar[Severity] = "warning"
    noun: ClassVar[str]
    hint: ClassVar[str]

    name: str

    @property
    def message(self) -> str:
        """Names the thing."""
        return f"the {self.noun} `{self.name}` is declared, but {self.hint}"


class UnusedParameter(Unused, frozen=True):
    """A parameter of the network that no expression reads: to set it changes nothing."""

    code = "W0201"
    noun, hint = "parameter", "no expression reads it"
    wrong = connected("param hidden = 8")
    right = network("param hidden = 8", INPUT, "layer  h (hidden) tanh", OUTPUT, IN, OUT)


class UnusedGroup(Unused, frozen=True):
    """A group that no schedule, phase, record or property names. Only a Python program can still ask for it."""

    code = "W0202"
    noun, hint = "group", "no schedule, phase, record or property names it"
    wrong = connected("group early { h }")
    right = connected("group early { h }", "schedule grouped(early)")


class UnusedPhase(Unused, frozen=True):
    """A phase that neither `train` nor `infer` goes through, in no protocol of the network."""

    code = "W0203"
    noun, hint = "phase", "neither `train` nor `infer` goes through it"
    wrong = connected("phase relax { steps 5 }")
    right = connected("phase relax { steps 5 }", "infer relax")
