"""What a training can be told: where to start, when to stop, which checkpoint is the best, what to record."""

import numpy as np
import pytest
from msgspec.structs import replace

from dync import load_records
from dync.compiler.pipeline_plan import CallPlan, DataPlan, Metric, RecordPlan, StopPlan
from dync.runtime.checkpoint import load_checkpoint
from dync.runtime.data.error import DataError
from dync.runtime.error import RunError
from dync.runtime.evaluation import evaluate_examples
from dync.runtime.learner import learn_batch
from dync.runtime.pipelines.training.decisions import best_epoch, evaluations_since_best, has_stopped
from dync.runtime.pipelines.training.parts import read_parts
from dync.runtime.saved_model import load_model
from tests.runtime.pipelines.conftest import NETWORK, a_network, a_plan, run

TEST, VALIDATION = Metric("test", "mse"), Metric("validation", "mse")


def arrays(path):
    return {name: array.tobytes() for name, array in load_checkpoint(path).arrays.items()}


@pytest.fixture(scope="module")
def fitted(tmp_path_factory, network):
    out = tmp_path_factory.mktemp("fitted") / "run"
    return out, run(a_plan(), out, network=network)


# --- start ---


def test_a_training_starts_from_a_checkpoint_a_run_or_arrays(fitted, network, tmp_path):
    out, result = fitted
    for number, start in enumerate((out, out / "final", load_checkpoint(out / "final").arrays)):
        again = run(a_plan(epochs=0), tmp_path / str(number), network=network, start=start)
        assert again.is_success()
        assert again.outputs["evaluation_results"] == result.outputs["evaluation_results"]
        weights = {k: v for k, v in arrays(out / "final").items() if not k.startswith("optimizer")}
        assert weights.items() <= arrays(tmp_path / str(number) / "final").items()


def test_the_numbers_are_those_of_the_spec_that_starts(fitted, tmp_path):
    """Weights are taken over; a rate that the present spec changes counts."""
    other = a_network(text=NETWORK.replace("rate 0.1 decay 0.1", "rate 0.7 decay 0.1"))
    run(a_plan(epochs=0), tmp_path / "run", network=other, start=fitted[0])
    found = load_model(tmp_path / "run").orchestrator
    before = load_model(fitted[0]).orchestrator
    np.testing.assert_array_equal(found.lmap["h", "x"].weight, before.lmap["h", "x"].weight)
    rates = [np.asarray(v) for k, v in found.parameters.items() if k.endswith(".rate")]
    assert any((rate == np.float32(0.7)).any() for rate in rates)


@pytest.mark.parametrize(("old", "new", "sentence"), [
    ("layer  h (6)", "layer  h (7)", r"the layer h is \(6,\) there and \(7,\) here"),
    ("edge h -> h dense(diagonal = 0.2, density = 0.5)", "edge h -> h dense(density = 0.5)", "the edge h -> h differs"),
])  # fmt: skip
def test_weights_of_another_network_do_not_fit(fitted, tmp_path, old, new, sentence):
    assert old in NETWORK
    other = a_network(text=NETWORK.replace(old, new))
    result = run(a_plan(), tmp_path / "run", network=other, start=fitted[0])
    assert (result.status, result.stages_failed) == ("failed", ("environment_check",))
    with pytest.raises(AssertionError, match=sentence):
        raise AssertionError(result.errors[0])


def test_arrays_of_another_network_and_a_missing_path_are_refused(fitted, network, tmp_path):
    few = {k: v for k, v in load_checkpoint(fitted[0] / "final").arrays.items() if k != "weights.0"}
    assert "weights.0 is missing" in run(a_plan(), tmp_path / "a", network=network, start=few).errors[0]
    assert "there is no checkpoint" in run(a_plan(), tmp_path / "b", network=network, start=tmp_path / "x").errors[0]


# --- stop and best ---


def history(*values):
    return [{"epoch": n + 1} | ({} if v is None else {"test": {"mse": v}}) for n, v in enumerate(values)]


def test_decisions_follow_the_history_alone():
    assert best_epoch(history(), TEST) is None
    assert best_epoch(history(3.0, 1.0, 1.0, 2.0), TEST) == 2
    assert best_epoch(history(3.0, 1.0, 4.0), Metric("test", "accuracy")) is None
    assert best_epoch(history(float("nan"), 5.0), TEST) == 2
    assert evaluations_since_best(history(3.0, None, 1.0, None, 2.0, 1.0), TEST) == 2
    assert has_stopped(history(1.0, None, 2.0, 3.0), StopPlan(2, TEST))
    assert not has_stopped(history(1.0, None, 2.0), StopPlan(2, TEST))
    assert has_stopped(history(float("nan"), float("nan")), StopPlan(2, TEST))
    assert not has_stopped(history(1.0, 2.0), None)


def test_it_stops_and_keeps_the_best_on_a_validation_part_that_nobody_split(network, tmp_path, events):
    plan = a_plan(epochs=40, evaluate_every=0, stop=StopPlan(3, VALIDATION), checkpoint_best=VALIDATION)
    result = run(plan, tmp_path / "run", network=network)
    made = result.outputs["history"]
    values = [record["validation"]["mse"] for record in made]
    best = int(np.argmin(values)) + 1
    assert len(made) == best + 3 < 40
    assert (result.outputs["best_epoch"], result.outputs["best_checkpoint"]) == (best, "best")
    assert result.outputs["evaluation_results"]["validation"]["mse"] == min(values)
    assert load_model(tmp_path / "run" / "best").progress["epoch"] == best
    assert load_model(tmp_path / "run").progress["epoch"] == best + 3
    assert not (tmp_path / "run" / "resume").exists()
    kinds = [event["event"] for event in events(tmp_path / "run")]
    assert kinds.count("stopped") == 1
    assert kinds.count("best") >= 1


def test_a_validation_part_is_made_only_where_a_metric_asks(network):
    def parts(plan):
        return set(read_parts(plan, network).held_out)

    assert parts(a_plan()) == {"test"}
    assert parts(a_plan(checkpoint_best=VALIDATION)) == {"test", "validation"}
    assert parts(a_plan(checkpoint_best=Metric("train", "mse"))) == {"train", "test"}


@pytest.mark.parametrize(("metric", "sentence"), [
    (Metric("tests", "mse"), "no part 'tests'; did you mean 'test'"),
    (Metric("test", "accurcy"), "no measure 'accurcy'; did you mean 'accuracy'"),
])  # fmt: skip
def test_a_metric_that_is_not_there_fails_before_work_starts(network, tmp_path, metric, sentence):
    result = run(a_plan(checkpoint_best=metric), tmp_path / "run", network=network)
    assert result.stages_failed == ("environment_check",)
    assert sentence in result.errors[0]


def test_without_an_epoch_the_start_is_the_best(network, tmp_path):
    result = run(a_plan(epochs=0, checkpoint_best=TEST), tmp_path / "run", network=network)
    assert (result.outputs["best_epoch"], result.outputs["best_checkpoint"]) == (0, "final")


# --- record ---


def test_recording_changes_nothing_and_records_what_was_learned(fitted, network, tmp_path):
    import jax
    import jax.numpy as jnp

    from dync.runtime.learner import start_learner
    from dync.runtime.optimizers import make_optimizer
    from dync.runtime.pipelines.training.preparation import schedule_of

    plan = a_plan(record=RecordPlan(("h", "y"), 5))
    result = run(plan, tmp_path / "run", network=network)
    assert result.outputs["recorded"] == "records"
    assert arrays(tmp_path / "run" / "final") == arrays(fitted[0] / "final")
    found = load_records(tmp_path / "run")
    assert found.layers == ("h", "y")
    assert found.updates.tolist() == [5, 10, 15, 20]
    assert found["h"].shape == (4, 4, 6)
    with pytest.raises(KeyError, match="'x' was not recorded"):
        found["x"]
    dataset = read_parts(plan, network).dataset
    schedule, optimizer = schedule_of(plan, dataset, network.plan.structure), make_optimizer(plan.optimizer)
    learner = start_learner(network.init(jax.random.key(0)), optimizer)
    data = {k: jnp.asarray(v.reshape(len(v), -1)) for k, v in dataset.parts["train"].arrays.items()}
    batches = [some for epoch in range(3) for rows, n in schedule.calls(epoch) for some in rows[:n]]
    for number, rows in enumerate(batches[:10], start=1):
        batch = {name: array[rows] for name, array in data.items()}
        learner, state = learn_batch(optimizer.update, learner, batch, jax.random.key(0))
        if number % 5 == 0:
            np.testing.assert_array_equal(found.examples[number // 5 - 1], rows)
            np.testing.assert_allclose(found.at(number)["h"], state["h"], rtol=1e-4, atol=1e-5)


def test_records_come_in_files_of_bounded_size(network, tmp_path, monkeypatch):
    monkeypatch.setattr("dync.runtime.records.CHUNK_BYTES", 700)  # a record takes 4 * 6 floats, 4 rows and its number
    run(a_plan(record=RecordPlan(("h",), 2)), tmp_path / "run", network=network)
    files = sorted((tmp_path / "run" / "records").iterdir())
    assert len(files) == 3
    found = load_records(tmp_path / "run" / "records")
    assert found.updates.tolist() == list(range(2, 25, 2))
    assert [len(chunk["h"]) for chunk in found.chunks()] == [5, 5, 2]
    files[1].write_bytes(b"nothing")
    with pytest.raises(RunError, match="cannot be read"):
        load_records(tmp_path / "run")


def test_a_layer_that_is_not_there_cannot_be_recorded(network, tmp_path):
    result = run(a_plan(record=RecordPlan(("g",), 2)), tmp_path / "run", network=network)
    assert "no layer 'g'" in result.errors[0]
    with pytest.raises(RunError, match="there are no records"):
        load_records(tmp_path / "run")


# --- repeat ---


def test_repeated_evaluations_are_means_with_their_spread():
    import jax

    network = a_network("shaky")
    some = read_parts(a_plan(), network).held_out["test"]
    orchestrator = network.init(jax.random.key(0))
    key = jax.random.key(3)
    singles = [evaluate_examples(orchestrator, some, jax.random.fold_in(key, n))["mse"] for n in range(6)]
    found = evaluate_examples(orchestrator, some, key, repeat=6)
    assert len(set(singles)) > 1
    assert found["mse"] == pytest.approx(np.mean(singles))
    assert found["mse.std"] == pytest.approx(np.std(singles, ddof=1))
    assert found["mse.std"] > 0


def test_repeating_what_draws_nothing_has_no_spread(network, fitted, tmp_path):
    result = run(a_plan(repeat=5), tmp_path / "run", network=network)
    measures = result.outputs["evaluation_results"]["test"]
    assert measures["mse.std"] == measures["accuracy.std"] == 0
    assert measures["mse"] == fitted[1].outputs["evaluation_results"]["test"]["mse"]


# --- what a damaged or a small world does ---


def test_too_little_memory_or_disk_fails_before_work_starts(network, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("dync.runtime.environment.available_memory", lambda: 1000)
        result = run(a_plan(), tmp_path / "a", network=network)
        assert "of memory and" in result.errors[0]
    with monkeypatch.context() as patch:
        usage = type("Usage", (), {"free": 100})
        patch.setattr("dync.runtime.environment.shutil.disk_usage", lambda _: usage)
        assert "of disk and" in run(a_plan(), tmp_path / "b", network=network).errors[0]


def test_a_package_that_is_missing_or_old_is_named(network, tmp_path, monkeypatch):
    for requirement, sentence in {"nowhere>=1": "nowhere is not installed", "jax>=99.1": "is too old"}.items():
        monkeypatch.setattr("dync.runtime.environment.requires", lambda _, r=requirement: [r, "x ; extra == 'y'"])
        assert sentence in run(a_plan(), tmp_path / requirement[:4], network=network).errors[0]


def test_no_validation_part_can_be_made_of_five_examples(network):
    source = CallPlan("prototypes", (), {"classes": 1, "units": 8, "samples": 4, "flip": 0.0})
    with pytest.raises(DataError):
        read_parts(replace(a_plan(checkpoint_best=VALIDATION), data=DataPlan(source, {}, ())), network)
