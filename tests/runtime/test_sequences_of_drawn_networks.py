"""Random networks, made to be over time, against the literal loop: kinds, schedules, delays, fields, phases as drawn.

DYNC_NETWORKS says how many are drawn; each is compiled, which takes seconds.
"""

import os
import re

import jax
import jax.numpy as jnp
import numpy as np
import optax
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from dync.compiler.driver import bind, compile_source, plan_of
from dync.grammar.source import Source
from dync.runtime.data.dataset import Part
from dync.runtime.evaluation import examples, predict_examples
from dync.runtime.layout import layout
from dync.runtime.learner import learn_batch, start_learner
from dync.runtime.network import Network
from dync.testing import networks
from dync.testing.interpreter import Interpreter
from dync.testing.sequences import follow, learn
from dync.testing.weights import draw_weights

COUNT = int(os.environ.get("DYNC_NETWORKS", "2"))
SAFE = 1e-4
BATCH, SAMPLES, RATE = 2, 3, 0.01


def over_time(text, once):
    """The network with its ends over time and its phases per sample, but `once`, where that may run once."""
    text = re.sub(r"^(\s*(?:input|output) .*)$", r"\1 over time", text, flags=re.MULTILINE)
    length = re.compile(r"steps \d+|until settled(?: within \S+)? max \d+")

    def sampled(phase):
        return phase[0] if phase[1] == once else length.sub(lambda found: f"{found[0]} per sample", phase[0])

    return re.sub(r"phase (\w+) \{[^}]*\}", sampled, text)


def compiled(text, protocol):
    found = compile_source(Source("drawn.dyn", text))
    errors = [d for d in found.diagnostics if d.severity == "error"]
    return None if errors else plan_of(bind(found, None, {}, protocol=protocol))


@settings(
    max_examples=COUNT,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(drawn=networks(inputs=(1, 2), outputs=(1, 2)), once=st.sampled_from(["", "warm", "relax"]))
def test_the_scan_is_what_the_literal_loop_does(drawn, once):
    plan = compiled(over_time(drawn.text, once), drawn.protocol)
    plan = plan or compiled(over_time(drawn.text, ""), drawn.protocol)
    assert plan is not None, over_time(drawn.text, "")
    structure = plan.structure
    assume(structure.train is not None and structure.infer is not None)
    net = Network(plan)
    rng = np.random.default_rng(drawn.seed)
    weights, absent = draw_weights(plan, rng)
    ends = net.layers("input") | net.layers("output")
    data = {name: rng.normal(size=(BATCH, SAMPLES, int(np.prod(s)))).astype(np.float32) for name, s in ends.items()}
    naive = Interpreter(plan, absent=absent)
    inputs = {name: data[name] for name in net.layers("input")}
    read = [dict(sequence.state) for _, sequence in follow(naive, "infer", inputs, weights)]
    expected, sequence = learn(naive, data, weights, RATE)
    assume(naive.margin.smallest > SAFE)
    assume(all(np.abs(value).max(initial=0) < 1e3 for value in (*expected.values(), *sequence.state.values())))

    orch = net.init(jax.random.key(0))
    orch = orch.with_weights({key: jnp.asarray(weights[name_of(key)], jnp.float32) for key in owned(orch, weights)})
    shaped = {name: value.reshape(BATCH, SAMPLES, *ends[name]) for name, value in data.items()}
    found = predict_examples(orch, examples(structure, Part(shaped, BATCH)), jax.random.key(0))
    for t, state in enumerate(read):
        for name in net.layers("output"):
            close(found[name][:, t], state[name], f"{name} of sample {t}\n{drawn.text}")
    optimizer = optax.sgd(RATE)
    arrays = {name: jnp.asarray(value) for name, value in data.items()}
    after, state = learn_batch(optimizer.update, start_learner(orch, optimizer), arrays, jax.random.key(0))
    for name, value in sequence.state.items():
        close(np.asarray(state[name]).reshape(BATCH, -1), value, f"{name}\n{drawn.text}")
    for key in owned(orch, weights):
        close(after.orchestrator.lmap[key].weight, expected[name_of(key)], f"{key}\n{drawn.text}")


def owned(orch, weights):
    return [key for key in layout(orch.structure).edges if name_of(key) in weights]


def name_of(key):
    receiver, sender, *label = key
    return ":".join([f"{sender}->{receiver}", *label])


def close(found, expected, what):
    np.testing.assert_allclose(np.asarray(found, np.float64), expected, atol=5e-4, rtol=5e-4, err_msg=what)
