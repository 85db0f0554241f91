"""What units send, their traces and numbers of their layers, against NumPy written by hand."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dync

SPIKES = """
rule both { update (pre.state * post + pre * post.state@early) / batch }

network Spikes {
  input  x (3)
  layer  h (4) alif(leak = 0.2, threshold = 0.5, fade = 0.25, rise = 0.5)
  layer  k (4) softmax(beta = 2)
  output y (4) winner
  edge x -> h dense learn both
  edge h -> h dense
  edge h -> k dense delay 2 sends 3 * sent - state learn both
  edge k -> y dense learn delta
  schedule synchronous
  phase early { steps 4  clamp x }
  phase late { steps 3  clamp x, h }
  train early, late
  infer early
}
"""


def spikes_by_hand(x, w, steps, resting):
    """The states and the trace after each step; `h` rests in the last ones."""
    h, tired, k, y = (np.zeros((len(x), 4)) for _ in range(4))
    past = [(h, tired)]
    for step in range(steps + resting):
        spike = (h - 0.5 - 0.5 * tired > 0).astype(float)
        then, then_tired = past[max(step - 1, 0)]
        late = 3 * (then - 0.5 - 0.5 * then_tired > 0) - then
        e = np.exp(2 * late @ w["k", "h"])
        best = k @ w["y", "k"]
        first = (best == best.max(axis=1, keepdims=True)).astype(float)
        y = first / first.sum(axis=1, keepdims=True)
        k = e / e.sum(axis=1, keepdims=True)
        if step < steps:
            tired = 0.75 * tired + 0.25 * spike
            h = 0.8 * h * (1 - spike) + x @ w["h", "x"] + spike @ w["h", "h"]
        past.append((h, tired))
    return h, tired, k, y


@pytest.fixture(scope="module")
def spikes():
    net = dync.compile_text(SPIKES, name="spikes.dyn").network("Spikes")
    rng = np.random.default_rng(4)
    x = rng.uniform(0, 0.6, size=(6, 3)).astype(np.float32)
    weights = {("h", "x"): rng.uniform(0, 1, (3, 4)), ("h", "h"): rng.normal(0, 0.5, (4, 4))}
    weights |= {("k", "h"): rng.normal(size=(4, 4)), ("y", "k"): rng.normal(size=(4, 4))}
    orch = net.init(jax.random.key(0)).with_weights({key: w.astype(np.float32) for key, w in weights.items()})
    return net, orch, x, weights


def test_spikes_reset_tire_and_arrive_late(spikes):
    net, orch, x, weights = spikes
    after, _ = orch.relax("train", net.state(x), rng=jax.random.key(1))
    h, tired, k, y = spikes_by_hand(x, weights, 4, 3)
    assert 0 < np.mean(h - 0.5 - 0.5 * tired > 0) < 1
    np.testing.assert_allclose(after["h"], h, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(after.trace("h", "tired"), tired, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(after["k"], k, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(after["y"], y, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(after["k"].sum(axis=-1), 1, rtol=1e-5)
    early, *_ = spikes_by_hand(x, weights, 4, 0)
    np.testing.assert_array_equal(early, h)
    sent = (h - 0.5 - 0.5 * tired > 0).astype(float)
    both = np.einsum("bi,bj->ij", x, sent + h) / 6
    np.testing.assert_allclose(
        orch.backward(after, rng=jax.random.key(1))["h", "x"].weight, -both, rtol=1e-4, atol=1e-5
    )


def test_traces_are_asked_for_by_their_names(spikes):
    net, orch, x, _ = spikes
    state = net.state(x)
    assert not state.trace("h", "tired").any()
    with pytest.raises(KeyError, match="no trace of h 'tird'; did you mean 'tired'"):
        state.trace("h", "tird")
    with pytest.raises(ValueError, match="the units of 'h' have traces"):
        orch.lmap["h", "h"](np.zeros((1, 4)))
    with pytest.raises(ValueError, match="the units of 'h' have traces"):
        orch.lmap["h", "h"].activation(np.zeros((1, 4)))


RATES = """
activation spiking { next 0.5 * state + field sends [state > 0.3] surrogate exp(-abs(state)) }

network Rates {
  input  x (3)
  layer  h (4) spiking
  output y (2) leaky_rate(leak = 0.25)
  edge x -> h dense learn delta
  edge h -> y dense learn delta
  edge y -> y dense(diagonal = 0.3) sends sent - 0.5 * state
  phase run { until settled within 1e-4 max 40 }
  train run
  infer run
}
"""


def test_an_edge_by_itself_sends_and_learns_as_its_network_does():
    net = dync.compile_text(RATES, name="rates.dyn").network("Rates")
    orch = net.init(jax.random.key(0))
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(6, 3)).astype(np.float32), rng.normal(size=(6, 2)).astype(np.float32)
    after, _ = orch.relax("train", net.state(x, y), rng=jax.random.key(1))
    sent = (after["h"] > 0.3).astype(jnp.float32)
    np.testing.assert_allclose(orch.lmap["y", "h"](after["h"]), sent @ orch.lmap["y", "h"].weight, rtol=1e-5)
    loop = (jnp.clip(y, 0, 1) - 0.5 * y) @ orch.lmap["y", "y"].weight
    np.testing.assert_allclose(orch.lmap["y", "y"](y), loop, rtol=1e-4, atol=1e-6)
    whole = orch.backward(after, rng=jax.random.key(1))
    fields = {"h": orch.lmap["h", "x"](x), "y": orch.lmap["y", "h"](after["h"]) + loop}
    for receiver, sender in (("h", "x"), ("y", "h")):
        own = orch.lmap[receiver, sender].backward(after[sender], after[receiver], fields[receiver])
        np.testing.assert_allclose(own.weight, whole[receiver, sender].weight, rtol=1e-4, atol=1e-5)
    u = 0.5 * after["h"] + fields["h"]
    error = (sent - (u > 0.3)) * jnp.exp(-jnp.abs(u))
    np.testing.assert_allclose(whole["h", "x"].weight, -x.T @ error / 6, rtol=1e-4, atol=1e-5)


def test_a_gradient_takes_the_surrogate_for_what_a_step_has_not():
    net = dync.compile_text(RATES, name="rates.dyn").network("Rates")
    orch = net.init(jax.random.key(0))
    h = jnp.linspace(-1, 1, 4)[None]

    def message(state):
        return orch.lmap["y", "h"](state).sum()

    slope = jnp.exp(-jnp.abs(h)) * orch.lmap["y", "h"].weight.sum(axis=1)
    np.testing.assert_allclose(eqx.filter_jit(jax.grad(message))(h), slope, rtol=1e-5)
