"""`dync run --cluster` and `dync doctor --cluster` with a real scheduler and workers in processes and folders of their
own: what comes out is what one process makes, whoever is killed on the way."""

import json
import logging
import shutil
import socket

import numpy as np
import pytest
from safetensors.numpy import load_file

pytest.importorskip("distributed")

from dync.runtime.data.content import FileRecord
from dync.runtime.data.input_file import InputFile
from dync.runtime.executors import dask
from dync.runtime.sweep.outcome import TrialWatch
from tests.runtime.executors.dask_on_loopback import cluster

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of packages that Dask uses
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

TUNE = """
pipeline tune sweep {
  base fit
  search optimizer.learning_rate in log(0.01..1)
  trials 6
  together 2
  seed 1
  objective maximize validation.accuracy
  prune median(startup = 2)
  fused exact
}
"""


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """A scheduler with two workers. Tests that lose one start another."""
    with cluster(tmp_path_factory.mktemp("dask"), 2) as found:
        yield found


@pytest.fixture
def study(write, tiny, fit, tmp_path):
    """A sweep over a training on a file, which stands below the folder that the command runs in."""
    draw = np.random.default_rng(0)
    (tmp_path / "specs").mkdir()
    y = np.arange(60) % 3
    x = np.sign(draw.standard_normal((3, 16))[y] + 0.5 * draw.standard_normal((60, 16)))
    np.savez(tmp_path / "specs" / "some.npz", x=x, y=y)
    data = 'npz("some.npz") then split(test = 0.2, validation = 0.2)'
    source = "prototypes(classes = 3, units = 16, samples = 20, flip = 0.1, seed = 1) then split(test = 0.2)"
    assert source in fit
    return write("specs/study.dyn", tiny + fit.replace(source, data).replace("epochs    2", "epochs    4") + TUNE)


@pytest.fixture
def at_evaluation(monkeypatch):
    """Does something at the n-th evaluation that is heard of: then some worker is in the middle of a training."""

    def arrange(number, action):
        heard, original = [], TrialWatch.__call__

        def watch(self, report):
            heard.append((report.lane, report.epoch))
            if len(heard) == number:
                action()
            return original(self, report)

        monkeypatch.setattr(TrialWatch, "__call__", watch)
        return heard

    return arrange


def result(folder):
    return json.loads((folder / "result.json").read_text())


def events(folder):
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


def trials(folder):
    """All trials of a sweep but for the time that they took; each was logged once."""
    logged = [event["number"] for event in events(folder) if event["event"] == "trial"]
    assert sorted(logged) == list(range(len(logged)))
    return [{k: v for k, v in trial.items() if k != "seconds"} for trial in result(folder)["outputs"]["trials"]]


def assert_same(folder, expected):
    """The same trials, and the same best weights to the bit."""
    assert trials(folder) == trials(expected)
    left, right = (load_file(path / "best" / "arrays.safetensors") for path in (folder, expected))
    assert left.keys() == right.keys()
    for name, array in left.items():
        np.testing.assert_array_equal(array, right[name], err_msg=name)


@pytest.fixture
def whole(dync, study, tmp_path):
    """The sweep as this process makes it."""
    assert dync("run", study, "tune", "--out", "here").status == 0
    found = tmp_path / "here"
    assert {trial["status"] for trial in trials(found)} == {"complete", "pruned"}
    return found


def test_a_cluster_makes_what_one_process_makes_whoever_is_lost(two, dync, study, whole, tmp_path, at_evaluation):
    ended = dync("run", study, "tune", "--cluster", two.address, "--out", "there")
    assert (ended.status, ended.err) == (0, "")
    assert_same(tmp_path / "there", whole)

    def lose():
        two.add()
        two.kill(two.workers[0])

    heard = at_evaluation(3, lose)
    ended = dync("run", study, "tune", "--cluster", two.address, "--out", "lost")
    assert (ended.status, ended.err) == (0, "")
    assert len(heard) == len(set(heard)) > 3
    assert_same(tmp_path / "lost", whole)


def test_a_lost_scheduler_is_a_sentence_and_a_resume(two, dync, study, whole, tmp_path, at_evaluation):
    out, copy = tmp_path / "out", tmp_path / "copy"
    (tmp_path / "dask").mkdir()
    with cluster(tmp_path / "dask", 1) as one:

        def lose():
            one.scheduler.kill()
            one.scheduler.wait()

        at_evaluation(9, lose)
        ended = dync("run", study, "tune", "--cluster", one.address, "--out", out)
    assert ended.status == 1
    assert f"the scheduler {one.address} does not answer any more" in ended.err
    assert "--resume" in ended.err
    assert not any(logging.getLogger(f"distributed.{part}").isEnabledFor(logging.ERROR) for part in ("client", "utils"))
    assert result(out)["stages_failed"] == ["sweep_execution"]
    done = [event["number"] for event in events(out) if event["event"] == "trial"]
    assert 0 < len(done) < 6
    shutil.copytree(out, copy)
    assert dync("run", study, "tune", "--out", out, "--resume").status == 0
    assert_same(out, whole)
    other = "--out", copy, "--resume", "--store", "other.sqlite"
    ended = dync("run", study, "tune", "--cluster", two.address, *other)
    assert (ended.status, ended.err) == (0, "")
    assert_same(copy, whole)


# --- what can be known before work starts ---


def nobody():
    """An address on which nobody listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{found.getsockname()[1]}"


def begun(folder):
    return [event["stage"] for event in events(folder) if event["event"] == "stage_started"]


DUEL = """
pipeline duel comparison { entry a fit  task toys npz("some.npz") then split(test = 0.2)  seeds 2 }
pipeline best benchmark { entry a fit  task toys npz("some.npz") then split(test = 0.2)  seeds 2 }
"""


@pytest.mark.parametrize("pipeline", ["fit", "tune", "duel", "best"])
def test_nobody_at_the_address_fails_the_first_stage_of_each_kind(dync, study, pipeline, tmp_path, monkeypatch):
    monkeypatch.setattr(dask, "CONNECT", 0.5)
    with (tmp_path / study).open("a") as file:
        file.write(DUEL)
    address = nobody()
    ended = dync("run", study, pipeline, "--cluster", address, "--out", "out")
    assert ended.status == 1
    assert f"no Dask scheduler answers at {address}" in ended.err
    out = tmp_path / "out"
    found = result(out)
    assert (found["status"], found["stages_failed"], begun(out)) == ("failed", ["environment_check"], begun(out)[:1])
    assert not (out / "final").exists()


def test_a_cluster_without_workers_and_a_worker_without_the_data(two, dync, study, tmp_path, monkeypatch):
    monkeypatch.setitem(dask.DaskCluster.__init__.__kwdefaults__, "patience", 0.5)
    (tmp_path / "none").mkdir()
    with cluster(tmp_path / "none", 0) as none:
        ended = dync("run", study, "fit", "--cluster", none.address, "--out", "out")
        seen = dync("doctor", "--cluster", none.address)
    assert f"start some, dask worker {none.address}" in ended.err
    assert (result(tmp_path / "out")["stages_failed"], begun(tmp_path / "out")) == (
        ["environment_check"], ["environment_check"],
    )  # fmt: skip
    assert seen.status == 1
    assert f"start some: dask worker {none.address}" in seen.out
    with monkeypatch.context() as patch:  # as if the workers had another disk: they see other content under the path
        patch.setattr(InputFile, "record", property(lambda self: FileRecord(self.path, "0" * 64)))
        ended = dync("run", study, "tune", "--cluster", two.address, "--out", "far")
    assert "does not have the data file" in ended.err
    assert "(another content than here): copy it there" in ended.err
    assert begun(tmp_path / "far") == ["environment_check"]


# --- dync doctor ---


def test_the_doctor_sees_the_workers(two, dync):
    ended = dync("doctor", "--cluster", two.address)
    assert ended.status == 0, ended.out
    assert f"{two.address}: 2 workers, 2 threads" in ended.out
    assert "1 thread each" in ended.out
    assert " free" in ended.out


def test_the_doctor_names_other_versions(two, dync, monkeypatch):
    monkeypatch.setattr("dync.runtime.checkpoint.package_versions", lambda: iter([("jax", "0.0.1")]))
    ended = dync("doctor", "--cluster", two.address)
    assert ended.status == 1
    assert "instead of 0.0.1" in ended.out
    assert "pip install" in ended.out
    assert "jax==0.0.1" in ended.out


def test_the_doctor_waits_for_nobody_for_long(dync, monkeypatch):
    monkeypatch.setattr(dask, "CONNECT", 0.5)
    ended = dync("doctor", "--cluster", nobody())
    assert ended.status == 1
    assert "no Dask scheduler answers" in ended.out
