"""Stages: what counts as success, partial and failed; retries; limits of time; what is not done twice."""

import json

import numpy as np
import pytest
from msgspec.structs import replace

from dync.compiler.pipeline_plan import CallPlan, DataPlan, Limits
from dync.runtime.error import RunError
from dync.runtime.pipelines.clock import StageClock
from dync.runtime.pipelines.result import PipelineResult
from dync.runtime.pipelines.stages import Stage, run_stages
from dync.runtime.pipelines.training import measuring
from dync.runtime.reporter import Reporter
from dync.runtime.run_folder import RunFolder
from tests.runtime.pipelines.conftest import a_plan, run


class Work:
    """A stage's body that fails with these sentences in turn, then gives its outputs."""

    def __init__(self, *failures, **outputs):
        self.failures, self.outputs, self.calls = list(failures), outputs, 0

    def __call__(self):
        self.calls += 1
        if self.failures:
            raise RunError(self.failures.pop(0), {"left": self.calls})
        return self.outputs


def ended(stages, path, **options):
    path.mkdir(exist_ok=True)
    return run_stages("some", stages, RunFolder(path), Reporter(), **options)


def test_a_failure_after_the_essential_stage_is_partial(tmp_path):
    def three(*works):
        return [Stage(name, work, name == "b") for name, work in zip("abc", works, strict=True)]

    good = ended(three(Work(x=1), Work(), Work(y=2)), tmp_path / "1")
    assert (good.status, good.stages_completed, good.outputs) == ("success", ("a", "b", "c"), {"x": 1, "y": 2})
    partial = ended(three(Work(), Work(x=1), Work("no room")), tmp_path / "2")
    assert (partial.status, partial.stages_failed, partial.errors) == ("partial", ("c",), ("c: no room",))
    assert partial.outputs == {"x": 1, "left": 1}
    last = Work()
    failed = ended(three(Work(), Work("no luck"), last), tmp_path / "3")
    assert (failed.status, failed.stages_completed, last.calls) == ("failed", ("a",), 0)
    assert json.loads((tmp_path / "3" / "result.json").read_text())["status"] == "failed"


def test_a_stage_is_tried_again_and_every_cause_is_kept(tmp_path, events):
    work = Work("first", "second", x=1)
    good = ended([Stage("a", work, True)], tmp_path / "1", limits=Limits(retries=2))
    assert (good.status, work.calls, good.outputs["x"]) == ("success", 3, 1)
    assert good.errors == ("a (attempt 1 of 3): first", "a (attempt 2 of 3): second")
    told = [(e["attempt"], e["of"], e["error"]) for e in events(tmp_path / "1") if e["event"] == "attempt"]
    assert told == [(1, 3, "first"), (2, 3, "second")]
    work = Work("first", "second", "third")
    bad = ended([Stage("a", work, True)], tmp_path / "2", limits=Limits(retries=1))
    assert (bad.status, work.calls, len(bad.errors)) == ("failed", 2, 2)


def test_a_stage_that_ran_too_long_is_not_tried_again(tmp_path):
    clock = StageClock(0.0)
    work = Work()

    def slow():
        work()
        clock.check({"made": "half"})
        return {}

    result = ended([Stage("a", slow, True)], tmp_path / "1", limits=Limits(retries=5), clock=clock)
    assert (result.status, work.calls, result.outputs) == ("failed", 1, {"made": "half"})
    assert "limit stage_seconds" in result.errors[0]
    assert "--resume" in result.errors[0]
    StageClock().check()
    StageClock(60).check()


@pytest.mark.parametrize(("going_on", "done"), [(False, ("a",)), (True, ("a", "d"))])
def test_what_does_not_need_a_failed_stage_is_done_where_that_is_wished(tmp_path, going_on, done):
    stages = [
        Stage("a", Work(), True), Stage("b", Work("broken")), Stage("c", Work()), Stage("d", Work(z=1), needs=("a",)),
        Stage("e", Work(), needs=("a", "c")),
    ]  # fmt: skip
    result = ended(stages, tmp_path / "1", limits=Limits(continue_on_failure=going_on))
    assert (result.status, result.stages_completed, result.stages_failed) == ("partial", done, ("b",))


def test_a_stage_is_done_again_only_where_what_it_stands_on_changed(tmp_path, events):
    def go(work, basis, resume=True, stands=True):
        stage = Stage("a", work, True, lambda: basis, lambda: stands)
        return ended([stage], tmp_path / "1", resume=resume)

    go(Work(x=1), {"data": "p"}, resume=False)
    again = Work(x=2)
    assert go(again, {"data": "p"}).outputs == {"x": 1}
    assert again.calls == 0
    assert [e["event"] for e in events(tmp_path / "1")][-2:] == ["stage_skipped", "run_finished"]
    assert go(again, {"data": "p"}, stands=False).outputs == {"x": 2}
    assert go(again, {"data": "q"}).outputs == {"x": 2}
    assert again.calls == 2
    assert go(Work("late"), {"data": "r"}).status == "failed"
    assert go(again, {"data": "r"}).is_success()  # what failed is not done
    assert again.calls == 3
    (tmp_path / "1" / "stages.json").write_text('{"a": {"key": "wrong", "basis": {}, "outputs": {}}}')
    with pytest.raises(RunError, match="damaged"):
        go(again, {"data": "r"})


def test_what_may_not_change_under_half_a_stage_is_refused(tmp_path):
    anew = Work()

    def go(basis, *failures, resume=True):
        work = Work(*failures)
        stage = Stage("a", work, True, lambda: basis, bound=frozenset({"data"}), anew=anew)
        return ended([stage], tmp_path / "1", resume=resume), work.calls

    go({"data": "p", "versions": 1}, "half", resume=False)
    assert go({"data": "p", "versions": 2}, "still half")[1] == 1
    result, calls = go({"data": "q", "versions": 2})
    assert (result.status, calls, len(result.errors)) == ("failed", 0, 1)
    assert "the data of this run changed" in result.errors[0]
    assert go({"data": "p", "versions": 2})[0].is_success()
    assert anew.calls == 0


def test_a_whole_stage_begins_anew_where_what_it_stands_on_changed(tmp_path, events):
    anew, said = Work(), []
    reporter = Reporter()
    reporter.message = said.append

    def go(basis, logged=False):
        (tmp_path / "1").mkdir(exist_ok=True)
        work = Work(x=1)
        stage = Stage("a", work, True, lambda: basis, bound=frozenset({"data"}), anew=anew, logged=logged)
        assert run_stages("some", [stage], RunFolder(tmp_path / "1"), reporter, resume=True).outputs == {"x": 1}
        return work.calls, anew.calls

    assert go({"data": "p", "versions": {"jax": "1"}, "more": {"a": 1, "b": 2}}) == (1, 0)
    assert go({"data": "q", "versions": {"jax": "2"}, "more": {"a": 1, "b": 3}}) == (1, 1)
    assert said == ["a is done again, for these changed: data, more (b), versions (jax 1 is 2 now)"]
    (outdated,) = [e for e in events(tmp_path / "1") if e["event"] == "stage_outdated"]
    assert (outdated["stage"], outdated["changed"]) == ("a", ["data", "more", "versions"])
    assert go({"data": "q"}, logged=True) == (1, 2)
    assert go({"data": "q"}, logged=True) == (1, 2)  # it asks its log each time, and loses nothing


# --- a training's stages ---


def files_plan(folder, **changes):
    return a_plan(base=str(folder), data=DataPlan(CallPlan("npz", ("data.npz",), {}), {}, ()), **changes)


def write_data(folder, name, shift=0.0):
    draw = np.random.default_rng(0)
    x = draw.standard_normal((24, 8), np.float32) + np.float32(shift)
    np.savez(folder / name, x=x, y=np.eye(2, dtype=np.float32)[np.arange(24) % 2])


@pytest.fixture
def half_done(network, tmp_path, monkeypatch):
    """A run whose evaluation failed: all before it is done."""
    write_data(tmp_path, "data.npz")
    write_data(tmp_path, "more.npz", 0.1)
    more = DataPlan(CallPlan("npz", ("more.npz",), {}), {}, ())
    plan = files_plan(tmp_path, evaluate_every=0, evaluate_on={"more": more})
    with monkeypatch.context() as patch:
        patch.setattr(measuring, "evaluate_examples", lambda *_: Work("the measures cannot be taken")())
        result = run(plan, tmp_path / "run", network=network)
    assert (result.status, result.stages_failed) == ("partial", ("evaluation",))
    return plan


def test_a_resumed_training_does_only_what_is_left(half_done, network, tmp_path, events):
    result = run(half_done, tmp_path / "run", network=network, resume=True)
    assert result.is_success()
    last = events(tmp_path / "run")
    last = last[max(n for n, e in enumerate(last) if e["event"] == "environment") :]
    assert [e["stage"] for e in last if e["event"] == "stage_skipped"] == ["training", "checkpoint_save"]
    assert [e["stage"] for e in last if e["event"] == "stage_started"] == ["evaluation"]
    assert not [e for e in last if e["event"] == "epoch"]
    again = run(half_done, tmp_path / "run", network=network, resume=True)
    assert again.outputs == result.outputs


class CtrlC(Reporter):
    def epoch(self, progress):
        raise KeyboardInterrupt


def test_half_a_training_whose_data_changed_is_refused(network, tmp_path):
    write_data(tmp_path, "data.npz")
    plan = files_plan(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        run(plan, tmp_path / "run", network=network, reporter=CtrlC())
    write_data(tmp_path, "data.npz", 0.5)
    result = run(plan, tmp_path / "run", network=network, resume=True)
    assert (result.status, result.stages_failed) == ("failed", ("training",))
    assert "the data of this run changed since it began: put back" in result.errors[0]
    write_data(tmp_path, "data.npz")
    assert run(plan, tmp_path / "run", network=network, resume=True).is_success()


def test_a_whole_training_whose_data_changed_is_done_again(half_done, network, tmp_path, events):
    """What comes out is what a new run on the new data gives, and what was there before is set aside."""
    out = tmp_path / "run"
    before = (out / "final" / "arrays.safetensors").read_bytes()
    write_data(tmp_path, "data.npz", 0.5)
    result = run(half_done, out, network=network, resume=True)
    fresh = run(half_done, tmp_path / "fresh", network=network)
    assert result.is_success()
    assert result.outputs["evaluation_results"] == fresh.outputs["evaluation_results"]
    weights = [path / "final" / "arrays.safetensors" for path in (out, tmp_path / "fresh")]
    assert weights[0].read_bytes() == weights[1].read_bytes() != before
    assert (out / "earlier" / "1" / "final" / "arrays.safetensors").read_bytes() == before
    assert (out / "earlier" / "1" / "result.json").is_file()
    outdated = [e for e in events(out) if e["event"] == "stage_outdated"]
    assert [(e["stage"], e["changed"]) for e in outdated] == [("training", ["data"]), ("checkpoint_save", ["data"])]
    record = json.loads((out / "record.json").read_text())
    assert record["data"] == json.loads((tmp_path / "fresh" / "record.json").read_text())["data"]


def test_an_evaluation_whose_data_changed_is_done_again(half_done, network, tmp_path):
    first = run(half_done, tmp_path / "run", network=network, resume=True)
    write_data(tmp_path, "more.npz", 0.5)
    second = run(half_done, tmp_path / "run", network=network, resume=True)
    assert second.is_success()
    assert second.outputs["history"] == first.outputs["history"]
    before, after = (some.outputs["evaluation_results"]["more"] for some in (first, second))
    assert before["mse"] != after["mse"]


def test_a_lost_checkpoint_is_written_again(half_done, network, tmp_path):
    run(half_done, tmp_path / "run", network=network, resume=True)
    (tmp_path / "run" / "final" / "arrays.safetensors").write_bytes(b"")
    with pytest.warns(UserWarning, match="final is passed over"):
        result = run(half_done, tmp_path / "run", network=network, resume=True)
    assert result.is_success()
    assert PipelineResult.from_json((tmp_path / "run" / "result.json").read_text()) == result


def test_a_failed_save_leaves_the_evaluation_where_that_is_wished(network, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("dync.runtime.checkpoint.write_folder", full)
    plan = replace(a_plan(epochs=1), limits=Limits(continue_on_failure=True))
    result = run(plan, tmp_path / "run", network=network)
    assert (result.status, result.stages_failed) == ("partial", ("checkpoint_save",))
    assert "test" in result.outputs["evaluation_results"]


def test_a_further_attempt_goes_on_from_the_last_checkpoint(network, tmp_path, monkeypatch, events, short_calls):
    from dync.runtime.pipelines.training.learning import Learning

    whole = run(a_plan(checkpoint_every=1), tmp_path / "whole", network=network)
    end, failed = Learning._end_epoch, []

    def fails_once(learning, epoch, began):
        if epoch == 1 and not failed:
            failed.append(epoch)
            raise RunError("the disk went away")
        end(learning, epoch, began)

    monkeypatch.setattr(Learning, "_end_epoch", fails_once)
    plan = a_plan(checkpoint_every=1, limits=Limits(retries=1))
    result = run(plan, tmp_path / "run", network=network)
    assert result.is_success()
    assert result.errors == ("training (attempt 1 of 2): the disk went away",)
    assert result.outputs["evaluation_results"] == whole.outputs["evaluation_results"]
    assert [e["updates"] for e in events(tmp_path / "run") if e["event"] == "resumed"] == [8]


def test_the_wall_clock_ends_a_real_training(network, tmp_path):
    plan = a_plan(epochs=10**6, evaluate_every=0, limits=Limits(stage_seconds=1.0))
    result = run(plan, tmp_path / "run", network=network)
    assert (result.status, result.stages_failed) == ("failed", ("training",))
    assert result.total_time_seconds < 20
    assert "reached its limit of 1 s" in result.errors[0]
    assert (tmp_path / "run" / "resume").is_dir()
