"""The first stage of all four kinds of pipelines: what a run needs and does not have is said before work starts."""

import builtins
import json
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest

from dync.runtime.sweep import extra

KINDS = """
pipeline tune sweep {
  base fit
  search optimizer.learning_rate in { 0.1, 0.2 }
  search hidden in 4..64
  strategy random
  trials 2
  objective maximize validation.accuracy
}
pipeline duel comparison {
  entry a fit
  entry b baseline linear
  task toys npz("some.npz") then split(test = 0.2)
  seeds 2
}
pipeline best benchmark {
  entry a fit
  task toys npz("some.npz") then split(test = 0.2)
  seeds 2
}
"""
ALL = ("fit", "tune", "duel", "best")


@pytest.fixture
def study(write, tiny, fit, tmp_path):
    """All four kinds, on a file."""
    np.savez(tmp_path / "some.npz", x=np.sign(np.random.default_rng(0).standard_normal((60, 16))), y=np.arange(60) % 3)
    source = "prototypes(classes = 3, units = 16, samples = 20, flip = 0.1, seed = 1) then split(test = 0.2)"
    return write("study.dyn", tiny + fit.replace(source, 'npz("some.npz") then split(test = 0.2)') + KINDS)


@pytest.fixture
def failed(dync, study, tmp_path):
    """Runs a pipeline whose first stage has to fail with these words; nothing else may have begun."""

    def check(pipeline, *words, options=()):
        ended = dync("run", study, pipeline, *options, "--out", "out")
        assert ended.status == 1
        found = json.loads((tmp_path / "out" / "result.json").read_text())
        assert (found["status"], found["stages_failed"]) == ("failed", ["environment_check"])
        assert found["stages_completed"] == []
        for word in words:
            assert word in found["errors"][0]
            assert word in ended.err
        events = [json.loads(line) for line in (tmp_path / "out" / "events.jsonl").read_text().splitlines()]
        begun = [event["stage"] for event in events if event["event"] == "stage_started"]
        assert begun == ["environment_check"]
        assert not {event["event"] for event in events} & {"trial", "score", "epoch", "checkpoint"}

    return check


@pytest.mark.parametrize("pipeline", ALL)
def test_too_little_memory(failed, pipeline, monkeypatch):
    monkeypatch.setattr("dync.runtime.environment.available_memory", lambda: 1000)
    failed(pipeline, "of memory and", "are free: make the layers or the batch smaller")


@pytest.mark.parametrize("pipeline", ["tune", "duel", "best"])
def test_too_little_memory_for_so_many_processes(failed, pipeline, monkeypatch):
    """Enough for what they do, and for one process, but not for two."""
    monkeypatch.setattr("dync.runtime.environment.available_memory", lambda: 500 * 2**20)
    failed(pipeline, "the work of 2 processes needs", "take fewer, --jobs", options=("--jobs", "2"))


@pytest.mark.parametrize("pipeline", ALL)
def test_too_little_disk(failed, pipeline, monkeypatch):
    usage = namedtuple("usage", "total used free")(1000, 900, 100)
    monkeypatch.setattr("dync.runtime.environment.shutil.disk_usage", lambda _: usage)
    failed(pipeline, "of disk and", "another folder with --out")


@pytest.mark.parametrize("pipeline", ALL)
def test_data_that_are_not_there(failed, pipeline, tmp_path):
    (tmp_path / "some.npz").unlink()
    failed(pipeline, "some.npz does not exist in")


@pytest.mark.parametrize("pipeline", ALL)
def test_data_that_may_not_be_read(failed, pipeline, monkeypatch):
    original = Path.read_bytes

    def refused(self):
        if self.name == "some.npz":
            raise PermissionError(13, "Permission denied", str(self))
        return original(self)

    monkeypatch.setattr(Path, "read_bytes", refused)
    failed(pipeline, "some.npz cannot be read: Permission denied")


@pytest.mark.parametrize("pipeline", ALL)
def test_data_that_are_damaged(failed, pipeline, tmp_path):
    path = tmp_path / "some.npz"
    path.write_bytes(path.read_bytes()[:100])
    failed(pipeline, "some.npz")


@pytest.mark.parametrize("pipeline", ALL)
def test_a_package_that_is_too_old(failed, pipeline, monkeypatch):
    monkeypatch.setattr("dync.runtime.environment.requires", lambda _: ["jax>=99.1", "x ; extra == 'y'"])
    failed(pipeline, "jax", "is too old: pip install -U 'jax>=99.1'")


@pytest.mark.parametrize(("pipeline", "name"), [("tune", "sweep"), *((kind, "cluster") for kind in ALL)])
def test_an_extra_that_is_not_installed(failed, pipeline, name, monkeypatch):
    missing, original = {"sweep": "cmaes", "cluster": "distributed"}[name], builtins.__import__

    def without(wanted, *arguments, **more):
        if wanted.partition(".")[0] == missing:
            raise ImportError(wanted)
        return original(wanted, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.setattr(extra, "import_module", without)
    options = ("--cluster", "tcp://127.0.0.1:9") if name == "cluster" else ("--set", "strategy=cma")
    failed(pipeline, f"pip install 'dync[{name}]'", options=options)
