"""Artefacts: what was compiled comes back, runs as the file would, and is refused where it is damaged."""

import json

import jax
import numpy as np
import pytest

import dync
from dync.compiler import driver
from dync.runtime.artefact import BoundPipeline, load_artefact, write_artefact
from dync.runtime.checkpoint import load_checkpoint
from dync.runtime.error import RunError

TEXT = """
network Art {
  input  x (8)
  layer  h (6) tanh
  output y (2)
  edge x -> h dense(density = 0.7) learn hebbian rate 0.1
  edge h -> h dense(diagonal = 0.2) learn oja
  edge h -> y dense learn delta
  phase clamped { steps 2 }
  train clamped
  infer clamped
}
pipeline fit training {
  network Art
  data prototypes(classes = 2, units = 8, samples = 8, flip = 0.1) then split(test = 0.25)
  epochs 1
  batch 4
  optimizer sgd(learning_rate = 0.1)
}
"""
FILES = ("manifest.json", "plan.json", "pipelines.json", "weights.safetensors")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder of an artefact, and the file that it was compiled from."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "art.dyn").write_text(TEXT)
    program = dync.compile(folder / "art.dyn")
    model = driver.bind_pipeline(program.compilation, "fit", {})
    plan = driver.plan_of(model.network)
    write_artefact(folder / "art", plan, (BoundPipeline(model.plan, plan),))
    return folder / "art", folder / "art.dyn"


@pytest.fixture
def copy(made, tmp_path):
    (tmp_path / "art").mkdir()
    for name in FILES:
        (tmp_path / "art" / name).write_bytes((made[0] / name).read_bytes())
    return tmp_path / "art"


def test_what_was_compiled_comes_back(made):
    found = load_artefact(made[0])
    net = dync.compile(made[1]).network()
    assert found.network.plan == net.plan
    assert [bound.pipeline.name for bound in found.pipelines] == ["fit"]
    for a, b in zip(jax.tree.leaves(found.orchestrator), jax.tree.leaves(net.init(jax.random.key(0))), strict=True):
        np.testing.assert_array_equal(a, b)
    assert sorted(path.name for path in made[0].iterdir()) == sorted(FILES)


def test_a_run_from_it_is_the_run_from_the_file(made, tmp_path):
    results = [dync.run(path, out=tmp_path / name) for path, name in zip(made, ("artefact", "file"), strict=True)]
    assert all(result.is_success() for result in results)
    assert results[0].outputs["evaluation_results"] == results[1].outputs["evaluation_results"]
    left, right = (load_checkpoint(tmp_path / name / "final").arrays for name in ("artefact", "file"))
    assert {k: v.tobytes() for k, v in left.items()} == {k: v.tobytes() for k, v in right.items()}
    with pytest.raises(RunError, match="compiled already and takes no setting"):
        dync.run(made[0], out=tmp_path / "other", epochs=3)


def test_runs_checkpoints_and_artefacts_predict_alike(made, tmp_path):
    out = tmp_path / "run"
    dync.run(made[1], out=out, epochs=0)
    x = np.random.default_rng(0).normal(size=(5, 8)).astype(np.float32)
    expected = dync.load(made[0]).predict(x)["y"]
    assert expected.any()
    for path in (out, out / "final"):
        np.testing.assert_array_equal(dync.load(path).predict(x)["y"], expected)


@pytest.mark.parametrize("name", FILES)
def test_every_flipped_byte_is_noticed(copy, name):
    whole = (copy / name).read_bytes()
    places = np.linspace(0, len(whole) - 1, 40).astype(int)
    for place in places:
        (copy / name).write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(RunError, match=rf"{name}.*|format"):
            load_artefact(copy)


@pytest.mark.parametrize("name", FILES)
def test_what_is_cut_or_missing_is_refused(copy, name):
    whole = (copy / name).read_bytes()
    for part in (whole[:-1], whole[: len(whole) // 2], b""):
        (copy / name).write_bytes(part)
        with pytest.raises(RunError, match=f"{name} is damaged"):
            load_artefact(copy)
    (copy / name).unlink()
    with pytest.raises(RunError, match=f"{name} cannot be read"):
        load_artefact(copy)


def test_a_changed_seed_is_noticed(copy):
    """It decides from which weights a run starts."""
    manifest = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps({**manifest, "seed": 1}))
    with pytest.raises(RunError, match=r"manifest\.json is damaged"):
        load_artefact(copy)


def test_another_format_is_named(copy):
    manifest = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps({**manifest, "format": 99}))
    with pytest.raises(RunError, match="has the format 99; this dync reads 1"):
        load_artefact(copy)


def test_what_is_no_artefact_is_not_replaced(made, tmp_path):
    plan = load_artefact(made[0]).network.plan
    (tmp_path / "mine").write_text("dear")
    with pytest.raises(RunError, match="exists and is no artefact"):
        write_artefact(tmp_path, plan, ())
    assert (tmp_path / "mine").read_text() == "dear"
    write_artefact(tmp_path / "new", plan, ())
    write_artefact(tmp_path / "new", plan, (), seed=3)
    assert load_artefact(tmp_path / "new").seed == 3
