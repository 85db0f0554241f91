"""A strategy that draws valid networks as `.dyn` text, small enough to interpret (needs the package hypothesis).

States stay moderate: edges into layers without bound are weak. Thresholds are met only by chance; discard the cases
whose `Interpreter.margin.smallest` is near the rounding of float32. What is drawn stands by nouns: what is wanted in
`wanted`, layers in `drawn_layers`, edges and learning in `drawn_edges`, their kinds in `drawn_kinds`, schedules, phases
and protocols in `drawn_time`, measures in `drawn_measures`, rules and activations in `local_rules`, and what they share
in `draft`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import strategies as st
from hypothesis.vendor.pretty import RepresentationPrinter

from dync.compiler.driver import bind, compile_source, plan_of
from dync.compiler.plan import Plan, ScheduleKind
from dync.grammar.source import Source
from dync.testing.draft import Draft
from dync.testing.drawn_data import drawn_data
from dync.testing.drawn_edges import draw_array_edges, draw_edges
from dync.testing.drawn_layers import draw_layers
from dync.testing.drawn_measures import draw_measures
from dync.testing.drawn_time import draw_phases, draw_protocol, draw_schedule
from dync.testing.evaluate import Array
from dync.testing.wanted import KINDS, SCHEDULES, Wanted

if TYPE_CHECKING:
    from dync.runtime.network import Network


@dataclass(frozen=True)
class DrawnNetwork:
    """A network `Case` as text, the protocol to go by, and the size and seed of the data to run it on.

    Of one over time the data have so many `samples`.
    """

    text: str
    batch: int
    seed: int
    protocol: str | None = None
    samples: int = 1

    def __repr__(self) -> str:
        """The text as it is read, below the rest: this is what Hypothesis shows of a failure."""
        rest = f"batch={self.batch}, seed={self.seed}, protocol={self.protocol!r}, samples={self.samples}"
        return f'DrawnNetwork({rest}, text="""\n{self.text}""")'

    def _repr_pretty_(self, printer: RepresentationPrinter, cycle: bool) -> None:
        printer.text(repr(self))

    def plan(self) -> Plan:
        """Its plan, by its protocol."""
        compiled = compile_source(Source("drawn.dyn", self.text)).verify()
        return plan_of(bind(compiled, None, {}, protocol=self.protocol))

    def network(self) -> Network:
        """The network, to be run. This loads JAX."""
        from dync.runtime.network import Network

        return Network(self.plan())

    def data(self, plan: Plan | None = None) -> tuple[dict[str, Array], dict[str, Array]]:
        """Inputs and targets by name, `[batch, units]`, continuous in (-1, 1) and exact in float32.

        Those of layers over time are `[batch, samples, units]`. `plan` is that of the network, where it is at hand.
        """
        found = self.plan() if plan is None else plan
        rng = np.random.default_rng(self.seed)
        x, y = (drawn_data(found, role, self.batch, self.samples, rng) for role in ("input", "output"))
        return x, y


def networks(
    *,
    inputs: tuple[int, int] = (0, 2),
    hidden: tuple[int, int] = (0, 4),
    outputs: tuple[int, int] = (0, 2),
    units: tuple[int, int] | None = None,
    schedules: Collection[ScheduleKind] = SCHEDULES,
    kinds: Collection[str] = KINDS,
    learning: bool = True,
    stochastic: bool = False,
    series: bool = False,
) -> st.SearchStrategy[DrawnNetwork]:
    """Valid networks, in which everything of the language occurs that concerns networks.

    Layers in any order, arrays, `for`, all kinds of edges, self edges, feedback, delays, fields with names, rules and
    activations of their own, what units send, traces, numbers of whole layers, networks within networks, all schedules,
    phases that start from others, soft clamps, protocols, measures.

    Ranges have both ends included. `hidden` counts the statements that declare hidden layers, arrays of two or three
    among them. With `units` all layers are flat, with so many of them; without, they have one to four dimensions and
    few units. `schedules` and `kinds` (of edges) are those that may occur: `dense` or `low_rank`, which join any two
    layers, is one of them. Without `learning` no edge learns. With `stochastic` some activations draw.
    With `series` some networks are over time.

    Everything is built from what fits together, nothing drawn is thrown away, and simpler networks come first in
    shrinking: fewer statements, smaller layers. Raises InvalidArgument for options by which nothing can be drawn.
    """
    return _networks(Wanted(inputs, hidden, outputs, units, schedules, kinds, learning, stochastic, series))


@st.composite
def _networks(draw: st.DrawFn, wanted: Wanted) -> DrawnNetwork:
    draft = drawn_draft(draw, wanted)
    samples = draw(st.integers(2, 4)) if draft.series else 1
    return DrawnNetwork(draft.text, draw(st.integers(1, 4)), draw(st.integers(0, 2**16)), draft.protocol, samples)


def drawn_draft(draw: st.DrawFn, wanted: Wanted) -> Draft:
    """A whole network, still in its parts."""
    draft = Draft(draw, wanted, _fill)
    _fill(draft)
    return draft


def _fill(draft: Draft) -> None:
    """Draw all that is in a network."""
    draft.statements.append(f"param gain = {draft.number(0.5, 1.2)} in 0.1..2")
    draw_protocol(draft)
    draw_layers(draft)
    draw_phases(draft)
    draw_array_edges(draft)
    draw_edges(draft)
    draw_schedule(draft)
    if draft.chance():
        draft.statements.append(f"rule_messages {draft.one_of(['all', 'forward', 'backward'])}")
    if draft.around is None:
        draw_measures(draft)
