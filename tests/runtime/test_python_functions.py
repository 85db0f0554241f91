"""Rules and activations in Python by name: what the language would say, and only as they were compiled."""

import subprocess
import sys

import jax
import numpy as np
import pytest

import dync
from dync.compiler.plan_json import canonical, plan_from_text, plan_to_json
from dync.runtime.network import Network

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
