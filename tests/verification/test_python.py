"""Rules and kinds of edges in Python: what a function does with the whole arrays that it is handed is looked at."""

import dync

MODULE = """
import jax
import jax.numpy as jnp


def honest(pre, post, weight, most):
    return jnp.tanh(pre * post) * (most - jnp.abs(weight))


def cheating(pre, post, batch):
    return (pre - jnp.mean(pre)) * post / batch


class Grown:
    def weights(key, senders, receivers):
        return jax.random.normal(key, (senders, receivers))

    def message(weights, sent):
        return sent @ weights
"""

NETWORK = """
rule honest(most = 1) python "own:honest"
rule cheating python "own:cheating"
kind grown python "own:Grown"
network N {
  input x (4)
  layer h (3) tanh
  output y (2)
  edge x -> h dense learn honest(most = 0.8)
  edge h -> h dense learn cheating
  edge h -> y grown learn delta
  phase go { steps 1 }
  train go
}
"""


def test_functions_in_python(tmp_path):
    (tmp_path / "own.py").write_text(MODULE, encoding="utf-8")
    (tmp_path / "n.dyn").write_text(NETWORK, encoding="utf-8")
    found = {family.rule: family for family in dync.compile(tmp_path / "n.dyn").verify().families}
    honest, cheating, delta = found["honest"], found["cheating"], found["delta"]
    assert honest.holds, honest.faults
    assert (honest.any_batch.promise, honest.locality.by_unit) == ("sum", True)
    assert not cheating.locality.holds
    assert "reaches synapses of h -> h at which it does not stand" in cheating.locality.faults[0]
    assert cheating.any_batch.promise == "unknown"
    assert delta.holds, delta.faults
    assert (delta.as_written, delta.any_batch.promise, delta.locality.by_unit) == (None, "mean", False)
