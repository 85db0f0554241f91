"""`dync explain` of rules and activations: equations from what is executed, and where they are used."""

import json

import pytest

from dync.compiler.library import build_library

FILE = """# The head of the file.

# Learns when it is told to. Someone (1999), Somewhere 3.
rule told(reward, pace = 0.5) {
  trace z = pace * z + pre
  update (reward - 0.5) * z * (post - weight) / batch
}
rule tangled { update tanh(pre@first * post) }
activation slow(keep = 0.9) { next keep * state + (1 - keep) * where(field > 0, field, exp(field)) }
network N {
  input x (4)
  layer h[1..2] (3) slow(keep = 0.8)
  output y (3)
  edge x -> h[1] dense learn told(correct, pace = 0.25) during first rate 0.1
  edge h[1] -> h[2] dense learn told(reward = correct) decay 0.01
  edge h[2] -> y dense learn tangled
  measure correct = mean(y * y.target)
  phase first { steps 1 }
  phase last { steps 1 }
  train first, last
}
"""

TOLD = """rule told(reward, pace = 0.5)  (n.dyn:4)
  Learns when it is told to. Someone (1999), Somewhere 3.

as written:
  Δw[i, j] = Σ_b (reward - 0.5) * z * (post - weight) / batch
  z[i] <- pace * z + pre
in LaTeX:
  \\Delta w_{ij} = \\sum_{b=1}^{B} \\frac{\\left( \\mathrm{reward}_{b} - 0.5 \\right) \\, \\mathrm{z}_{bi} \\, \
\\left( \\mathrm{post}_{bj} - w_{ij} \\right)}{B}
  \\mathrm{z}_{bi} \\leftarrow \\mathit{pace} \\, \\mathrm{z}_{bi} + \\mathrm{pre}_{bi}

as computed, 2 terms, each one product of matrices at most:
  ΔW = 1 / batch · Σ_b z ⊗ (reward - 0.5) * post
"""

REST = """
batch: the mean over the batch: its size makes no difference
local: yes: nothing but what is at the two ends of the synapse, and what is told to all of them
reads:
  z       the trace of unit i of the sender, when the rule is applied
  pre     what unit i of the sender sends, when the rule is applied
  post    what unit j of the receiver sends, when the rule is applied
  weight  the weight of the synapse itself
  reward  a measure, one number an example, when the rule is applied
parameters:
  reward  a measure, given at each use
  pace    default 0.5
used:
  N  x -> h[1]     pace 0.25, reward correct, during first, rate 0.1
  N  h[1] -> h[2]  pace 0.5, reward correct, decay 0.01
"""


def test_a_rule_of_a_file(dync, write):
    ended = dync("explain", "told", "--file", write("n.dyn", FILE))
    assert ended.status == 0
    assert ended.out.startswith(TOLD)
    assert ended.out.endswith(REST)
    assert ended.out.count("\\odot") == 1


def test_a_rule_that_does_not_separate(dync, write):
    out = dync("explain", "tangled", "--file", write("n.dyn", FILE)).out
    assert "synapse by synapse, in portions of bounded memory: `tanh(pre@first * post)` ties both ends together" in out
    assert "batch: the sum over the batch" in out
    assert "pre@first  what unit i of the sender sends, at the end of the phase `first`" in out


def test_an_activation(dync, write):
    out = dync("explain", "slow", "--file", write("n.dyn", FILE)).out
    assert "activation slow(keep = 0.9)  (n.dyn:9)" in out
    assert "  state <- keep * state + (1 - keep) * where(field > 0, field, exp(field))" in out
    assert "\\begin{cases} \\mathrm{field} & \\text{if } \\mathrm{field} > 0" in out
    assert "d state / d field = " in out
    assert "  N  h[1..2]  keep 0.8" in out


@pytest.mark.parametrize("name", [*build_library([])[0].rules, *build_library([])[0].activations])
def test_everything_of_the_standard_library_without_a_file(dync, name):
    ended = dync("explain", name)
    assert (ended.status, ended.err) == (0, "")
    head, about, *_ = ended.out.splitlines()
    assert "(std.dyn:" in head
    assert about.strip(), "every entry says what it is"
    assert ended.out.count("{") == ended.out.count("}")


def test_the_document_of_a_rule_and_of_a_code(dync):
    found = json.loads(dync("explain", "oja", "--format", "json").out)
    assert (found["kind"], found["name"], found["uses"]) == ("rule", "oja", [])
    assert found["equations"][0]["text"] == "Δw[i, j] = Σ_b (pre * post - post ** 2 * weight) / batch"
    assert len(found["computed"]) == 2
    assert json.loads(dync("explain", "E0121", "--format", "json").out)["code"] == "E0121"


def test_what_is_not_local_is_said_to_be_so(dync):
    assert "It is not local" in dync("explain", "gradient").out


def test_the_rules_and_activations_of_a_file_are_listed(dync, write):
    out = dync("explain", "--file", write("n.dyn", FILE)).out
    assert "rule        told  " in out.replace("told   ", "told  ")
    assert "Learns when it is told to." in out
    assert "activation  slow" in out


def test_unknown_words_are_told_both_ways_out(dync, write):
    ended = dync("explain", "perceptronn")
    assert ended.status == 1
    assert "did you mean perceptron?" in ended.err
    assert "--file FILE" in ended.err
    ended = dync("explain", "tolt", "--file", write("n.dyn", FILE))
    assert ended.status == 1
    assert "did you mean told? `dync explain` lists the codes" in ended.err
    assert dync("explain", "told", "--file", write("broken.dyn", FILE.replace("learn told", "learn tld"))).status == 1


def test_the_slope_of_what_is_sent_is_called_so(dync):
    out = dync("explain", "lif").out
    assert "d sent / d field := " in out, "a surrogate is in it"
    assert "d state / d" not in out
