"""A strategy that draws valid networks as `.dyn` text, small enough to interpret (needs the package hypothesis).

States stay moderate: edges into layers without bound are weak. Thresholds are met only by chance; discard the cases
whose `Interpreter.margin.smallest` is near the rounding of float32. What is drawn stands by nouns: layers in
`drawn_layers`, edges and learning in `drawn_edges`, their kinds in `drawn_kinds`, schedules, phases and protocols in
`drawn_time`, measures in `drawn_measures`, rules and activations in `local_rules`, and what they share in `draft`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from dync.compiler.plan import Plan
from dync.testing.draft import Draft
from dync.testing.drawn_edges import draw_array_edges, draw_edges
from dync.testing.drawn_layers import draw_layers
from dync.testing.drawn_measures import draw_measures
from dync.testing.drawn_time import draw_phases, draw_schedule
from dync.testing.evaluate import Array
from dync.testing.unstacked import Layer, layers_of


@dataclass(frozen=True)
class DrawnNetwork:
    """A network `Case` as text, the protocol to go by, and the size and seed of the data to run it on."""

    text: str
    batch: int
    seed: int
    protocol: str | None = None

    def data(self, plan: Plan) -> tuple[dict[str, Array], dict[str, Array]]:
        """Inputs and targets by name, `[batch, units]`, continuous in (-1, 1) and exact in float32."""
        rng = np.random.default_rng(self.seed)
        layers = layers_of(plan)
        x = {layer.name: self._values(layer, rng) for layer in layers if layer.role == "input"}
        y = {layer.name: self._values(layer, rng) for layer in layers if layer.role == "output"}
        return x, y

    def _values(self, layer: Layer, rng: np.random.Generator) -> Array:
        return rng.uniform(-1, 1, (self.batch, layer.units)).astype(np.float32).astype(np.float64)


@st.composite
def networks(draw: st.DrawFn, *, max_hidden: int = 4, stochastic: bool = False) -> DrawnNetwork:
    """A valid network with up to `max_hidden` statements that declare hidden layers, arrays of two or three among them.

    Everything of the language that concerns networks occurs: layers in any order, arrays, `for`, all kinds of edges,
    self edges, feedback, delays, fields with names, rules and activations of its own, all schedules, phases that start from
    others, soft clamps, protocols, measures. With `stochastic` some activations draw.
    """
    draft = Draft(draw, stochastic)
    draft.statements.append(f"param gain = {draft.number(0.5, 1.2)} in 0.1..2")
    draw_layers(draft, max_hidden)
    draw_phases(draft)
    draw_array_edges(draft)
    draw_edges(draft)
    draw_schedule(draft)
    if draft.chance():
        draft.statements.append(f"rule_messages {draft.one_of(['all', 'forward', 'backward'])}")
    draw_measures(draft)
    text = "\n".join([*draft.declarations, "network Case {", *(f"  {s}" for s in draft.statements), "}", ""])
    return DrawnNetwork(text, draw(st.integers(1, 4)), draw(st.integers(0, 2**16)), draft.protocol)
