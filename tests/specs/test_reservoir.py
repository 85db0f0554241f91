"""The small-world reservoir: its wiring against NetworkX, its radius, and that it is worth having."""

from pathlib import Path

import jax
import networkx as nx
import numpy as np
import pytest

import dync

SPEC = Path(__file__).resolve().parents[2] / "specs" / "reservoir.dyn"


def test_it_is_a_small_world_of_the_radius_that_it_says():
    net = dync.compile(SPEC).network("Reservoir", units=120, side=3, shortcuts=0.2)
    lmap = net.init(jax.random.key(1)).lmap
    world = np.asarray(lmap["h", "h"].weight, np.float64)
    expected = nx.to_numpy_array(nx.watts_strogatz_graph(120, 6, 0.2, seed=1), nodelist=range(120))
    np.testing.assert_array_equal(world != 0, expected == 1)
    assert np.abs(np.linalg.eigvals(world)).max() == pytest.approx(0.9, rel=1e-4)
    assert abs((np.asarray(lmap["h", "x"].weight) != 0).mean() - 0.2) < 0.02


def test_its_echo_tells_more_than_the_pixels(tmp_path):
    accuracy = {}
    for name in ("fit", "pixels"):
        result = dync.run(SPEC, name, out=tmp_path / name, epochs=12)
        assert result.is_success(), result.errors
        accuracy[name] = result.outputs["evaluation_results"]["test"]["accuracy"]
    assert accuracy["fit"] > 0.92
    assert accuracy["fit"] > accuracy["pixels"]


def test_only_the_read_out_learns(tmp_path):
    assert dync.run(SPEC, "fit", out=tmp_path / "run", epochs=1).is_success()
    learned = dync.load(tmp_path / "run").orchestrator
    drawn = dync.compile(SPEC).network("Reservoir").init(jax.random.key(0))
    world = np.asarray(learned.lmap["h", "h"].weight) != 0
    np.testing.assert_array_equal(world, np.asarray(drawn.lmap["h", "h"].weight) != 0)
    assert np.asarray(learned.lmap["y", "h"].weight).any()
