"""Measures that a network declares, against NumPy, in evaluations, pipelines and over time."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dync
from dync.runtime.data.dataset import Part
from dync.runtime.declared_measures import measured
from dync.runtime.evaluation import BATCH, evaluate_examples, examples, measure_names

pytestmark = pytest.mark.usefixtures("hardly_optimized")

NET = dync.compile_text(
    """
    network Net {
      param beta = 0.5
      input x (4)
      layer h[1..2] (2, 3) tanh
      output y (3)
      edge x -> h[1] dense
      edge h[1] -> h[2] dense
      edge h[2] -> y dense learn delta
      phase free { steps 3  clamp x }
      train free
      infer free
      measure hits = [argmax(y) == argmax(y.target)]
      measure error = mean(abs(y - y.target)) minimize
      measure both = beta * max(h[2]) + sum(h[1] * h[2]) - min(x)
      measure active = mean([h[2] > 0.1 and not h[1] < max(0.0, h[2], beta)])
    }
    """
).network()


def by_hand(state, target):
    x, h1, h2, y = (np.asarray(state[name]).reshape(len(target), -1) for name in ("x", "h[1]", "h[2]", "y"))
    largest = np.maximum(np.maximum(0.0, h2), 0.5)
    return {
        "hits": (y.argmax(1) == target.argmax(1)).astype(float),
        "error": np.abs(y - target).mean(1),
        "both": 0.5 * h2.max(1) + (h1 * h2).sum(1) - x.min(1),
        "active": ((h2 > 0.1) & ~(h1 < largest)).mean(1),
    }


def data(count):
    rng = np.random.default_rng(3)
    return rng.normal(size=(count, 4)).astype(np.float32), np.eye(3, dtype=np.float32)[rng.integers(0, 3, count)]


def test_a_state_has_the_measures_that_numpy_gives():
    x, y = data(7)
    orch = NET.init(jax.random.key(1))
    state, _ = orch.relax("infer", NET.state(x), rng=jax.random.key(0))
    found = measured(state, orch.parameters, {"y": jnp.asarray(y)})
    expected = by_hand(state, y)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, atol=1e-5, err_msg=name)


def test_without_a_target_only_what_reads_none_is_there():
    state = NET.state(data(2)[0])
    assert set(measured(state, NET.init(jax.random.key(1)).parameters, {})) == {"both", "active"}


def test_an_evaluation_averages_over_all_examples_and_no_padding():
    x, y = data(BATCH + 30)
    orch = NET.init(jax.random.key(1))
    some = examples(NET.plan.structure, Part({"x": x, "y": y}, len(x)))
    assert measure_names(some) == ("accuracy", "agreement", "mse", "hits", "error", "both", "active")
    found = evaluate_examples(orch, some, jax.random.key(0))
    state, _ = orch.relax("infer", NET.state(x), rng=jax.random.key(0))
    for name, value in by_hand(state, y).items():
        assert found[name] == pytest.approx(value.mean(), rel=1e-4), name
    assert found["hits"] == pytest.approx(found["accuracy"])


def test_parameters_of_measures_are_numbers_of_the_plan():
    other = dync.compile_text("network N { param a = 2 input x (1) measure m = a * sum(x) }")
    plans = [other.network("N", a=a).plan for a in (2, 3)]
    assert plans[0].structure == plans[1].structure
    assert [plan.numbers["measure.m.a"] for plan in plans] == [(2.0,), (3.0,)]


MEMORY = """
network Memory {
  input cue (16)
  layer m (16) sign start cue
  edge m -> m dense(diagonal = 0, strength = 0) learn hebbian
  phase store { steps 1  clamp cue, m }
  phase recall { steps 5 }
  train store
  infer recall
  measure overlap = mean(m * cue)
  measure flips = sum([m != cue]) minimize
}
pipeline fit training {
  network Memory
  data prototypes(classes = 2, units = 16, samples = 60, seed = 1) then split(test = 0.25, validation = 0.25)
  epochs 3
  batch 5
  optimizer sgd(0.1)
  evaluate every 1
  checkpoint best validation.flips
  stop after 2 without better validation.overlap
}
pipeline tune sweep {
  base fit
  search optimizer.learning_rate in { 0.1, 0.0 }
  objective maximize validation.overlap
}
"""


def test_a_network_without_outputs_is_trained_chosen_and_evaluated_by_its_measures(tmp_path):
    (tmp_path / "memory.dyn").write_text(MEMORY, encoding="utf-8")
    result = dync.run(tmp_path / "memory.dyn", "fit", out=tmp_path / "fit")
    assert result.is_success()
    measures = result.outputs["evaluation_results"]["test"]
    assert set(measures) == {"overlap", "flips"}
    assert measures["flips"] == pytest.approx(8 * (1 - measures["overlap"]), abs=1e-4)  # 16 units of sign 1 or -1
    rows = [row["validation"]["flips"] for row in result.outputs["history"]]
    assert min(rows) == rows[result.outputs["best_epoch"] - 1]


def test_a_sweep_can_be_about_a_declared_measure(tmp_path):
    (tmp_path / "memory.dyn").write_text(MEMORY, encoding="utf-8")
    result = dync.run(tmp_path / "memory.dyn", "tune", out=tmp_path / "tune")
    assert result.is_success()
    values = {trial["params"]["optimizer.learning_rate"]: trial["value"] for trial in result.outputs["trials"]}
    assert result.outputs["best_config"]["optimizer.learning_rate"] == max(values, key=values.get) == 0.1


def test_less_of_a_measure_that_says_so_is_better():
    training = dync.compile_text(MEMORY, name="memory.dyn").compilation.trainings["fit"].plan
    assert not training.checkpoint_best.larger_is_better
    assert training.stop.metric.larger_is_better


OVER_TIME = """
network Sum {
  input u (1) over time
  layer s (1) keep
  output y (1) over time
  edge u -> s one_to_one
  edge s -> y dense learn lms
  phase tick { steps 1 per sample  clamp u }
  train tick
  infer tick
  skip 2
  measure level = mean(s)
  measure gap = mean(s - y.target) minimize
}
activation keep { next state + field }
"""


def test_over_time_a_measure_is_the_mean_over_the_samples_that_count():
    net = dync.compile_text(OVER_TIME).network()
    u = np.random.default_rng(0).normal(size=(3, 6, 1)).astype(np.float32)
    some = examples(net.plan.structure, Part({"u": u, "y": u}, 3))
    found = evaluate_examples(net.init(jax.random.key(0)), some, jax.random.key(0))
    sums = np.cumsum(u, axis=1)
    assert found["level"] == pytest.approx(sums[:, 2:].mean(), rel=1e-4)
    assert found["gap"] == pytest.approx((sums - u)[:, 2:].mean(), rel=1e-4)
