"""`dync run`: results, folders, data files, and runs that were interrupted."""

import gzip
import json
import shlex
import struct
import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import load_file

import dync as package
from dync.running import run_job
from dync.runtime.reporter import PlainReporter

SECOND = "pipeline again training {\n  network Tiny(hidden = 5)\n  data prototypes(classes = 3, units = 16,"
SECOND += " samples = 8, flip = 0.1)\n  updates 3\n  batch 4\n  optimizer adam(learning_rate = 0.01)\n}\n"

IDX = """
pipeline fit training {
  network   Tiny
  data      idx(images = "deep/images.gz", labels = "deep/labels.gz") then split(test = 0.5)
  epochs    1
  batch     2
  optimizer sgd(learning_rate = 0.1)
}
"""


def weights(folder):
    (path,) = folder.glob("*.safetensors")
    return load_file(path)


def same(left, right):
    return left.keys() == right.keys() and all(np.array_equal(left[name], right[name]) for name in left)


def test_a_run_leaves_what_it_says(dync, spec, tmp_path):
    ended = dync("run", spec, "--out", "out")
    assert (ended.status, ended.err) == (0, "")
    assert "fit: success" in ended.out
    assert "the weights are in out/final" in ended.out
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert result["status"] == "success"
    accuracy = result["outputs"]["evaluation_results"]["test"]["accuracy"]
    assert f"{accuracy:.2%}" in ended.out.splitlines()[-2]
    assert weights(tmp_path / "out" / "final")


def test_a_default_folder(dync, spec, tmp_path):
    assert dync("run", spec, "--set", "epochs=0").status == 0
    (folder,) = (path for path in (tmp_path / "runs").iterdir() if path.is_dir())
    assert folder.name.startswith("fit-")


def test_settings_reach_the_network_and_the_pipeline(dync, spec, tmp_path):
    ended = dync("run", spec, "fit", "--set", "hidden=7", "--set", "epochs=1", "--set", "seed=5", "--out", "out")
    assert ended.status == 0
    found = json.loads((tmp_path / "out" / "spec.json").read_text())
    assert (found["pipeline"]["epochs"], found["pipeline"]["seed"]) == (1, 5)
    assert any(layer["shape"] == [7] for layer in found["plan"]["structure"]["layers"])


def test_all_pipelines_one_folder_each(dync, spec, write, tiny, fit, tmp_path):
    name = write("two.dyn", tiny + fit + SECOND)
    assert dync("run", name, "--out", "both").status == 0
    assert {folder.name for folder in (tmp_path / "both").iterdir()} == {"fit", "again"}
    assert dync("run", name, "again", "--out", "one").status == 0
    assert (tmp_path / "one" / "result.json").exists()
    assert same(weights(tmp_path / "one" / "final"), weights(tmp_path / "both" / "again" / "final"))


def test_a_folder_is_not_overwritten(dync, spec, tmp_path):
    assert dync("run", spec, "--out", "out").status == 0
    before = (tmp_path / "out" / "result.json").read_bytes()
    ended = dync("run", spec, "--out", "out")
    assert ended.status == 1
    assert "--resume" in ended.err
    assert (tmp_path / "out" / "result.json").read_bytes() == before


def test_a_complete_run_is_not_trained_again(dync, spec, tmp_path):
    assert dync("run", spec, "--out", "out").status == 0
    before = (tmp_path / "out" / "final" / "manifest.json").stat().st_mtime_ns
    ended = dync("run", spec, "--out", "out", "--resume")
    assert ended.status == 0
    assert "complete already" in ended.out
    assert (tmp_path / "out" / "final" / "manifest.json").stat().st_mtime_ns == before


def test_another_spec_is_not_resumed(dync, spec):
    assert dync("run", spec, "--out", "out").status == 0
    ended = dync("run", spec, "--out", "out", "--resume", "--set", "seed=4")
    assert ended.status == 1
    assert "another spec" in ended.err


def test_a_failed_pipeline_fails_the_command(dync, spec):
    ended = dync("run", spec, "--out", "out", "--set", "batch=1000")
    assert ended.status == 1
    assert "fit: failed" in ended.out
    assert "a batch of 1000" in ended.err


def test_a_dry_run_writes_nothing(dync, spec, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    ended = dync("run", spec, "--dry-run")
    assert (ended.status, ended.err) == (0, "")
    assert "48 train, 12 test" in ended.out
    assert "12 updates of 8 examples each" in ended.out
    assert sorted(tmp_path.rglob("*")) == before


def test_a_dry_run_tells_of_weights_that_are_not_there_yet(dync, write, tiny, fit):
    more = """
pipeline on training { base fit from checkpoint "gone/final" }
pipeline duel comparison { entry old checkpoint "gone/final" entry new fit }
"""
    ended = dync("run", write("more.dyn", tiny + fit + more), "--dry-run")
    assert ended.status == 0
    assert ended.out.count("gone/final, which is not there yet") == 2


def test_warnings_are_shown(dync, write, tiny, fit):
    name = write("smells.dyn", tiny.replace("output y (3)", "output y (3)\n  group nobody { h }") + fit)
    ended = dync("run", name, "--dry-run")
    assert ended.status == 0
    assert "warning[" in ended.err


# --- data files -------------------------------------------------------------------------------------------------------


def write_idx(folder):
    """Eight images of 4 x 4 and their classes, as MNIST has them."""
    folder.mkdir(parents=True)
    images, labels = np.arange(128, dtype=np.uint8), np.arange(8, dtype=np.uint8) % 3
    with gzip.open(folder / "images.gz", "wb") as file:
        file.write(struct.pack(">IIII", 0x803, 8, 4, 4) + images.tobytes())
    with gzip.open(folder / "labels.gz", "wb") as file:
        file.write(struct.pack(">II", 0x801, 8) + labels.tobytes())


@pytest.fixture
def elsewhere(tmp_path, write, tiny):
    """A spec in a folder of its own."""
    (tmp_path / "specs").mkdir()
    return write("specs/idx.dyn", tiny + IDX)


def test_paths_are_relative_to_the_spec(dync, elsewhere, tmp_path):
    write_idx(tmp_path / "specs" / "deep")
    ended = dync("run", elsewhere, "--dry-run")
    assert (ended.status, "4 train, 4 test" in ended.out) == (0, True)


def test_a_missing_file_says_where_it_was_looked_for(dync, elsewhere):
    ended = dync("run", elsewhere, "--dry-run")
    assert ended.status == 1
    assert "deep/images.gz does not exist in specs" in ended.err


def test_the_folder_of_the_data_is_relative_to_the_current_one(dync, elsewhere, tmp_path):
    write_idx(tmp_path / "data" / "flat")
    ended = dync("run", elsewhere, "--dry-run", "--set", "data.folder=data/flat")
    assert (ended.status, "4 train, 4 test" in ended.out) == (0, True)


def test_a_file_that_exists_is_relative_to_the_current_folder(dync, elsewhere, tmp_path):
    write_idx(tmp_path / "data")
    files = "--set", "data.images=data/images.gz", "--set", 'data.labels="data/labels.gz"'
    ended = dync("run", elsewhere, "--out", "out", *files)
    assert ended.status == 0


def test_an_artefact_finds_its_data_from_anywhere(dync, elsewhere, tmp_path, monkeypatch):
    write_idx(tmp_path / "specs" / "deep")
    assert dync("compile", elsewhere, "-o", "art").status == 0
    (tmp_path / "away").mkdir()
    monkeypatch.chdir(tmp_path / "away")
    assert dync("run", "../art", "--out", "out").status == 0


def test_an_artefact_takes_another_folder_of_data(dync, elsewhere, tmp_path):
    write_idx(tmp_path / "data")
    assert dync("compile", elsewhere, "-o", "art").status == 0
    assert dync("run", "art", "--out", "out", "--set", "data.folder=data").status == 0


# --- interruptions ----------------------------------------------------------------------------------------------------

MANY = ("--set", "epochs=40", "--set", "evaluate.every=0")

INTERRUPTED = """
import os, signal, sys
from dync.cli import main
from dync.runtime.reporter import PlainReporter

signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell starts in the background ignores it
report, epochs = PlainReporter.epoch, []

def interrupt_in_the_third(*what):
    report(*what)
    epochs.append(what)
    if len(epochs) == 3:
        os.kill(os.getpid(), signal.SIGINT)

PlainReporter.epoch = interrupt_in_the_third
main(sys.argv[1:])
"""
"""The command line, reached by a signal while it trains: when, does not depend on how busy the machine is."""


def test_an_interrupted_run_resumes_to_the_same_bits(dync, spec, tmp_path):
    command = [sys.executable, "-c", INTERRUPTED, "run", spec, *MANY, "--out", "cut"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    error = done.stderr
    assert done.returncode == 130
    assert "Traceback" not in error
    assert not (tmp_path / "cut" / "final").exists()
    words = shlex.split(error.strip().splitlines()[-1].partition(": ")[2].partition(": ")[2])
    assert words[:2] == ["dync", "run"]
    resumed = dync(*words[1:])
    assert resumed.status == 0
    assert "resumed at update" in resumed.out
    assert dync("run", spec, *MANY, "--out", "whole").status == 0
    assert same(weights(tmp_path / "cut" / "final"), weights(tmp_path / "whole" / "final"))


def test_an_interruption_between_pipelines_names_them_all(dync, spec, write, tiny, fit, tmp_path, monkeypatch):
    name = write("two.dyn", tiny + fit + SECOND)

    def interrupted_in_the_second(job, out, **rest):
        if job.name == "again":
            raise KeyboardInterrupt
        return run_job(job, out, **rest)

    with monkeypatch.context() as patched:
        patched.setattr("dync.running.run_job", interrupted_in_the_second)
        ended = dync("run", name, "--out", "both", "--jobs", "2", "--store", "kept.sqlite")
    assert ended.status == 130
    assert ended.err.endswith("dync run two.dyn --jobs 2 --store kept.sqlite --resume --out both\n")
    ended = dync("run", name, "--resume", "--out", "both")
    assert ended.status == 0
    assert "fit in both/fit is complete already" in ended.out
    assert (tmp_path / "both" / "again" / "final").is_dir()


def test_sources_that_others_add(dync, write, tiny, fit, monkeypatch):
    from dync.runtime.data import sources

    monkeypatch.setattr(sources, "_registered", {})
    package.register_source("mine", lambda base, count: sources.BUILT_IN["prototypes"](base, 3, 16, count, 0.1))
    data = "prototypes(classes = 3, units = 16, samples = 20, flip = 0.1, seed = 1)"
    name = write("mine.dyn", tiny + fit.replace(data, "mine(count = 20)"))
    assert dync("check", name).status == 0
    assert dync("run", name, "--out", "out").status == 0


def test_python_and_the_command_line_agree(dync, spec, tmp_path):
    assert dync("run", spec, "--out", "a").status == 0
    result = package.run(tmp_path / spec, "fit", out=tmp_path / "b", reporter=PlainReporter())
    assert result.is_success()
    assert same(weights(tmp_path / "a" / "final"), weights(tmp_path / "b" / "final"))


def test_both_sides_mean_the_same_entry_points():
    from dync.runtime.data.sources import ENTRY_POINTS
    from dync.sources import GROUP

    assert GROUP == ENTRY_POINTS
