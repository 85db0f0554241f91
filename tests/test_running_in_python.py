"""Runs from Python: what they leave, what they load, and what keeps them from beginning."""

import jax
import numpy as np
import pytest

import dync
from tests.test_python_interface import TEXT


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    return rng.normal(size=(5, 2, 3)).astype(np.float32), np.eye(2, dtype=np.float32)[[0, 1, 0, 1, 1]]


def test_run_and_load(tmp_path, data):
    path = tmp_path / "small.dyn"
    path.write_text(TEXT)
    result = dync.run(path, "fit", out=tmp_path / "fit", epochs=1)
    assert isinstance(result, dync.PipelineResult)
    assert result.is_success(), result.errors
    assert result.outputs["evaluation_results"]["test"].keys() == {"accuracy", "agreement", "mse"}
    assert result.outputs["history"][-1]["epoch"] == 1
    model = dync.load(tmp_path / "fit")
    assert model.network.name == "Small"
    assert model.progress["step"] == 3
    assert model.state(data[0])["y"].shape == (5, 2)
    read_out = model.predict(data[0])["y"]
    relaxed, _ = model.orchestrator.relax("infer", model.state(data[0]), rng=jax.random.key(0))
    np.testing.assert_array_equal(read_out, relaxed["y"])


def test_runs_that_cannot_begin(tmp_path):
    path = tmp_path / "small.dyn"
    path.write_text(TEXT)
    with pytest.raises(dync.RunError, match="no pipeline 'fut'; it has fit"):
        dync.run(path, "fut")
    with pytest.raises(dync.CompileError, match="epoch"):
        dync.run(path, "fit", out=tmp_path / "out", epochz=1)
    with pytest.raises(dync.RunError, match="nothing"):
        dync.load(tmp_path / "nothing")
    path.write_text(TEXT.partition("pipeline")[0])
    with pytest.raises(dync.RunError, match="has no pipeline"):
        dync.run(path)
