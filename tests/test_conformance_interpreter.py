"""The interpreter against the cases that another model of the same semantics gave.

The cases lie beside the repository, in `../shared/conformance`, or where DYNC_CONFORMANCE says.
"""

import json
import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from dync.compiler.driver import compile_source, plan_of
from dync.grammar.reader import load_source
from dync.testing.interpreter import Interpreter

FOLDER = Path(os.environ.get("DYNC_CONFORMANCE", Path(__file__).parents[2] / "shared" / "conformance"))
NAMES = sorted(path.stem for path in FOLDER.glob("*.dyn"))
FILTERS = {
    "all": ("all", ()),
    "forward": ("forward", ()),
    "backward": ("backward", ()),
    "unsupervised": ("all", ("y",)),
}
KINDS = {
    "x", "y", "weight", "start", "start_update", "trained", "field", "update", "sgd", "predicted", "inferred",
    *(f"{name}{steps}" for name in FILTERS for steps in (1, 2)),
}  # fmt: skip

pytestmark = pytest.mark.skipif(not NAMES, reason="the shared conformance cases are not here")


@cache
def rates():
    return {case["name"]: case["sgd_rate"] for case in json.loads((FOLDER / "index.json").read_text())}


@pytest.fixture(params=NAMES or ["none"])
def case(request):
    with np.load(FOLDER / f"{request.param}.npz", allow_pickle=False) as archive:
        arrays = {name: archive[name].astype(np.float64) for name in archive.files}
    (model,) = compile_source(load_source(FOLDER / f"{request.param}.dyn")).verify().networks.values()
    return request.param, Interpreter(plan_of(model)), arrays


def under(arrays, kind):
    """The arrays `kind:NAME` by NAME."""
    return {name.partition(":")[2]: array for name, array in arrays.items() if name.partition(":")[0] == kind}


def agree(found, arrays, kind):
    expected = under(arrays, kind)
    assert expected or kind in {"field", "start_update", "update", "sgd"}
    for name, array in expected.items():
        np.testing.assert_allclose(found[name], array, atol=1e-4, rtol=0, err_msg=f"{kind}:{name}")


def test_every_array_is_compared(case):
    assert {name.partition(":")[0] for name in case[2]} == KINDS


@pytest.mark.parametrize("name", FILTERS)
def test_steps(case, name):
    _, interpreter, arrays = case
    weights, state = under(arrays, "weight"), under(arrays, "start")
    messages, silent = FILTERS[name]
    for steps in (1, 2):
        state = interpreter.step(state, weights, messages, silent)
        assert set(under(arrays, f"{name}{steps}")) == set(interpreter.layers)
        agree(state, arrays, f"{name}{steps}")


def test_updates_from_the_start(case):
    _, interpreter, arrays = case
    found = interpreter.updates(under(arrays, "start"), under(arrays, "weight"))
    assert set(found) == set(under(arrays, "start_update"))
    agree(found, arrays, "start_update")


def test_training(case):
    name, interpreter, arrays = case
    weights = under(arrays, "weight")
    state = interpreter.relax("train", interpreter.start(arrays["x"], arrays["y"]), weights).state
    agree(state, arrays, "trained")
    agree(interpreter.fields(state, weights), arrays, "field")
    updates = interpreter.updates(state, weights)
    assert set(updates) == set(under(arrays, "update")) == set(under(arrays, "sgd"))
    agree(updates, arrays, "update")
    gradients = interpreter.pseudo_gradients(state, weights)
    agree({edge: weights[edge] - rates()[name] * gradients[edge] for edge in updates}, arrays, "sgd")
    agree(interpreter.predict(state, weights), arrays, "predicted")


def test_inference(case):
    _, interpreter, arrays = case
    result = interpreter.relax("infer", interpreter.start(arrays["x"]), under(arrays, "weight"))
    agree(result.state, arrays, "inferred")
