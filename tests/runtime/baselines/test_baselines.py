"""Baselines: they learn real data, the same way each time, and refuse what makes no sense."""

from pathlib import Path

import numpy as np
import pytest

import dync
from dync.compiler.pipeline_plan import CallPlan, DataPlan, TrainingPlan
from dync.compiler.pipelines import signatures as table
from dync.runtime.baselines.kinds import BASELINES, baseline_signatures, make_baseline
from dync.runtime.baselines.training import train_baseline
from dync.runtime.data.dataset import Part, load
from dync.runtime.error import RunError

NETWORK = """
network Net {{
  input x ({inputs})
  layer h[1..2] ({hidden}) tanh
  output y ({outputs})
  edge x -> h[1] dense
  edge h[1] -> h[2] dense
  edge h[2] -> y dense learn delta
  phase p {{ steps 2 messages forward }}
  train p
  infer p
}}
"""
SEVERAL = """
network Two {
  input a (2)
  input b (3)
  layer h (8) tanh
  output c (2)
  output d (4)
  edge a -> h dense
  edge b -> h dense
  edge h -> c dense learn delta
  edge h -> d dense learn delta
  phase p { steps 2 messages forward }
  train p
  infer p
}
"""


def call(name, **named):
    return CallPlan(name, (), named)


def like(source="digits", **changes):
    transforms = (call("split", test=0.2, seed=0),)
    plan = {
        "name": "fit", "network": "Net", "data": DataPlan(call(source), {}, transforms), "epochs": 10, "updates": None,
        "batch": 16, "optimizer": call("sgd", learning_rate=1), "seed": 0, "evaluate_every": 0, "evaluate_on": {},
        "checkpoint_every": 0, "keep": 1, "base": ".",
    }  # fmt: skip
    return TrainingPlan(**plan | changes)


def network(inputs, hidden, outputs):
    return dync.compile_text(NETWORK.format(inputs=inputs, hidden=hidden, outputs=outputs)).network()


def parts(net, training):
    return load(training.data, net.layers("input"), net.layers("output"), Path()).parts


@pytest.fixture(scope="module")
def digits():
    net = network(64, 64, 10)
    return net.plan, parts(net, like())


@pytest.fixture(scope="module")
def wine():
    net = network(13, 16, 3)
    return net.plan, parts(net, like("wine"))


@pytest.mark.parametrize(
    ("model", "least"),
    [
        (call("mlp"), 0.95),
        (call("mlp", hidden=64, depth=1, activation="tanh"), 0.95),
        (call("linear"), 0.92),
        (call("random_features", units=400), 0.93),
        (call("reservoir", units=200), 0.93),
    ],
    ids=str,
)
def test_they_learn_the_digits(digits, model, least):
    plan, data = digits
    found = train_baseline(model, like(epochs=15), plan, data, seed=0)
    assert (found.status, found.error, len(found.history)) == ("complete", None, 15)
    assert found.evaluation["test"]["accuracy"] > least
    # The read-out is in the targets' own values, so that the other measures mean something too.
    assert found.evaluation["test"]["agreement"] > 0.97
    assert found.evaluation["test"]["mse"] < 0.1


@pytest.mark.parametrize("name", BASELINES)
def test_they_learn_wine_as_it_is_measured(wine, name):
    plan, data = wine
    found = train_baseline(call(name), like("wine", epochs=40), plan, data, seed=1)
    assert found.evaluation["test"]["accuracy"] > 0.9


@pytest.mark.parametrize("name", BASELINES)
def test_the_seed_decides_and_nothing_else(wine, name):
    plan, data = wine
    one, same, other = (
        train_baseline(call(name), like("wine", epochs=2, evaluate_every=1), plan, data, seed=seed)
        for seed in (3, 3, 4)
    )
    bits = [{name: array.tobytes() for name, array in found.arrays.items()} for found in (one, same, other)]
    assert bits[0] == bits[1] != bits[2]
    assert one.evaluation == same.evaluation
    assert [record["test"] for record in one.history] == [record["test"] for record in same.history]


def test_epochs_updates_and_batches_are_those_of_the_training(wine):
    plan, data = wine
    found = train_baseline(call("linear"), like("wine", epochs=None, updates=12), plan, data, seed=0)
    assert [record["updates"] for record in found.history] == [data["train"].examples // 16, 12]
    nothing = train_baseline(call("linear"), like("wine", epochs=0), plan, data, seed=0)
    assert nothing.history == ()
    assert nothing.evaluation["test"]["accuracy"] < 0.8


def test_hidden_layers_are_as_wide_as_the_network_unless_said_otherwise(wine):
    plan, data = wine

    def shapes(**settings):
        found = train_baseline(call("mlp", **settings), like("wine", epochs=0), plan, data, seed=0)
        return [array.shape for name, array in found.arrays.items() if name.endswith("weight")]

    assert shapes() == [(13, 16), (16, 16), (16, 3)]
    assert shapes(hidden=5) == [(13, 5), (5, 3)]
    assert shapes(depth=3) == [(13, 16), (16, 16), (16, 16), (16, 3)]
    assert shapes(hidden=5, depth=2) == [(13, 5), (5, 5), (5, 3)]


def test_several_inputs_and_outputs_are_put_side_by_side():
    net = dync.compile_text(SEVERAL).network()
    draw = np.random.default_rng(0)
    a, b = (draw.standard_normal((300, n)).astype(np.float32) for n in (2, 3))
    c = np.where(np.arange(2) == (a[:, :1] + b[:, :1] > 0), 1, -1).astype(np.float32)
    d = np.concatenate([a, -b[:, :2]], axis=1)
    data = {"train": Part({"a": a, "b": b, "c": c, "d": d}, 300)}
    found = train_baseline(call("mlp", hidden=32, learning_rate=0.01), like(epochs=40), net.plan, data, seed=0)
    assert found.evaluation["train"]["c.accuracy"] > 0.95  # one of many
    assert found.evaluation["train"]["d.mse"] < 0.05  # and a regression beside it
    assert "d.accuracy" not in found.evaluation["train"]


def test_fixed_units_stay_as_they_were_drawn(wine):
    plan, data = wine
    for name in ("reservoir", "random_features"):
        before, after = (
            train_baseline(call(name), like("wine", epochs=epochs), plan, data, seed=0).arrays for epochs in (0, 3)
        )
        changed = {key for key in before if before[key].tobytes() != after[key].tobytes()}
        assert changed == {"last.weight", "last.bias"}


def test_the_spectral_radius_is_the_one_asked_for(wine):
    plan, data = wine
    model = call("reservoir", units=60, spectral_radius=0.7, density=0.3)
    found = train_baseline(model, like("wine", epochs=0), plan, data, seed=0)
    matrix = found.arrays["features.recurrent"]
    assert np.abs(np.linalg.eigvals(matrix)).max() == pytest.approx(0.7, rel=1e-4)
    assert 0.2 < (matrix != 0).mean() < 0.4


def test_a_training_that_diverges_is_failed_and_has_no_score(wine):
    plan, data = wine
    found = train_baseline(call("mlp", learning_rate=1e30), like("wine"), plan, data, seed=0)
    assert found.status == "failed"
    assert "diverged" in found.error
    assert (found.evaluation, found.arrays) == ({}, {})


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (call("mpl"), "did you mean 'mlp'"),
        (call("mlp", hiden=3), "did you mean 'hidden'"),
        (call("mlp", hidden=0), "hidden = 0"),
        (call("mlp", hidden=1.5), "whole number"),
        (call("mlp", activation="rely"), "did you mean relu"),
        (call("linear", learning_rate=0), "learning_rate = 0"),
        (call("reservoir", leak=0), "leak = 0"),
        (call("reservoir", spectral_radius=-1), "spectral_radius = -1"),
        (call("random_features", units=-3), "units = -3"),
    ],
    ids=str,
)
def test_what_makes_no_baseline_is_refused_in_words(model, words):
    with pytest.raises(RunError, match=words):
        make_baseline(model)


def test_a_batch_larger_than_the_training_part_is_refused(wine):
    plan, data = wine
    with pytest.raises(RunError, match="make it smaller"):
        train_baseline(call("mlp"), like("wine", batch=1000), plan, data, seed=0)


def test_the_compiler_knows_the_same_parameters():
    written = {name: list(signature.names) for name, signature in table.BASELINES.items()}
    assert written == {name: list(found.parameters) for name, found in baseline_signatures().items()}


def test_the_parameters_that_a_file_can_give():
    assert {name: list(found.parameters) for name, found in baseline_signatures().items()} == {
        "mlp": ["hidden", "depth", "learning_rate", "activation"],
        "linear": ["learning_rate"],
        "reservoir": ["units", "leak", "density", "spectral_radius", "steps", "learning_rate"],
        "random_features": ["units", "learning_rate"],
    }
