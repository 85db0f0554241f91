"""Rules and activations in Python by name: what the language would say, and only as they were compiled."""

import subprocess
import sys

import jax
import numpy as np
import pytest

import dync
from dync.compiler.plan_json import canonical, plan_from_text, plan_to_json
from dync.runtime.network import Network

pytestmark = pytest.mark.usefixtures("hardly_optimized")

MODULE = """
import jax.numpy as jnp


def stuck(pre, post, weight, batch, margin):
    return jnp.tanh(pre * post - margin * weight) / batch


def at_receiver(post, field, batch):
    return post * field / batch


def bend(field, state, gain, offset=0.0):
    return jnp.tanh(gain * field) + 0.25 * state + offset
"""

NETWORK = """
network Small {{
  input  x (4)
  layer  h (5) bend(gain = 0.7)
  output y (2) bend
  edge x -> h dense learn stuck
  edge h -> h dense(density = 0.5) learn stuck(margin = 0.1)
  edge h -> y dense learn delta
  edge y -> h dense learn at_receiver
  phase free  {{ steps 3 clamp x }}
  train free
}}
{rules}
"""

PYTHON = """
rule stuck(margin = 0.5) python "lib.own:stuck"
rule at_receiver python "lib.own:at_receiver"
activation bend(gain = 1.2) python "lib.own:bend"
"""

WRITTEN = """
rule stuck(margin = 0.5) { update tanh(pre * post - margin * weight) / batch }
rule at_receiver { update post * field / batch }
activation bend(gain = 1.2) { next tanh(gain * field) + 0.25 * state }
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "own.py").write_text(MODULE)
    (tmp_path / "python.dyn").write_text(NETWORK.format(rules=PYTHON))
    return tmp_path


def updates(program):
    net = program.network()
    orch = net.init(jax.random.key(0))
    rng = np.random.default_rng(0)
    state = net.state(rng.normal(size=(3, 4)), rng.normal(size=(3, 2)))
    after, key = orch.relax("train", state, rng=jax.random.key(1))
    return {pair: edge.weight for pair, edge in orch.backward(after, rng=key).items()}


def test_functions_are_what_they_would_be_in_the_language(folder):
    """Rules that mix both ends and that do not, an activation and its slope; the plan survives as text."""
    program = dync.compile(folder / "python.dyn")
    found, expected = updates(program), updates(dync.compile_text(NETWORK.format(rules=WRITTEN)))
    for pair, update in expected.items():
        np.testing.assert_allclose(found[pair], update, atol=1e-6)
    plan = program.network().plan
    assert plan_from_text(canonical(plan_to_json(plan))) == plan


def test_a_module_that_changed_is_never_run(folder):
    (folder / "lib" / "own.py").write_text(MODULE + "\n# never run so far\n")
    program = dync.compile(folder / "python.dyn")
    before = program.network().plan.digest
    (folder / "lib" / "own.py").write_text(MODULE + "\nraise SystemExit('this was run')\n")
    with pytest.raises(dync.RunError, match=r"lib\.own as it was when it was compiled .* has another text since"):
        updates(program)
    with pytest.raises(SystemExit, match="this was run"):
        updates(dync.compile(folder / "python.dyn"))
    assert dync.compile(folder / "python.dyn").network().plan.digest != before


def test_the_plan_of_a_stranger_says_what_it_needs(folder):
    """Nothing is looked up but what is beside a compiled file or installed."""
    text = canonical(plan_to_json(dync.compile(folder / "python.dyn").network().plan)).replace("lib.own", "lib.other")
    net = Network(plan_from_text(text))
    with pytest.raises(dync.RunError, match=r"needs the Python module lib\.other .* neither beside the \.dyn file nor"):
        net.init(jax.random.key(0)).relax("train", net.state(np.ones((1, 4))), rng=jax.random.key(0))
    with pytest.raises(ValueError, match="expected an expression"):
        plan_from_text(text.replace("lib.other:", "../lib.other:"))


@pytest.mark.parametrize(
    ("body", "sentence"),
    [("return pre / nothing", "own:at_receiver fails: name 'nothing' is not defined"),
     ("return jnp.ones((3, 1, 7, 7))", "own:at_receiver gives the shape (3, 1, 7, 7)")],
)  # fmt: skip
def test_a_function_that_fails_is_named(tmp_path, body, sentence):
    (tmp_path / "own.py").write_text(f"import jax.numpy as jnp\n\n\ndef at_receiver(pre, post):\n    {body}\n")
    text = 'rule r python "own:at_receiver"\nnetwork N {\n input x (2)\n output y (2)\n edge x -> y dense learn r\n}'
    net = dync.compile_text(text, str(tmp_path / "text.dyn")).network()
    with pytest.raises(dync.RunError) as raised:
        net.init(jax.random.key(0)).backward(net.state(np.ones((1, 2))), rng=jax.random.key(0))
    assert sentence in str(raised.value)


def test_a_check_runs_neither_the_module_nor_jax(folder):
    own = folder / "lib" / "own.py"
    own.write_text("raise SystemExit('this was run')\n" + MODULE)
    code = (
        "import sys; from dync.compiler.driver import compile_files; from dync.grammar.imports import read_files;"
        "from dync.grammar.reader import load_source;"
        f"found = compile_files(read_files(load_source({str(folder / 'python.dyn')!r})));"
        "print(found.ok, 'jax' in sys.modules, any('_dync_python' in name for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False", "False"]


KINDS = """
import jax
import jax.numpy as jnp


class Scaled:
    def weights(key, senders, receivers, gain):
        return gain * jax.random.normal(key, (senders, receivers))

    def message(weights, sent):
        return sent @ weights


class Narrow:
    def weights(key, senders, receivers, rank):
        return jax.random.normal(key, (senders + receivers, rank)) / senders**0.5

    def message(weights, sent):
        senders = sent.shape[1]
        return sent @ weights[:senders] @ weights[senders:].T


class Wrong:
    def weights(key, senders, receivers):
        return jnp.zeros((senders,))

    def message(weights, sent):
        return sent * weights
"""

OF_KINDS = """
kind scaled(gain = 0.5) python "kinds:Scaled"
kind narrow(rank = 2) python "kinds:Narrow"

network Kinds {
  input  x (4)
  layer  h[1..2] (6) tanh
  output y (3)
  edge x -> h[1] KIND_A learn oja decay 0.1
  edge h[1] -> h[2] KIND_B learn gradient(mse) rate 2
  edge h[2] -> y KIND_A learn delta
  edge y -> h[1] KIND_B
  phase hear { steps 3 clamp x }
  train hear
}
"""


def test_kinds_of_edges_do_what_those_of_the_language_do(tmp_path):
    """Messages, updates by rules and by a gradient, beside `dense` and `low_rank` edges of the same weights."""
    (tmp_path / "kinds.py").write_text(KINDS)
    own = OF_KINDS.replace("KIND_A", "scaled(gain = 0.3)").replace("KIND_B", "narrow(rank = 3)")
    given = OF_KINDS.replace("KIND_A", "dense").replace("KIND_B", "low_rank(rank = 3)")
    nets = [dync.compile_text(text, str(tmp_path / "text.dyn")).network() for text in (own, given)]
    orch = nets[0].init(jax.random.key(3))
    weights = {pair: edge.weight for pair, edge in orch.lmap.items()}
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(5, 4)), rng.normal(size=(5, 3))
    ends = []
    for net in nets:
        same = orch if net is nets[0] else net.with_weights(weights)
        state, key = same.relax("train", net.state(x, y), rng=jax.random.key(0))
        ends.append((state, same.backward(state, rng=key)))
    for layer in ends[0][0]:
        np.testing.assert_allclose(ends[0][0][layer], ends[1][0][layer], atol=1e-5)
    for pair in weights:
        np.testing.assert_allclose(ends[0][1][pair].weight, ends[1][1][pair].weight, atol=1e-5)
    plan = nets[0].plan
    assert plan_from_text(canonical(plan_to_json(plan))) == plan
    assert 0.1 < float(weights["h[1]", "x"].std()) < 0.5


def test_a_message_of_another_shape_is_refused(tmp_path):
    (tmp_path / "kinds.py").write_text(KINDS)
    text = 'kind wrong python "kinds:Wrong"\nnetwork N {\n input x (2)\n output y (3)\n edge x -> y wrong\n}'
    net = dync.compile_text(text, str(tmp_path / "text.dyn")).network()
    with pytest.raises(dync.RunError, match=r"kinds:Wrong\.message gives the shape \[1, 2\], not \[1, 3\]"):
        net.init(jax.random.key(0)).predict(net.state(np.ones((1, 2))), rng=jax.random.key(0))
