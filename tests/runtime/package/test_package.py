"""Packages of all sorts of networks predict to the bit what the network does, and damaged ones say so."""

import json
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dync
from dync.runtime.error import RunError
from dync.runtime.evaluation import Examples
from dync.runtime.package import predict
from dync.runtime.package.program import program_of
from dync.runtime.package.verification import ALLOWED, verify_package

TWO_WAYS = """
network Two {
  input a (2, 3)
  input b (5)
  layer h (7) tanh
  layer g (4) sign
  output c (3)
  output d (2, 2)
  edge a -> h dense(density = 0.5)
  edge b -> h dense
  edge h -> h dense(diagonal = 0.2) learn hebbian
  edge h -> g dense
  edge g -> h dense
  edge h -> c dense learn delta
  edge g -> d dense
  phase p { until settled within 0.001 max 20 }
  train p
  infer p
}
"""
NOISY = """
network Noisy {
  input x (6)
  layer h (40) glauber(beta = 2)
  output y (3)
  edge x -> h dense
  edge h -> y dense learn delta
  phase p { steps 3 }
  train p
  infer p
}
"""


def network(text):
    net = dync.compile_text(text).network()
    return net, net.init(jax.random.key(3))


def some(net, count):
    draw = np.random.default_rng(1)
    inputs = {
        name: jnp.asarray(draw.standard_normal((count, int(np.prod(shape)))).astype(np.float32))
        for name, shape in net.layers("input").items()
    }
    return Examples(inputs, {}, count)


def packaged(folder, net, orchestrator, batch):
    script = (predict.FOLDER / "predict.py").read_bytes()
    for name, data in {**program_of(net, orchestrator, batch).files, "predict.py": script}.items():
        (folder / name).write_bytes(data)
    return folder


@pytest.mark.parametrize(("text", "count"), [(TWO_WAYS, 40), (NOISY, 600)], ids=["settling", "stochastic"])
def test_predict_alone_gives_the_bits_of_the_network(tmp_path, text, count):
    net, orchestrator = network(text)
    batch = min(256, count)
    packaged(tmp_path, net, orchestrator, batch)
    found = verify_package(tmp_path, net, orchestrator, some(net, count), batch, seed=5)
    assert (found.equal, found.largest_difference) == (True, 0)
    assert found.examples == min(count, batch + batch // 2 + 1)


def test_a_package_that_differs_is_refused(tmp_path):
    net, orchestrator = network(TWO_WAYS)
    packaged(tmp_path, net, orchestrator, 16)
    other = net.init(jax.random.key(4))
    with pytest.raises(RunError, match="does not predict what the network does"):
        verify_package(tmp_path, net, other, some(net, 16), 16, seed=0)


@pytest.mark.parametrize("name", ["dync", "equinox", "optax", "safetensors", "flatbuffers", "rich"])
def test_the_process_that_verifies_can_import_nothing_else(tmp_path, name):
    net, orchestrator = network(TWO_WAYS)
    packaged(tmp_path, net, orchestrator, 4)
    script = tmp_path / "predict.py"
    script.write_text(f"import {name}\n{script.read_text().replace('from __future__ import annotations', '')}")
    assert name not in ALLOWED
    with pytest.raises(RunError, match=f"No module named '{name}'"):
        verify_package(tmp_path, net, orchestrator, some(net, 4), 4, seed=0)


def test_the_shapes_of_layers_come_back(tmp_path):
    net, orchestrator = network(TWO_WAYS)
    model = predict.load(packaged(tmp_path, net, orchestrator, 8))
    assert model.inputs == {"a": (2, 3), "b": (5,)}
    found = model.predict({"a": np.ones((11, 2, 3)), "b": np.zeros((11, 5))})
    assert {name: array.shape for name, array in found.items()} == {"c": (11, 3), "d": (11, 2, 2)}


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"a": np.ones((2, 6))}, "the inputs are a, b, not a"),
        ({"a": np.ones((2, 7)), "b": np.ones((2, 5))}, "a takes an array"),
        ({"a": np.ones((2, 6)), "b": np.ones((3, 5))}, "equally many"),
        ({"a": np.ones((0, 6)), "b": np.ones((0, 5))}, "a takes an array"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(tmp_path, inputs, words):
    net, orchestrator = network(TWO_WAYS)
    model = predict.load(packaged(tmp_path, net, orchestrator, 8))
    with pytest.raises(predict.PackageError, match=words):
        model.predict(inputs)


def test_a_damaged_package_is_refused_in_one_line(tmp_path):
    net, orchestrator = network(TWO_WAYS)
    packaged(tmp_path, net, orchestrator, 8)
    path = tmp_path / "weights.npz"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    command = [sys.executable, "predict.py", "none.npz", "out.npz"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "predict.py: weights.npz is damaged, it is not what was packaged: copy the package again\n"


def test_another_form_of_programs_is_said(tmp_path, monkeypatch):
    net, orchestrator = network(TWO_WAYS)
    packaged(tmp_path, net, orchestrator, 8)
    import dataclasses

    class Later:
        name = "something_new"

    real = dataclasses.fields
    monkeypatch.setattr(dataclasses, "fields", lambda of: (*real(of), Later))
    with pytest.raises(predict.PackageError, match="install jax=="):
        predict.load(tmp_path)


def test_the_package_holds_no_pickle_and_no_path_of_this_machine(tmp_path):
    net, orchestrator = network(TWO_WAYS)
    packaged(tmp_path, net, orchestrator, 8)
    program = json.loads((tmp_path / "program.json").read_text())
    assert program["platforms"] == ["cpu", "cuda", "rocm", "tpu"]
    with np.load(tmp_path / "weights.npz", allow_pickle=False) as found:
        assert set(found.files) == set(program["weights"])
    module = (tmp_path / "program.stablehlo").read_bytes()
    assert b".py" not in module
    assert str(predict.FOLDER).encode() not in module
