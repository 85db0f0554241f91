"""The Python interface, line by line as its contract shows it, and what it says to whoever uses it wrongly."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dync

TEXT = """
network Small {
  param hidden = 4 in 2..16
  param margin = 0.5 in 0..3
  input  x (2, 3)
  layer  h[1..2] (hidden) tanh
  output y (2)
  constant one (1) = 1
  group early { h[1] }
  edge x -> h[1] dense(strength = 2) learn perceptron(margin = margin) rate 3 decay 0.1
  edge h[1] -> h[2] dense learn hebbian
  edge h[2] -> h[1] one_to_one(0.5)
  edge h[1] -> h[1] dense(diagonal = 0.25, density = 0.5) learn hebbian decay 0.2
  edge readout: h[2] -> y dense learn delta
  edge y -> h[2] dense sends 2 * state
  edge one -> h[2] dense
  phase clamped { steps 2 }
  phase free { until settled within 0.01 max 9 messages forward }
  train clamped, free
  infer free
}
pipeline fit training {
  network Small
  data prototypes(classes = 2, units = 6, samples = 8, flip = 0.1) then split(test = 0.25)
  epochs 2
  batch 4
  optimizer sgd(learning_rate = 0.1)
}
"""

TWO = """
network Two {
  input a (2)
  input b (3)
  layer h (3) tanh start b
  output p (1)
  output q (2)
  edge a -> h dense  edge h -> p dense  edge h -> q dense
}
"""


@pytest.fixture(scope="module")
def program():
    return dync.compile_text(TEXT, name="small.dyn")


@pytest.fixture(scope="module")
def net(program):
    return program.network("Small")


@pytest.fixture(scope="module")
def orch(net):
    return net.init(jax.random.key(0))


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    return rng.normal(size=(5, 2, 3)).astype(np.float32), np.eye(2, dtype=np.float32)[[0, 1, 0, 1, 1]]


@pytest.fixture(scope="module")
def state(net, data):
    return net.state(*data)


def test_a_file_and_a_text_compile_to_the_same(program, tmp_path):
    path = tmp_path / "small.dyn"
    path.write_text(TEXT)
    for place in (path, str(path)):
        found = dync.compile(place)
        assert (found.networks, found.pipelines) == (("Small",), ("fit",))
        assert found.network().plan == program.network("Small").plan


def test_parameters_are_bound_and_checked(program):
    assert program.network("Small", hidden=7).layers("layer") == {"h[1]": (7,), "h[2]": (7,)}
    with pytest.raises(dync.CompileError, match="hidden") as error:
        program.network("Small", hidden=99)
    assert error.value.diagnostics
    with pytest.raises(dync.CompileError, match="hidden"):
        program.network("Small", hiden=3)
    with pytest.raises(dync.CompileError, match="Small"):
        program.network("Smal")


def test_mistakes_come_as_one_error_with_their_places():
    with pytest.raises(dync.CompileError) as error:
        dync.compile_text("network N { layer h (3) tanj  edge q -> h dense }", name="mine.dyn")
    assert len(error.value.diagnostics) >= 2
    assert "mine.dyn" in str(error.value)
    with pytest.raises(dync.CompileError, match="nowhere"):
        dync.compile("nowhere.dyn")


def test_init_is_a_pure_function_of_the_key(net, orch):
    assert isinstance(orch, dync.AbstractOrchestrator)
    assert isinstance(orch, dync.SequentialOrchestrator)
    again, other = net.init(jax.random.key(0)), net.init(jax.random.key(1))
    assert all(jnp.array_equal(a, b) for a, b in zip(jax.tree.leaves(orch), jax.tree.leaves(again), strict=True))
    assert not jnp.array_equal(orch.lmap["h[1]", "x"].weight, other.lmap["h[1]", "x"].weight)


def test_a_state_holds_data_targets_constants_and_zeros(net, data):
    x, y = data
    for state in (net.state(x, y), net.state({"x": x}, {"y": y}), net.state(jnp.asarray(x), {"y": y}, batch=5)):
        assert state.batch == 5
        assert state.keys() == tuple(state) == ("x", "h[1]", "h[2]", "y", "one")
        np.testing.assert_array_equal(state["x"], x)
        np.testing.assert_array_equal(state["y"], y)
        assert state["h[1]"].shape == (5, 4)
        assert not state["h[1]"].any()
        np.testing.assert_array_equal(state["one"], np.ones((5, 1)))
        assert "h[2]" in state
        assert "z" not in state
    assert not net.state(x)["y"].any()
    assert not net.state(batch=3)["x"].any()


def test_states_that_do_not_fit_are_refused(net, data):
    x, y = data
    with pytest.raises(ValueError, match=r"x takes an array \[5, 2, 3\], not \[5, 6\]"):
        net.state(x.reshape(5, 6))
    with pytest.raises(ValueError, match=r"y takes an array \[5, 2\], not \[4, 2\]"):
        net.state(x, y[:4])
    with pytest.raises(ValueError, match=r"x takes an array \[9, 2, 3\], not \[5, 2, 3\]"):
        net.state(x, batch=9)
    with pytest.raises(ValueError, match="x takes an array"):
        net.state(1.0)
    with pytest.raises(ValueError, match="batch=N"):
        net.state()
    with pytest.raises(ValueError, match="batch"):
        net.state(batch=0)
    with pytest.raises(KeyError, match="there is no input 'xx'; did you mean 'x'"):
        net.state({"xx": x})


def test_several_inputs_and_outputs_go_by_name():
    net = dync.compile_text(TWO).network()
    b = np.full((2, 3), 0.5, np.float32)
    state = net.state({"b": b}, {"q": np.ones((2, 2))})
    np.testing.assert_array_equal(state["h"], b)
    assert not state["a"].any()
    with pytest.raises(ValueError, match=r"2 inputs: give a mapping by name \(a, b\)"):
        net.state(b)
    with pytest.raises(ValueError, match=r"2 outputs: give a mapping by name \(p, q\)"):
        net.state({"b": b}, np.ones((2, 2)))


def test_values_are_read_and_replaced_by_name(state):
    s = np.arange(20, dtype=np.float32).reshape(5, 4)
    changed = state.with_values({"h[1]": s})
    np.testing.assert_array_equal(changed["h[1]"], s)
    assert not state["h[1]"].any()
    assert not changed["h[2]"].any()
    with pytest.raises(KeyError, match=r"there is no layer 'h\[3\]'; did you mean 'h\[\d\]'"):
        state["h[3]"]
    with pytest.raises(KeyError, match="there is no layer 'hh'"):
        state.with_values({"hh": s})
    with pytest.raises(ValueError, match=r"h\[1\] takes an array \[5, 4\], not \[5, 3\]"):
        state.with_values({"h[1]": s[:, :3]})
    with pytest.raises(KeyError, match="there is no phase 'fre'; did you mean 'free'"):
        state.steps_taken("fre")


def test_replaced_outputs_are_what_the_protocol_holds(orch, state):
    target = np.full((5, 2), 7.0, np.float32)
    trained, _ = orch.relax("train", state.with_values({"y": target}), rng=jax.random.key(0))
    np.testing.assert_array_equal(trained["y"], target)


def test_one_step_is_what_its_edges_say(orch, state):
    """A sequential step by hand: h[1] hears the old states, h[2] the new h[1]."""
    lmap, key = orch.lmap, jax.random.key(3)
    begun = state.with_values({"h[2]": jnp.full((5, 4), 0.3), "h[1]": jnp.full((5, 4), -0.2)})

    def new(layer, values, senders):
        field = lmap[layer, layer].reduce([lmap[layer, s](values[s]) for s in senders])
        return lmap[layer, layer].activation(field, values[layer])

    values = {name: begun[name] for name in begun}
    for messages, silent, first, second in [
        ("all", (), ["x", "h[2]", "h[1]"], ["h[1]", "y", "one"]),
        ("forward", (), ["x", "h[1]"], ["h[1]"]),
        ("all", ("y", "x"), ["h[2]", "h[1]"], ["h[1]", "one"]),
        ("backward", (), ["h[2]", "h[1]"], ["y", "one"]),
    ]:
        expected = dict(values)
        expected["h[1]"] = new("h[1]", expected, first)
        expected["h[2]"] = new("h[2]", expected, second)
        found, advanced = orch.step(begun, rng=key, messages=messages, silent=silent)
        for layer, value in expected.items():
            np.testing.assert_allclose(found[layer], value, atol=1e-6, err_msg=f"{messages} {silent} {layer}")
        assert not jnp.array_equal(jax.random.key_data(advanced), jax.random.key_data(key))
    found, _ = orch.step_inference(begun, rng=key)
    forward, _ = orch.step(begun, rng=key, messages="forward")
    np.testing.assert_array_equal(found["h[2]"], forward["h[2]"])


def test_words_that_step_and_relax_do_not_know(orch, state):
    key = jax.random.key(0)
    with pytest.raises(ValueError, match="messages are all, forward or backward, not 'forwards'"):
        orch.step(state, rng=key, messages="forwards")
    with pytest.raises(KeyError, match=r"there is no layer 'h\[0\]'; did you mean 'h\[\d\]'"):
        orch.step(state, rng=key, silent=("h[0]",))
    with pytest.raises(ValueError, match="the protocols are train and infer, not 'learn'"):
        orch.relax("learn", state, rng=key)
    bare = dync.compile_text(TWO).network()
    with pytest.raises(ValueError, match="Two has no `train` protocol"):
        bare.init(key).relax("train", bare.state(batch=1), rng=key)


def test_predict_is_the_read_out(orch, state):
    begun = state.with_values({"h[2]": jnp.full((5, 4), 0.3)})
    found, _ = orch.predict(begun, rng=jax.random.key(0))
    np.testing.assert_allclose(found["y"], orch.lmap["readout"](begun["h[2]"]), atol=1e-6)
    np.testing.assert_array_equal(found["h[2]"], begun["h[2]"])


def test_relaxing_reports_the_steps_that_settling_took(orch, net, data):
    trained, _ = orch.relax("train", net.state(*data), rng=jax.random.key(0))
    assert int(trained.steps_taken("clamped")) == 2
    assert 1 <= int(trained.steps_taken("free")) <= 9


def test_backward_is_ready_for_optax(orch, net, data):
    trained, key = orch.relax("train", net.state(*data), rng=jax.random.key(0))
    found = orch.backward(trained, rng=key)
    assert jax.tree.structure(found) == jax.tree.structure(orch.lmap)
    forward = {"h[1]": ["x", "h[1]"], "h[2]": ["h[1]"], "y": ["h[2]"]}
    for receiver, senders in forward.items():
        field = orch.lmap[receiver, receiver].reduce([orch.lmap[receiver, s](trained[s]) for s in senders])
        for sender in senders:
            own = orch.lmap[receiver, sender].backward(trained[sender], trained[receiver], field)
            np.testing.assert_allclose(own.weight, found[receiver, sender].weight, atol=1e-6)
    hebbian = trained["h[1]"].T @ trained["h[2]"] / 5
    np.testing.assert_allclose(found["h[2]", "h[1]"].weight, -hebbian, atol=1e-6)
    assert not found["h[2]", "y"].weight.any()
    assert not found["h[1]", "h[2]"].weight.any()
    loop, own = orch.lmap["h[1]", "h[1]"].weight, np.asarray(found["h[1]", "h[1]"].weight)
    assert not np.diagonal(own).any()
    expected = 0.2 * loop - trained["h[1]"].T @ trained["h[1]"] / 5
    np.testing.assert_allclose(own, np.where((np.asarray(loop) != 0) & ~np.eye(4, dtype=bool), expected, 0), atol=1e-6)


def test_edges_are_read_by_pair_label_group_and_layer(orch):
    lmap = orch.lmap
    assert lmap["h[1]", "x"].weight.shape == (6, 4)
    assert lmap["h[1]", "h[2]"].weight.shape == ()
    np.testing.assert_array_equal(lmap["readout"].weight, lmap["y", "h[2]"].weight)
    assert (lmap["readout"].receiver, lmap["readout"].sender) == ("y", "h[2]")
    assert list(lmap["h[2]"]) == ["h[1]", "y", "one"]
    assert {layer: list(row) for layer, row in lmap["early"].items()} == {"h[1]": ["x", "h[1]", "h[2]"]}
    assert len(lmap) == 7
    assert set(lmap) == set(lmap.keys()) == {key for key, _ in lmap.items()}
    assert ("h[1]", "x") in lmap
    assert "readout" in lmap
    assert ("x", "h[1]") not in lmap


def test_edges_that_do_not_exist_are_named(orch):
    with pytest.raises(KeyError, match="there is no label, layer or group 'readut'; did you mean 'readout'"):
        orch.lmap["readut"]
    with pytest.raises(KeyError, match=r"there is no layer 'h\[9\]'; did you mean"):
        orch.lmap["h[9]", "x"]
    with pytest.raises(KeyError, match=r"no edge from 'h\[1\]' to 'x'.*\(receiver, sender\).*lmap\['h\[1\]', 'x'\]"):
        orch.lmap["x", "h[1]"]
    with pytest.raises(KeyError, match="no edge from 'x' to 'y'"):
        orch.lmap["y", "x"]
    with pytest.raises(KeyError, match=r"\(receiver, sender\)"):
        orch.lmap["h[1]", "x", "y"]
    with pytest.raises(KeyError, match="there is no"):
        orch.lmap[3]


def test_the_diagonal_entry_always_exists(orch):
    entry = orch.lmap["y", "y"]
    assert entry.weight is None
    np.testing.assert_allclose(entry.activation([[0.5, 2.0]]), [[0.5, 2.0]])
    np.testing.assert_allclose(entry.reduce([np.ones((1, 2)), np.ones((1, 2))]), [[2.0, 2.0]])
    with pytest.raises(TypeError, match="'y' has no edge to itself"):
        entry(np.zeros((1, 2)))
    with pytest.raises(ValueError, match="at least one message"):
        entry.reduce([])
    with pytest.raises(TypeError, match="reduce belongs to a layer's diagonal entry"):
        orch.lmap["y", "h[2]"].reduce([np.zeros((1, 2))])
    loop = orch.lmap["h[1]", "h[1]"]
    np.testing.assert_array_equal(np.diagonal(loop.weight), np.full(4, 0.25, np.float32))
    np.testing.assert_allclose(loop.activation(np.full((1, 4), 0.5)), np.tanh(np.full((1, 4), 0.5)), atol=1e-6)


def test_messages_of_edges(orch, data):
    x, y = data
    np.testing.assert_allclose(
        orch.lmap["h[1]", "x"](x), x.reshape(5, 6) @ np.asarray(orch.lmap["h[1]", "x"].weight), atol=1e-5
    )
    np.testing.assert_allclose(orch.lmap["h[2]", "y"](y), 2 * y @ np.asarray(orch.lmap["h[2]", "y"].weight), atol=1e-5)
    np.testing.assert_allclose(orch.lmap["h[1]", "h[2]"](np.ones((1, 4))), np.full((1, 4), 0.5))
    with pytest.raises(ValueError, match=r"x takes an array \[batch, 2, 3\], not \[5, 6\]"):
        orch.lmap["h[1]", "x"](x.reshape(5, 6))


def test_new_weights_make_a_new_orchestrator(orch):
    w = np.arange(24, dtype=np.float32).reshape(6, 4)
    changed = orch.with_weights({("h[1]", "x"): w, "readout": np.zeros((4, 2)), ("h[1]", "h[2]"): 3.0})
    np.testing.assert_array_equal(changed.lmap["h[1]", "x"].weight, w)
    assert not changed.lmap["readout"].weight.any()
    assert float(changed.lmap["h[1]", "h[2]"].weight) == 3.0
    assert not np.array_equal(orch.lmap["h[1]", "x"].weight, w)
    with pytest.raises(ValueError, match=r"the weights of x -> h\[1\] have the shape \(6, 4\), not \(4, 6\)"):
        orch.with_weights({("h[1]", "x"): w.T})
    with pytest.raises(KeyError, match="there is no label 'redout'; did you mean 'readout'"):
        orch.with_weights({"redout": w})
    with pytest.raises(KeyError, match="'y' has no edge to itself"):
        orch.with_weights({("y", "y"): w})
    with pytest.raises(ValueError, match=r"the diagonal of h\[1\] -> h\[1\] is fixed at 0.25"):
        orch.with_weights({("h[1]", "h[1]"): np.ones((4, 4))})


def test_an_orchestrator_of_given_weights_alone(net, orch):
    weights = {key: np.asarray(edge.weight) for key, edge in orch.lmap.items()}
    given = net.with_weights(weights)
    assert eqx.tree_equal(given, orch)
    readout = weights.pop(("y", "h[2]"))
    assert eqx.tree_equal(net.with_weights({**weights, "readout": readout}), orch)
    with pytest.raises(ValueError, match=r"there are no weights for h\[2\] -> y: give those of every edge, or draw"):
        net.with_weights(weights)
    with pytest.raises(KeyError, match="there is no label 'redout'; did you mean 'readout'"):
        net.with_weights({**weights, "redout": readout})
    grown = dync.compile_text("network G { input x (2) output y (2) edge x -> y dense(weights = i + j) }", name="g.dyn")
    with pytest.raises(ValueError, match=r"structure between their units.* draw the weights first"):
        grown.network("G").with_weights({("y", "x"): np.ones((2, 2))})


def test_new_weights_say_which_of_them_exist(orch):
    w = np.array([[0.25, 1, 0, 0], [0, 0.25, 2, 0], [0, 0, 0.25, 3], [0, 0, 0, 0.25]], np.float32)
    edge = orch.with_weights({("h[1]", "h[1]"): w}).lmap["h[1]", "h[1]"]
    np.testing.assert_array_equal(edge.weight, w)
    np.testing.assert_array_equal(np.asarray(edge.mask), (w != 0) & ~np.eye(4, dtype=bool))


def test_new_numbers_make_a_new_orchestrator(orch, data):
    x, _ = data
    wide = orch.with_parameters(("h[1]", "x"), margin=1e6, rate=2, decay=0)
    narrow, broad = orch.lmap["h[1]", "x"], wide.lmap["h[1]", "x"]
    state = np.full((5, 4), 1.0, np.float32)
    field = np.full((5, 4), 0.75, np.float32)
    decayed = 3 * 0.1 * np.asarray(narrow.weight)
    np.testing.assert_allclose(narrow.backward(x, state, field).weight, decayed, atol=1e-6)
    expected = -2 * np.tile(x.reshape(5, 6).sum(axis=0)[:, None], 4) / np.sqrt(5 * 6)
    np.testing.assert_allclose(broad.backward(x, state, field).weight, expected, atol=1e-5)
    np.testing.assert_allclose(narrow.backward(x, state, field).weight, decayed, atol=1e-6)


def test_edges_of_two_orchestrators_keep_their_own_numbers(orch, data):
    """Reading a map takes a note of whose it is; one map must not serve two."""
    wide = orch.with_parameters(("h[1]", "x"), margin=1e6)
    first, second = orch.lmap, wide.lmap
    state, field = np.ones((5, 4), np.float32), np.full((5, 4), 0.75, np.float32)
    a, b = (lmap["h[1]", "x"].backward(data[0], state, field).weight for lmap in (first, second))
    assert not np.allclose(a, b)


def test_numbers_that_do_not_exist_are_named(orch):
    with pytest.raises(KeyError, match="there is no number 'margn'; did you mean 'margin'"):
        orch.with_parameters(("h[1]", "x"), margn=1)
    with pytest.raises(KeyError) as error:
        orch.with_parameters(("h[1]", "x"), strength=1)
    assert "did you mean 'strength'" not in str(error.value)
    assert "margin" in str(error.value)
    with pytest.raises(KeyError, match="'y' has no edge to itself"):
        orch.with_parameters(("y", "y"), rate=1)
    with pytest.raises(KeyError, match="there is no"):
        orch.with_parameters("h[1]", leak=1)


def test_every_public_name_is_there():
    assert all(getattr(dync, name) is not None for name in dync.__all__)
    assert set(dir(dync)) == set(dync.__all__)
    with pytest.raises(AttributeError, match="no attribute 'compil'"):
        dync.compil  # noqa: B018
