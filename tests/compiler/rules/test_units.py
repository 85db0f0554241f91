"""What units send, their traces and numbers of their layer, as they are resolved; their slopes against differences."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest

from dync.compiler.driver import compile_source, plan_of
from dync.compiler.expression import to_json
from dync.compiler.model import ActivationDefinition
from dync.compiler.plan import Plan
from dync.compiler.plan_json import plain, plan_from_text, plan_to_json
from dync.grammar.source import Source
from dync.testing.evaluate import Margin
from dync.testing.moment import call_of, no_draws
from dync.testing.unstacked import layers_of

NETWORK = """
network Small {
  input  x (3)
  layer  h (5) bend
  output y (5)
  edge x -> h dense
  edge e: x -> h.apical dense
  edge h -> y dense
  phase look { steps 1 }
  infer look
}
"""

BENDS = (
    "next tanh(field) * state sends state**2",
    "trace a = 0.5 * a + field**2 next tanh(field) sends state * a + a**2",
    "let e = exp(field - largest(field)) next e / total(e)",
    "next field / (1 + total(field**2)) + total(tanh(field + total(state * field)))",
    "next field * largest(abs(field)) sends state / (2 + largest(state * total(state)))",
    "trace m = largest(field * total(field)) next field + m sends state - total(state * m) / total(1)",
    "trace a = tanh(field.apical) next field * field.apical sends state * (1 - a) + total(state)",
)
"""Activations without kinks, of one layer; each slope has parts that reach a unit through the whole of it."""


def plan(activation: str, network: str = NETWORK) -> Plan:
    declared = f"activation bend {{ {activation} }}" + network.replace(
        "  edge e: x -> h.apical dense\n", "" if "apical" not in activation else "  edge e: x -> h.apical dense\n"
    ).replace("edge x -> h", "edge main: x -> h")
    (model,) = compile_source(Source("units.dyn", declared)).verify().networks.values()
    return plan_of(model)


@pytest.mark.parametrize("activation", BENDS)
@pytest.mark.parametrize("into", ["", "apical"])
def test_slopes_are_the_diagonal_of_the_jacobian(activation: str, into: str) -> None:
    rng = np.random.default_rng(len(activation))
    layer = layers_of(plan(activation))[1]
    batch = (3, 5)
    field, apical, state = rng.normal(size=(3, *batch))
    held = {"h": state} | {key: rng.normal(size=batch) for key in layer.traces.values()}

    def sent(field: np.ndarray, apical: np.ndarray) -> np.ndarray:
        return call_of(layer, field, held, no_draws, Margin(), {"apical": apical}).predicted()

    expected = np.zeros(batch)
    for unit in range(5):
        nudge = np.zeros(batch)
        nudge[:, unit] = 1e-5
        high, low = (sent(*((field, apical + n) if into else (field + n, apical))) for n in (nudge, -nudge))
        expected[:, unit] = (high - low)[:, unit] / 2e-5
    found = call_of(layer, field, held, no_draws, Margin(), {"apical": apical}).slope(into)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8)


def test_a_surrogate_takes_the_place_of_one_derivative(define: Callable[..., object]) -> None:
    made, mistakes = define("activation a { next [field > 0] * state surrogate field + field.apical }")
    assert isinstance(made, ActivationDefinition)
    assert not mistakes
    assert made.surrogate
    assert to_json(made.slope) == ["add", "field", "field.apical"]
    made, mistakes = define("activation a { next state / 2 + 3 * field sends [state > 1] surrogate state**2 }")
    assert isinstance(made, ActivationDefinition)
    assert not mistakes
    assert not made.surrogate
    assert to_json(made.sends_slope) == ["pow", "state", 2.0]
    after = ["add", ["div", "state", 2.0], ["mul", 3.0, "field"]]
    assert to_json(made.slope) == ["mul", ["pow", after, 2.0], 3.0]


def test_a_let_means_what_is_held_when_it_is_read(define: Callable[..., object]) -> None:
    made, mistakes = define("activation a { let spike = [state > 1] next field * (1 - spike) sends spike }")
    assert isinstance(made, ActivationDefinition)
    assert not mistakes
    assert to_json(made.sends) == ["indicator", ["gt", "state", 1.0]]


def test_a_plan_without_any_of_it_says_nothing_of_it() -> None:
    quiet, sending = plan("next tanh(field)"), plan("trace a = field next a sends state**2 surrogate a")
    text = json.dumps(plain(quiet.structure))
    assert not any(word in text for word in ("sends_slope", "traces", "surrogate", "sent"))
    assert text.count('"sends"') == len(quiet.structure.families)
    assert plan_from_text(json.dumps(plan_to_json(sending))).digest == sending.digest
    assert [family.sends.name for family in sending.structure.families] == ["state", "sent"]


def test_edges_say_what_they_make_of_what_is_sent() -> None:
    text = NETWORK.replace("h -> y dense", "h -> y dense sends sent + 2 * state").replace("bend", "tanh")
    text = text.replace("  edge e: x -> h.apical dense\n", "")
    (model,) = compile_source(Source("units.dyn", text)).verify().networks.values()
    (_, made) = plan_of(model).structure.families
    assert to_json(made.sends) == ["add", "state", ["mul", 2.0, "state"]]
