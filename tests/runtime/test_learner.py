"""Learning against plain NumPy: what the optimizer is handed, what becomes of its step, and which batches there are."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import dync
from dync.runtime import schedule_of_batches
from dync.runtime.learner import Feed, learning_program, start_learner
from dync.runtime.measures import accuracy, agreement, is_one_of_many, measure, mse
from dync.runtime.schedule_of_batches import BatchSchedule

TEXT = """
network Plain {
  input  x (5)
  output y (3)
  edge x -> y dense(density = 0.6) learn hebbian rate 2 decay 0.25
  phase hold { steps 1 }
  train hold
  infer hold
}
"""


@pytest.fixture(scope="module")
def orch():
    return dync.compile_text(TEXT).network().init(jax.random.key(0))


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    return {"x": rng.normal(size=(12, 5)).astype(np.float32), "y": rng.normal(size=(12, 3)).astype(np.float32)}


def sgd(gradient, memory):
    return -0.1 * gradient, memory


def adam(gradient, memory):
    count, first, second = memory or (0, 0, 0)
    count, first, second = count + 1, 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
    return -0.1 * (first / (1 - 0.9**count)) / (np.sqrt(second / (1 - 0.999**count)) + 1e-8), (count, first, second)


@pytest.mark.parametrize(("optimizer", "by_hand"), [(optax.sgd(0.1), sgd), (optax.adam(0.1), adam)])
def test_the_optimizer_gets_decay_times_weight_minus_update(orch, data, optimizer, by_hand):
    """Its step is multiplied by the rate, so a rate counts under Adam as well."""
    rows = np.arange(12, dtype=np.int32).reshape(3, 4)
    arrays = {name: jnp.asarray(array) for name, array in data.items()}
    feed = Feed(arrays, jnp.asarray(rows), jnp.int32(3), jax.random.key(1))
    learner, outcome = learning_program(optimizer)(feed, start_learner(orch, optimizer))
    exists = np.asarray(orch.lmap["y", "x"].mask)
    weight, memory = np.asarray(orch.lmap["y", "x"].weight, np.float64), None
    for batch in rows:
        update = np.where(exists, data["x"][batch].T @ data["y"][batch] / 4, 0)
        step, memory = by_hand(0.25 * weight - update, memory)
        weight = weight + np.where(exists, 2 * step, 0)
    np.testing.assert_allclose(learner.orchestrator.lmap["y", "x"].weight, weight, atol=1e-5)
    assert int(learner.count) == 3
    assert bool(outcome.finite)
    assert outcome.steps.tolist() == []


def test_only_the_batches_that_count_are_learned(orch, data):
    optimizer = optax.sgd(0.1)
    arrays = {name: jnp.asarray(array) for name, array in data.items()}
    learn = learning_program(optimizer)
    rows = jnp.arange(12, dtype=jnp.int32).reshape(3, 4)
    two, _ = learn(Feed(arrays, rows, jnp.int32(2), jax.random.key(1)), start_learner(orch, optimizer))
    first, _ = learn(Feed(arrays, rows, jnp.int32(1), jax.random.key(1)), start_learner(orch, optimizer))
    both, _ = learn(Feed(arrays, jnp.roll(rows, -1, 0), jnp.int32(1), jax.random.key(1)), first)
    np.testing.assert_array_equal(two.orchestrator.lmap.weights[0], both.orchestrator.lmap.weights[0])


@pytest.mark.parametrize("wrong", ["x", "weight"])
def test_what_is_not_finite_is_noticed(orch, data, wrong):
    optimizer = optax.sgd(0.1)
    arrays = {name: jnp.asarray(array) for name, array in data.items()}
    if wrong == "x":
        arrays["x"] = arrays["x"].at[5, 0].set(jnp.inf)
    else:
        orch = orch.with_weights({("y", "x"): np.full((5, 3), np.nan)})
    rows = jnp.arange(12, dtype=jnp.int32).reshape(3, 4)
    _, outcome = learning_program(optimizer)(
        Feed(arrays, rows, jnp.int32(3), jax.random.key(1)), start_learner(orch, optimizer)
    )
    assert not bool(outcome.finite)


@pytest.mark.parametrize(("examples", "batch", "total"), [(10, 3, 9), (300, 2, 450), (7, 7, 2), (5, 2, 3)])
def test_an_epoch_is_a_permutation(examples, batch, total):
    schedule = BatchSchedule(examples, batch, total, seed=4)
    assert schedule.per_epoch == examples // batch
    orders, count = [], 0
    for epoch in range(schedule.epochs):
        calls = list(schedule.calls(epoch))
        rows = np.concatenate([rows[:used] for rows, used in calls]).ravel()
        assert len({*rows.tolist()}) == len(rows) == schedule.in_epoch(epoch) * batch
        assert set(rows.tolist()) <= set(range(examples))
        assert len({rows.shape for rows, _ in calls}) == 1, "all calls are of one program"
        orders.append(rows.tolist())
        count += sum(used for _, used in calls)
    assert count == total
    assert orders[0] != orders[1][: len(orders[0])]
    again = [rows[:used].ravel().tolist() for rows, used in BatchSchedule(examples, batch, total, seed=4).calls(0)]
    assert [row for call in again for row in call] == orders[0]
    other = next(BatchSchedule(examples, batch, total, seed=5).calls(0))[0]
    assert other[0].tolist() != orders[0][:batch]


def test_calls_go_on_where_they_were_cut_off(monkeypatch):
    monkeypatch.setattr(schedule_of_batches, "CALL", 4)
    schedule = BatchSchedule(33, 3, 11, seed=0)
    calls = list(schedule.calls(0))
    assert [used for _, used in calls] == [4, 4, 3]
    later = list(schedule.calls(0, first=4))
    for (a, n), (b, m) in zip(calls[1:], later, strict=True):
        np.testing.assert_array_equal(a, b)
        assert n == m


def test_measures_by_hand():
    found = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [-0.5, 0.0]], np.float32)
    target = np.array([[1, -1], [-1, 1], [-1, 1], [-1, 1]], np.float32)
    assert accuracy(found, target) == 3 / 4
    assert agreement(found, target) == 5 / 8
    expected = np.mean([0.01, 1.21, 1.44, 0.04, 2.56, 0.36, 0.25, 1.0])
    assert mse(found, target) == pytest.approx(expected, rel=1e-6)
    assert measure({"y": found}, {"y": target}) == pytest.approx(
        {"accuracy": 0.75, "agreement": 0.625, "mse": expected}, rel=1e-6
    )
    two = measure({"y": found, "z": found}, {"y": target, "z": found})
    assert two["z.mse"] == 0
    assert two["mse"] == pytest.approx(expected / 2)
    assert "z.accuracy" not in two
    assert two["accuracy"] == two["y.accuracy"] == 0.75


@pytest.mark.parametrize(("target", "expected"), [
    ([[1, 0], [0, 1]], True), ([[1.5, -0.5, -0.5], [-0.5, -0.5, 1.5]], True), ([[1, 1], [0, 1]], False),
    ([[0, 0], [0, 0]], False), ([[1], [0]], False), ([[2, 0], [0, 1]], False), ([[1, 0, 0.5], [0, 1, 0]], False),
])  # fmt: skip
def test_targets_that_are_one_of_many(target, expected):
    assert is_one_of_many(np.array(target, np.float32)) is expected
