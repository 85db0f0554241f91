"""Whether networks rest and how far they go, against taking the steps one by one with an orchestrator."""

from __future__ import annotations

from itertools import pairwise

import jax
import numpy as np
import pytest

from dync.compiler.driver import bind, compile_source, plan_of
from dync.compiler.plan import Plan
from dync.grammar.source import Source
from dync.runtime.error import RunError
from dync.runtime.properties.peaks import find_excess
from dync.runtime.properties.rest import TOLERANCE, find_unrest
from dync.runtime.properties.trial_run import SEEDS, start

TEXT = """
network Net {{
  input x (6)
  layer a (5) leaky_tanh(0.6)
  layer b (5) tanh
  output y (3)
  edge x -> a dense
  edge a -> b dense(strength = 2)
  edge b -> a dense(strength = 0.4)
  edge b -> y dense
  edge y -> b dense
  schedule {schedule}
  phase warm {{ steps 2  messages forward }}
  phase relax {{ {relax} }}
  {protocols}
}}
"""


def plan(relax: str = "steps 7", protocols: str = "infer relax", schedule: str = "sequential") -> Plan:
    text = TEXT.format(relax=relax, protocols=protocols, schedule=schedule)
    return plan_of(bind(compile_source(Source("t.dyn", text)), "Net", {}))


def walk(net: Plan, seed: int, messages: str, steps: int, before: int = 0) -> list[dict[str, np.ndarray]]:
    """The states before each of so many steps and after the last; `before` forward steps go first."""
    orchestrator, state = start(net, seed)
    key = jax.random.key(0)
    seen = [{name: np.asarray(state[name]) for name in state}]
    for step in range(before + steps):
        kind = "forward" if step < before else messages
        state, key = orchestrator.step(state, rng=key, messages=kind)
        seen.append({name: np.asarray(state[name]) for name in state})
    return seen


def steps_to_rest(states: list[dict[str, np.ndarray]]) -> int:
    for number, (one, other) in enumerate(pairwise(states), start=1):
        if max(np.abs(one[name] - other[name]).max() for name in one) <= TOLERANCE:
            return number
    raise AssertionError("never")


@pytest.mark.parametrize("schedule", ["sequential", "synchronous"])
@pytest.mark.parametrize("messages", ["all", "forward"])
def test_it_rests_after_exactly_as_many_steps(schedule: str, messages: str) -> None:
    net = plan(schedule=schedule)
    needed = max(steps_to_rest(walk(net, seed, messages, 200)) for seed in range(4, 4 + SEEDS))
    asked = None if messages == "all" else "forward"
    assert find_unrest(net, "relax", needed, asked, 4) is None
    found = find_unrest(net, "relax", needed - 1, asked, 4)
    assert found is not None
    assert found.protocol == ("relax",)


def test_the_phases_before_it_come_first() -> None:
    net = plan(protocols="infer warm, relax")
    needed = max(steps_to_rest(walk(net, seed, "all", 200, before=2)[2:]) for seed in range(SEEDS))
    assert find_unrest(net, "relax", needed, None, 0) is None
    found = find_unrest(net, "relax", needed - 1, None, 0)
    assert found is not None
    assert found.protocol == ("warm", "relax")


def test_every_protocol_that_has_the_phase_is_run() -> None:
    net = plan(protocols="train relax, warm  infer warm, relax")
    found = find_unrest(net, "relax", 1, None, 0)
    assert found is not None
    assert found.protocol == ("relax",)
    assert find_unrest(plan(protocols="infer warm"), "relax", 200, None, 0) is None, "in none, it runs alone"


@pytest.mark.parametrize("layer", ["a", "b", "x", "y"])
def test_the_peak_is_the_largest_magnitude_of_all_steps(layer: str) -> None:
    net = plan(protocols="infer warm, relax")
    peaks = [max(np.abs(s[layer]).max() for s in walk(net, seed, "all", 7, before=2)) for seed in range(SEEDS)]
    assert find_excess(net, [layer], max(peaks) * 1.0001, None, 0) is None
    found = find_excess(net, ["x", layer], max(peaks) * 0.9999, None, 0) if layer == "x" else None
    found = found or find_excess(net, [layer], max(peaks) * 0.9999, None, 0)
    assert found is not None
    assert found.layer == layer
    assert found.reached == pytest.approx(peaks[found.seed], rel=1e-4)


def test_a_phase_that_settles_is_followed_to_its_end() -> None:
    settling, counted = plan(relax="until settled max 200"), plan(relax="steps 200")
    for by in (0.5, 0.9, 0.999):
        assert (find_excess(settling, ["b"], by, None, 0) is None) == (find_excess(counted, ["b"], by, None, 0) is None)


def test_what_was_large_in_an_early_phase_counts() -> None:
    text = """network N {
  input x (4)
  layer h (4) identity
  output y (4)
  edge x -> h dense(strength = 50)
  edge h -> y dense
  phase loud { steps 1 }
  phase quiet { steps 1  messages backward }
  infer loud, quiet, quiet
}"""
    net = plan_of(bind(compile_source(Source("t.dyn", text)), "N", {}))
    found = find_excess(net, ["h"], 5, None, 0)
    assert found is not None
    assert find_excess(net, ["h"], 5, "backward", 0) is None, "without forward messages nothing is ever loud"


def test_what_is_not_finite_is_beyond_anything() -> None:
    text = """network N {
  input x (4)
  layer h (4) identity
  output y (4)
  edge x -> h dense
  edge h -> h one_to_one(1e12)
  edge h -> y dense
  phase grow { steps 9 }
  infer grow
}"""
    net = plan_of(bind(compile_source(Source("t.dyn", text)), "N", {}))
    found = find_excess(net, ["h"], 3e38, None, 0)
    assert found is not None
    assert not np.isfinite(found.reached)


@pytest.mark.parametrize(
    ("relax", "layers", "reason"),
    [("steps 20000", "5", "its phase relax takes 20,000 steps"), ("steps 2", "9000", "weights or units")],
)
def test_what_is_too_large_is_refused(relax: str, layers: str, reason: str) -> None:
    text = TEXT.format(relax=relax, protocols="infer relax", schedule="sequential").replace("(5)", f"({layers})")
    net = plan_of(bind(compile_source(Source("t.dyn", text)), "Net", {}))
    with pytest.raises(RunError, match=reason):
        find_excess(net, ["a"], 1, None, 0)


def test_too_many_multiplications_are_refused() -> None:
    text = TEXT.format(relax="steps 9000", protocols="infer relax", schedule="sequential").replace("(5)", "(900)")
    net = plan_of(bind(compile_source(Source("t.dyn", text)), "Net", {}))
    with pytest.raises(RunError, match="take too long for a test"):
        find_excess(net, ["a"], 1, None, 0)
