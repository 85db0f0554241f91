"""`dync test`: statuses, what is told of a failure, the JSON document, pictures, folders."""

import io
import json
import re
import sys

import pytest

GOOD = """network Stack {
  param depth = 2 in 1..64
  param hidden = 20 in 16..4096
  input x (8)
  layer h[1..depth] (hidden) sign
  output y (3)
  edge x -> h[1] dense
  for i in 1..depth-1 { edge h[i] -> h[i+1] dense }
  edge h[depth] -> y dense learn perceptron
}
property wired(depth in 1..12, hidden) on Stack {
  require path_length(x, y) == depth + 1
}
property feedforward(depth in 1..12) on Stack { require not has_cycle() }
"""
PLANTED = GOOD.replace(
    "  edge h[depth] -> y", "  for i in 1..depth//5 { edge h[i] -> h[i+3] dense }\n  edge h[depth] -> y"
)
BARE = GOOD.partition("property")[0]

FAILURE = """planted.dyn: wired on Stack: fails, N cases
Stack: 7 layers, 7 edges
  x     input   (8)
  h[1]  layer   (16)  sign
  h[2]  layer   (16)  sign
  h[3]  layer   (16)  sign
  h[4]  layer   (16)  sign
  h[5]  layer   (16)  sign
  y     output  (3)   identity
  x     ->  h[1]  dense  forward
  h[1]  ->  h[2]  dense  forward
  h[2]  ->  h[3]  dense  forward
  h[3]  ->  h[4]  dense  forward
  h[4]  ->  h[5]  dense  forward
  h[1]  ->  h[4]  dense  forward
  h[5]  ->  y     dense  forward  learns by perceptron
planted.dyn: feedforward on Stack: holds, 12 cases
2 properties: 1 failed
"""

TOLD = """error[E0921]: `path_length(x, y) == depth + 1` was `4 == 6` at depth = 5, hidden = 16
  --> planted.dyn:13:11
13 |   require path_length(x, y) == depth + 1
   |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  note: a shortest path is `x -> h[1] -> h[4] -> h[5] -> y`

1 error
"""


def test_what_holds_is_a_line_each(dync, write):
    ended = dync("test", write("good.dyn", GOOD), "--cases", 14)
    assert (ended.status, ended.err) == (0, "")
    first, *rest = ended.out.splitlines()
    assert re.fullmatch(r"good\.dyn: wired on Stack: holds, 1[0-4] cases", first), "values that repeat count once"
    assert rest == ["good.dyn: feedforward on Stack: holds, 12 cases", "2 properties: all hold"]


def test_a_planted_mistake_is_told_at_its_smallest(dync, write):
    ended = dync("test", write("planted.dyn", PLANTED))
    assert ended.status == 1
    head, _, rest = ended.out.partition("\n")
    assert head.startswith("planted.dyn: wired on Stack: fails, ")
    assert "\n".join(["planted.dyn: wired on Stack: fails, N cases", rest]) == FAILURE
    assert ended.err == TOLD


def test_the_smallest_failing_network_is_drawn(dync, write, tmp_path):
    ended = dync("test", write("planted.dyn", PLANTED), "--draw", "pictures")
    assert ended.status == 1
    assert "drawn to pictures/planted-wired.svg\n" in ended.out
    (picture,) = (tmp_path / "pictures").iterdir()
    text = picture.read_text(encoding="utf-8")
    assert text.startswith("<svg")
    assert "h[5]" in text


def test_what_cannot_be_made_cannot_be_drawn(dync, write, tmp_path):
    ended = dync(
        "test", write("b.dyn", GOOD.replace("edge x -> h[1]", "edge x -> h[2] dense edge x -> h[1]")), "--draw", "p"
    )
    assert ended.status == 1
    assert "the network `Stack` cannot be made at depth = 1" in ended.err
    assert "there is no `h[2]`" in ended.err
    assert "there is no network to draw for wired" in ended.err
    assert not (tmp_path / "p").exists()


def test_the_json_document(dync, write):
    ended = dync("test", write("planted.dyn", PLANTED), "--format", "json", "--seed", 3)
    assert (ended.status, ended.err) == (1, "")
    document = json.loads(ended.out)
    assert set(document) == {"diagnostics", "properties"}
    assert [(d["code"], d["line"]) for d in document["diagnostics"]] == [("E0921", 13)]
    wired, feedforward = document["properties"]
    found = wired.pop("counterexample")
    assert wired.pop("cases") > 0
    assert wired == {
        "name": "wired", "network": "Stack", "file": "planted.dyn", "line": 12, "holds": False,
        "given_up": False, "seed": 3,
    }  # fmt: skip
    assert (found["values"], found["was"], found["variables"]) == ({"depth": 5, "hidden": 16}, "4 == 6", {})
    assert found["requirement"] == "path_length(x, y) == depth + 1"
    assert found["layers"][1] == {"name": "h[1]", "role": "layer", "shape": [16]}
    assert found["edges"][-1] == {
        "sender": "h[5]", "receiver": "y", "kind": "dense", "label": None, "rule": "perceptron",
    }  # fmt: skip
    assert (feedforward["holds"], feedforward["counterexample"], feedforward["cases"]) == (True, None, 12)


def test_a_folder_means_all_the_files_in_it(dync, write, tmp_path):
    (tmp_path / "specs" / "deep").mkdir(parents=True)
    write("specs/b.dyn", GOOD)
    write("specs/deep/c.dyn", BARE)
    write("specs/notes.txt", "no network")
    ended = dync("test", "specs/", "specs/b.dyn", "--cases", 3)
    assert ended.status == 0
    assert [line.partition(":")[0] for line in ended.out.splitlines()[:-1]] == ["specs/b.dyn"] * 2 + [
        "specs/deep/c.dyn"
    ]
    assert "specs/deep/c.dyn: no properties\n" in ended.out


def test_nothing_to_try_is_no_success(dync, write, tmp_path):
    (tmp_path / "empty").mkdir()
    ended = dync("test", write("bare.dyn", BARE))
    assert ended.status == 1
    assert "there is no property to try" in ended.err
    assert dync("test", "bare.dyn", "--format", "json").status == 1
    ended = dync("test", "empty")
    assert ended.status == 1
    assert "there is no .dyn file in empty" in ended.err


def test_mistakes_of_a_file_fail_and_the_others_are_tried(dync, write):
    broken = write("broken.dyn", GOOD.replace("path_length(x, y)", "path_length(x, z)"))
    ended = dync("test", broken, write("good.dyn", GOOD), "missing.dyn", "--cases", 2)
    assert ended.status == 1
    assert "there is no layer `z`" in ended.err
    assert "missing.dyn" in ended.err
    assert "good.dyn: wired on Stack: holds, 2 cases\n" in ended.out
    assert "broken.dyn" not in ended.out
    document = json.loads(dync("test", broken, "--format", "json").out)
    assert [d["code"] for d in document["diagnostics"]] == ["E0201"]
    assert document["properties"] == []


def test_properties_of_an_imported_network(dync, write):
    write("net.dyn", BARE)
    name = write("asked.dyn", 'import "net.dyn"\nproperty wired(depth in 1..5) on Stack { require fan_in(y) == 2 }\n')
    ended = dync("test", name)
    assert ended.status == 1
    assert "`fan_in(y) == 2` was `1 == 2` at depth = 1" in ended.err


def test_standard_input(dync, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(GOOD.encode())))
    ended = dync("test", "-", "--cases", 2)
    assert (ended.status, ended.err) == (0, "")


@pytest.mark.parametrize(
    "words", [(), ("x.dyn", "--cases", "0"), ("x.dyn", "--seed", "-1"), ("x.dyn", "--format", "xml")]
)
def test_wrong_usage(dync, words):
    assert dync("test", *words).status == 2


def test_the_movement_is_tried(dync, write):
    network = """network Loop {
  param leak = 0.5 in 0..1
  input x (4)
  layer h (4) leaky_tanh(leak)
  output y (4)
  edge x -> h dense
  edge h -> h one_to_one(0.1)
  edge h -> y dense
  phase relax { steps 5 }
  infer relax
}
property rests(leak in { 0.9, 0.5, 0.01 }) on Loop { require settles(relax, within = 40) }
property small on Loop { require bounded(h, 1) and not bounded(inputs, 0) }
"""
    ended = dync("test", write("loop.dyn", network))
    assert ended.status == 1
    assert "`settles(relax, within = 40)` was `false` at leak = 0.01\n" in ended.err
    assert "note: in relax, with seed 0, `relax` still moves after 40 steps\n" in ended.err
    assert "loop.dyn: small on Loop: holds, 1 case\n" in ended.out


def test_the_help_lists_it(dync):
    ended = dync("--help")
    assert "  test " in ended.out
    assert "--cases" in dync("test", "--help").out
