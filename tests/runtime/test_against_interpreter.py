"""The engine against the naive interpreter, on random networks: what is fast must mean what is plain.

DYNC_NETWORKS says how many networks are drawn (each is compiled, which takes seconds).
"""

import os

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from dync.compiler.driver import bind, compile_source, plan_of
from dync.grammar.source import Source
from dync.runtime.declared_measures import measured
from dync.runtime.layout import layout
from dync.runtime.network import Network
from dync.testing.interpreter import Interpreter
from dync.testing.measures import measures
from dync.testing.networks import networks
from dync.testing.weights import draw_weights

COUNT = int(os.environ.get("DYNC_NETWORKS", "12"))
SAFE = 1e-4
"""Networks in which a comparison comes nearer to its threshold than this are passed over: rounding may decide there."""


def close(found, expected, what):
    np.testing.assert_allclose(np.asarray(found, np.float64), expected, atol=2e-4, rtol=2e-4, err_msg=what)


def shaped(value, state, layer):
    return np.asarray(value).reshape(np.asarray(state[layer]).shape)


def shaped_data(net, data):
    shapes = net.layers("input") | net.layers("output")
    return {name: value.reshape(-1, *shapes[name]) for name, value in data.items()}


def orchestrator_with(net, weights):
    """An orchestrator with exactly these weights, by `S->R`, of several between one pair by `S->R:LABEL`."""
    orch = net.init(jax.random.key(0))
    owned = [key for key in orch.lmap if name_of(key) in weights]
    found = {key: jnp.asarray(weights[name_of(key)], jnp.float32) for key in owned}
    assert len(found) == len(weights)
    return orch.with_weights(found)


def name_of(key):
    receiver, sender, *label = key
    return ":".join([f"{sender}->{receiver}", *label])


@settings(
    max_examples=COUNT,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # every attempt at shrinking would compile a network
)
@given(
    drawn=networks(),
    messages=st.sampled_from(["all", "forward", "backward"]),
    mute=st.booleans(),
)
def test_engine_and_interpreter_agree(drawn, messages, mute):
    model = bind(compile_source(Source("drawn.dyn", drawn.text)).verify(), None, {}, protocol=drawn.protocol)
    plan = plan_of(model)
    net = Network(plan)
    weights, absent = draw_weights(plan, np.random.default_rng(drawn.seed))
    naive = Interpreter(plan, absent=absent)
    x, y = drawn.data(plan)
    silent = tuple(net.layers("output"))[:1] if mute else ()

    start = naive.start(x, y, batch=drawn.batch)
    stepped = naive.step(start, weights, messages, silent)
    twice = naive.step(stepped, weights, messages, silent, past=(start, stepped))
    expected = {}
    if plan.structure.train is not None:
        expected["train"] = naive.relax("train", start, weights)
    if plan.structure.infer is not None:
        expected["infer"] = naive.relax("infer", naive.start(x, None, batch=drawn.batch), weights)
    snapshots = expected["train"].snapshots if "train" in expected else None
    at = expected["train"].state if "train" in expected else start
    judged = measures(plan, expected.get("infer", expected.get("train")).state if expected else start, y, naive.margin)
    reads_moments = any(rule.moments for rule in plan.structure.rules)
    trained = (expected["train"].past, expected["train"].pasts) if "train" in expected else ()
    gradients = naive.pseudo_gradients(at, weights, snapshots, *trained) if snapshots or not reads_moments else None
    assume(naive.margin.smallest > SAFE)

    orch, key = orchestrator_with(net, weights), jax.random.key(0)
    x, y = shaped_data(net, x), shaped_data(net, y)
    state = net.state(x, y, batch=drawn.batch)
    found, key = orch.step(state, rng=key, messages=messages, silent=silent)
    for layer, value in stepped.items():
        close(found[layer], shaped(value, found, layer), f"step {layer}\n{drawn.text}")
    found, key = orch.step(found, rng=key, messages=messages, silent=silent)
    for layer, value in twice.items():
        close(found[layer], shaped(value, found, layer), f"second step {layer}\n{drawn.text}")
    for protocol, relaxation in expected.items():
        begin = state if protocol == "train" else net.state(x, batch=drawn.batch)
        after, key = orch.relax(protocol, begin, rng=key)
        for layer, value in relaxation.state.items():
            close(after[layer], shaped(value, after, layer), f"{protocol} {layer}\n{drawn.text}")
        if protocol == "train":
            state = after
    judging = after if expected else state
    found = measured(
        judging, orch.parameters, {name: jnp.asarray(v, jnp.float32).reshape(drawn.batch, -1) for name, v in y.items()}
    )
    assert found.keys() == judged.keys() == {measure.name for measure in plan.structure.measures}
    for name, value in judged.items():
        close(found[name], value, f"measure {name}\n{drawn.text}")
    if gradients is not None:
        compare_gradients(orch, state, gradients, drawn.text)


def compare_gradients(orch, state, gradients, text):
    found = orch.backward(state, rng=jax.random.key(0))
    for key in (key for key in layout(orch.structure).edges if name_of(key) in gradients):
        close(found[key].weight, gradients[name_of(key)], f"update {name_of(key)}\n{text}")
