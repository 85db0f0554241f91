"""`dync verify`: the table, what is told of a fault, the JSON document, statuses."""

import io
import json
import re
import sys

import pytest

import dync.verification.of_model

NETS = """# Two small networks.
rule scaled(gain = 1) { update gain * pre * post * exp(-batch / 100) }
network One {
  param units = 3 in 1..8
  input x (4)
  layer h (units) tanh
  output y (2)
  edge x -> h dense learn oja
  edge h -> h dense(diagonal = 0) learn perceptron(margin = 1)
  edge h -> y dense learn scaled(gain = 2)
  phase go { steps 1 }
  train go
}
network Two {
  input x (4)
  output y (2)
  edge x -> y dense learn gradient(mse)
  phase go { steps 1  clamp x }
  train go
}
network Three { input x (4)  output y (2)  edge x -> y dense }
"""

TABLE = """nets.dyn: One, seed 0
  edge    rule        as written  batch                                local
  x -> h  oja         yes, to #   mean                                 yes, by unit: pre, post, weight
  h -> h  perceptron  yes, to #   depends on its size, as sqrt(batch)  yes, by unit: pre, post, field
  h -> y  scaled      yes, to #   depends on its size                  yes, by unit: pre, post
  note: perceptron: it reads `sqrt(batch * fan_in)`: of equal examples the update is sqrt(batch) times that of one, \
where a mean would be the same and a sum batch times as large
  note: scaled: it reads `exp(-batch / 100)`: the update is neither the mean nor the sum of what the examples want
nets.dyn: Two, seed 0
  edge    rule           as written  batch  local
  x -> y  gradient(mse)  -           -      not local, as declared
nets.dyn: Three, seed 0: no edge learns
4 learning edges: all hold
"""


def plain(text):
    return re.sub(r"to \d+e-\d+", "to #", text).replace("#    ", "#  ")


def test_what_holds_is_a_table_for_each_network(dync, write):
    ended = dync("verify", write("nets.dyn", NETS))
    assert (ended.status, ended.err) == (0, "")
    assert [" ".join(line.split()) for line in plain(ended.out).splitlines()] == [
        " ".join(line.split()) for line in TABLE.splitlines()
    ]


def test_the_json_document(dync, write):
    ended = dync("verify", write("nets.dyn", NETS), "One", "--format", "json", "--seed", 3, "--set", "units=2")
    assert (ended.status, ended.err) == (0, "")
    document = json.loads(ended.out)
    assert set(document) == {"diagnostics", "networks"}
    (network,) = document["networks"]
    assert {key: network[key] for key in ("file", "name", "holds", "seed", "faults")} == {
        "file": "nets.dyn", "name": "One", "holds": True, "seed": 3, "faults": [],
    }  # fmt: skip
    oja, perceptron, scaled = network["families"]
    assert (oja["edges"], oja["rule"], oja["as_written"]["of"]) == (["x -> h"], "oja", 8)
    assert oja["any_batch"]["promise"] == "mean"
    assert (perceptron["any_batch"]["degree"], perceptron["any_batch"]["by"]) == ("-1/2", ["sqrt(batch * fan_in)"])
    assert (scaled["any_batch"]["degree"], scaled["any_batch"]["error"]) == (None, None)
    assert oja["locality"] == {
        "local": True, "reads": ["pre", "post", "weight"], "by_unit": True, "faults": [], "holds": True,
    }  # fmt: skip


def test_a_fault_is_told_and_fails(dync, write, monkeypatch):
    """A plan in which a rule is not that of the file."""
    from msgspec.structs import replace

    from dync.compiler.expression import Apply, Number

    plan_of = dync_driver().plan_of

    def wrong(model):
        plan = plan_of(model)
        rules = tuple(
            replace(rule, terms=(replace(rule.terms[0], scalar=Apply("div", (Number(1.01), Number(6.0)))),))
            if rule.name == "perceptron"
            else rule
            for rule in plan.structure.rules
        )
        return replace(plan, structure=replace(plan.structure, rules=rules))

    monkeypatch.setattr(dync_driver(), "plan_of", wrong)
    ended = dync("verify", write("nets.dyn", NETS), "One")
    assert ended.status == 1
    assert "h -> h  perceptron  NO, to " in ended.out
    assert re.search(r"FAULT: h -> h: the compiled update is off by [\d.]+ of what is added up for a weight", ended.out)
    assert "FAULT: h -> h: the update of a batch is off by" in ended.out
    assert "3 learning edges: 1 fail\n" in ended.out
    assert json.loads(dync("verify", "nets.dyn", "One", "--format", "json").out)["networks"][0]["holds"] is False


def dync_driver():
    return dync.verification.of_model.driver


def test_mistakes_of_a_file_fail_and_the_others_are_verified(dync, write):
    broken = write("broken.dyn", NETS.replace("learn oja", "learn ojja"))
    small = write("small.dyn", NETS.partition("network Three")[0].replace("network One", "network Other"))
    ended = dync("verify", broken, small, "missing.dyn", "Two")
    assert ended.status == 1
    assert "there is no rule `ojja`" in ended.err
    assert "missing.dyn" in ended.err
    assert "small.dyn: Two, seed 0\n" in ended.out
    assert "Other" not in ended.out


def test_nothing_to_verify_is_no_success(dync, write):
    ended = dync("verify", write("nets.dyn", NETS), "Three")
    assert (ended.status, ended.out) == (1, "nets.dyn: Three, seed 0: no edge learns\n")
    assert ended.err == "dync: there is nothing to verify: no edge learns by a rule\n"
    ended = dync("verify", "nets.dyn", "Tow")
    assert ended.status == 1
    assert "there is no network Tow; there are One, Two, Three" in ended.err


def test_settings_are_for_one_network(dync, write):
    ended = dync("verify", write("nets.dyn", NETS), "--set", "units=99", "One")
    assert ended.status == 1
    assert "units" in ended.err
    assert dync("verify", "nets.dyn", "--set", "units=2").status == 1


def test_standard_input(dync, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(NETS.encode())))
    assert dync("verify", "-", "Two").status == 0


@pytest.mark.parametrize(
    "words", [(), ("One",), ("x.dyn", "--seed", "-1"), ("x.dyn", "--format", "xml"), ("x.dyn", "--set", "a")]
)
def test_wrong_usage(dync, words):
    assert dync("verify", *words).status == 2


def test_what_never_moves_is_not_verified(dync, write):
    """States are drawn wide enough for a threshold of ten, but not of a million."""
    text = NETS[: NETS.index("network Two")].replace("update gain * pre * post * exp(-batch / 100)", "UPDATE")
    high = text.replace("UPDATE", "update gain * [pre > 10] * post / batch")
    assert dync("verify", write("high.dyn", high)).status == 0
    higher = dync("verify", write("higher.dyn", text.replace("UPDATE", "update gain * [pre > 1e6] * post / batch")))
    assert higher.status == 1
    assert "no value that was tried moves a weight, so nothing is verified" in higher.out
