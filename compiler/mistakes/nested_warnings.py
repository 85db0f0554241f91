"""What holds of a network by itself and no longer within another one: warnings."""

from __future__ import annotations

from typing import ClassVar

from dync.compiler.mistakes.nested_examples import INFER, M, around, coded, inner_network
from dync.grammar.diagnostic import Diagnostic, Note, Severity
from dync.grammar.source import Span


class NestedWarning(Diagnostic, frozen=True):
    """What holds of a network by itself and no longer within another one."""

    severity: ClassVar[Severity] = "warning"

    network: str
    declared: Span

    @property
    def notes(self) -> tuple[Note, ...]:
        """What is meant."""
        return (Note("it says so here", self.declared),)


class StartsAtZero(NestedWarning, frozen=True):
    """`start` gives a layer the value of an input before the first step. Within another network nothing has arrived at
    that input by then, so the layer starts at zero."""

    code: ClassVar[str] = "W0711"
    wrong: ClassVar[str] = around(M, inner=inner_network().replace("b (4) tanh", "b (4) tanh start a"))
    right: ClassVar[str] = around(M)

    layer: str

    @property
    def message(self) -> str:
        """The layer."""
        return f"`{self.layer}` of `{self.network}` starts at zero here: nothing has arrived before the first step"


class OtherSchedule(NestedWarning, frozen=True):
    """Step by step a network within another one keeps its own schedule where the outer one is `sequential`. Otherwise
    the schedule of the outer one says what moves together, and that of the inner one is not used."""

    code: ClassVar[str] = "W0712"
    wrong: ClassVar[str] = around(M, "schedule synchronous", inner=inner_network("schedule sequential"))
    right: ClassVar[str] = around(M, "schedule sequential", inner=inner_network("schedule sequential"))

    kind: str
    outer: str
    outer_kind: str

    @property
    def message(self) -> str:
        """Both schedules."""
        return (
            f"`{self.network}` is not {self.kind} here: the schedule of `{self.outer}`, {self.outer_kind}, orders its "
            "layers too"
        )


class StaysAsDrawn(NestedWarning, frozen=True):
    """A network that runs to completion does not learn: its weights stay as they were drawn. Step by step, its edges
    learn by their own rules."""

    code: ClassVar[str] = "W0713"
    wrong: ClassVar[str] = coded(
        "edge x -> h network Part", inner=inner_network("layer d (4) tanh", "edge a -> d dense learn hebbian",
        "edge d -> c one_to_one", *INFER)
    )  # fmt: skip
    right: ClassVar[str] = coded("edge x -> h network Part", inner=inner_network(*INFER))

    @property
    def message(self) -> str:
        """The network."""
        return f"the edges of `{self.network}` that learn stay as they were drawn: it runs to completion here"
