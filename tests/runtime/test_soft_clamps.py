"""Soft clamps, phases that start from others and protocols, against closed forms and plain recurrences."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dync
from dync.compiled import CompileError

pytestmark = pytest.mark.usefixtures("hardly_optimized")

SCHEDULES = ("sequential", "synchronous", "grouped(hidden)")


def leaky_unit(strength: float, steps: int, schedule: str = "sequential") -> dync.Network:
    """One linear leaky unit that hears the input with weight 1.5 and is pulled to its target."""
    return dync.compile_text(
        f"""
        activation linear {{ next 0.5 * state + 0.5 * field }}
        network Unit {{
          input x (1)
          layer h (1) linear
          output y (1) linear
          edge x -> h dense learn hebbian
          edge x -> y one_to_one(1.5)
          edge h -> y one_to_one(0)
          group hidden {{ h }}
          schedule {schedule}
          phase nudged {{ steps {steps}  clamp x  clamp y by {strength} }}
          train nudged
        }}
        """
    ).network()


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("strength", [0.25, 1.0, -0.4])
def test_a_linear_leaky_unit_settles_where_the_algebra_says(strength, schedule):
    """At rest y = 1.5 x + b (t - y), so y = (1.5 x + b t) / (1 + b)."""
    net = leaky_unit(strength, 200, schedule)
    x, target = np.array([[0.4], [-1.0], [2.0]]), np.array([[1.0], [0.5], [-3.0]])
    state, _ = net.init(jax.random.key(0)).relax("train", net.state(x, target), rng=jax.random.key(0))
    np.testing.assert_allclose(state["y"], (1.5 * x + strength * target) / (1 + strength), rtol=1e-5)


def test_every_step_on_the_way_is_the_recurrence_from_zero():
    x, target, y = 0.4, 1.0, 0.0
    for steps in range(1, 6):
        y = 0.5 * y + 0.5 * (1.5 * x + 0.25 * (target - y))
        net = leaky_unit(0.25, steps)
        state, _ = net.init(jax.random.key(0)).relax("train", net.state([[x]], [[target]]), rng=jax.random.key(0))
        assert float(state["y"][0, 0]) == pytest.approx(y, rel=1e-5)


def test_strengths_are_leaves_and_can_be_mapped_over():
    net = leaky_unit(0.25, 100)
    orch, key = net.init(jax.random.key(0)), jax.random.key(0)
    start = net.state([[0.4]], [[1.0]])

    def end(strength):
        changed = type(orch)(orch.lmap, orch.parameters | {"phase.nudged.soft": strength[None]}, orch.structure)
        return changed.relax("train", start, rng=key)[0]["y"][0, 0]

    strengths = jnp.array([0.0, 0.25, 0.5, 0.9])
    found = jax.vmap(end)(strengths)
    np.testing.assert_allclose(found, (0.6 + strengths) / (1 + strengths), rtol=1e-5)
    slope = jax.grad(end)(jnp.float32(0.5))
    assert float(slope) == pytest.approx((1.0 - 0.6) / 1.5**2, rel=1e-4)
    assert leaky_unit(0.25, 100).plan.structure == leaky_unit(0.5, 100).plan.structure


TWO = """
activation linear { next 0.5 * state + 0.5 * field }
network Two {
  input  x (1)
  output y (1) linear
  output z (1) linear
  edge w: x -> y one_to_one(1)
  edge y -> z one_to_one(1)
  edge e: x -> y dense learn contrast
  phase free   { steps 2  clamp x }
  phase other  { steps 3  clamp x, z }
  phase nudged { PLACE steps 1  clamp x  clamp y by 0.5 }
  train free, other, nudged
  infer free
  protocol long { train free, other, free, nudged  infer free, other }
  protocol blind { infer other }
}
rule contrast { update (post@nudged - post@free) * pre }
"""


def two(place: str, protocol: str | None = None) -> dync.Network:
    return dync.compile_text(TWO.replace("PLACE", place)).network("Two", protocol=protocol)


def ends(net, protocol="train"):
    orch = net.init(jax.random.key(0)).with_weights({"e": [[0.0]]})
    state = net.state([[1.0]], {"y": [[2.0]], "z": [[3.0]]})
    return orch.relax(protocol, state, rng=jax.random.key(0))[0], orch


def test_a_phase_from_another_starts_from_its_end_with_what_was_let_go():
    """In `free` y goes 0, 0.5, 0.75 and z, after y in each step, 0, 0.25, 0.5."""
    state, orch = ends(two("from free"))
    y = 0.5 * 0.75 + 0.5 * (1.0 + 0.5 * (2.0 - 0.75))
    assert float(state["y"][0, 0]) == pytest.approx(y)
    assert float(state["z"][0, 0]) == pytest.approx(0.5 * 0.5 + 0.5 * y)
    assert float(orch.backward(state, rng=jax.random.key(0))["e"].weight[0, 0]) == pytest.approx(-(y - 0.75))


def test_without_from_it_goes_on_and_what_is_let_go_starts_from_zero():
    """After three more steps y is 0.96875; z, which `other` held, is let go and starts from zero."""
    state, _ = ends(two(""))
    y = 0.5 * 0.96875 + 0.5 * (1.0 + 0.5 * (2.0 - 0.96875))
    assert float(state["y"][0, 0]) == pytest.approx(y)
    assert float(state["z"][0, 0]) == pytest.approx(0.5 * y)


def test_an_output_that_the_origin_held_keeps_its_value():
    state, _ = ends(two("from other"))
    assert float(state["z"][0, 0]) == pytest.approx(0.5 * 3.0 + 0.5 * float(state["y"][0, 0]))


def test_a_protocol_is_chosen_by_name():
    plan = two("", "long").plan
    names = [phase.name for phase in plan.structure.phases]
    assert [names[n] for n in plan.structure.train or ()] == ["free", "other", "free", "nudged"]
    assert [names[n] for n in plan.structure.infer or ()] == ["free", "other"]


def test_the_default_protocol_has_a_name_too():
    assert two("", "default").plan.digest == two("").plan.digest


def test_a_protocol_without_train_cannot_train():
    program = dync.compile_text(TWO.replace("PLACE", ""))
    with pytest.raises(ValueError, match="no `train` protocol"):
        ends(program.network("Two", protocol="blind"))


def test_an_unknown_protocol_is_told_with_the_nearest():
    with pytest.raises(CompileError, match="`Two` has no protocol `log`; did you mean `long`"):
        two("", "log")


def test_a_rule_needs_its_moments_in_every_protocol_that_trains():
    with pytest.raises(CompileError, match="`nudged` is not a phase of `train` of the protocol `long`"):
        dync.compile_text(TWO.replace("PLACE", "").replace("free, other, free, nudged", "free, other"))
