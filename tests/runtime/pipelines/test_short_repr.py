"""Orchestrators and models print as one line."""

import equinox as eqx
import jax

from dync.runtime.saved_model import load_model
from tests.runtime.pipelines.conftest import a_plan, run


def test_an_orchestrator_and_a_model_are_one_line(network, tmp_path):
    run(a_plan(epochs=1), tmp_path / "run", network=network)
    model = load_model(tmp_path / "run")
    # x to h 8 * 6, h to h 6 * 6, y to h 2 * 6, h to y 6 * 2
    line = "SequentialOrchestrator(Fit: 3 layers, 4 edges, room for 108 weights)"
    assert repr(model.orchestrator) == line
    assert repr(model) == f"Model({line}, after 8 updates in 1 epochs)"
    assert eval_shape_repr(network) == line
    assert "Orchestrator(Fit" in repr(eqx.filter(model.orchestrator, lambda _: False))


def eval_shape_repr(network):
    return repr(eqx.filter_eval_shape(network.init, jax.random.key(0)))
