"""Formatting keeps the meaning and the comments, and formatting again changes nothing."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from dync.grammar.diagnostic import DiagnosticError
from dync.grammar.lexer import Lexer, comments
from dync.grammar.printer import format_source
from dync.grammar.reader import read
from dync.grammar.source import Source

GOOD = sorted((Path(__file__).parents[1] / "good").glob("*.dyn"))


def meaning(node: Any) -> Any:
    """A syntax tree without its places."""
    if isinstance(node, tuple):
        return tuple(map(meaning, node))
    if isinstance(node, Struct):
        parts = {
            name: meaning(getattr(node, name)) for name in node.__struct_fields__ if name not in ("span", "source")
        }
        return (type(node).__name__, parts)
    return node


def formatted(text: str) -> str:
    return format_source(Source("t.dyn", text))


def check(text: str) -> str:
    """The formatted text, after all laws have been checked."""
    result = formatted(text)
    before, mistakes = read(Source("t.dyn", text))
    after, further = read(Source("t.dyn", result))
    assert (mistakes, further) == ((), ())
    assert meaning(after) == meaning(before)
    assert formatted(result) == result
    assert sorted(c.text.rstrip() for c in comments(Source("t.dyn", result))) == sorted(
        c.text.rstrip() for c in comments(Source("t.dyn", text))
    )
    assert not any(line != line.rstrip() for line in result.splitlines())
    return result


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_good_files(path: Path) -> None:
    check(path.read_text(encoding="utf-8"))


def test_the_canonical_layout() -> None:
    text = """

# The file.
network   N{ # behind the brace
  param a=(1+2)*3 in 1 .. 2*4


  edge x # within
    ->h[ i+1 ] dense( strength=5 )  # behind
  for i in 1..2 { edge h[i]->h[i+1] dense
    edge h[i] -> h[i] one_to_one }
  phase p {
    steps 1
    messages all }
  phase q { steps 1 # why
    # at the end
  } # behind q
  train p,
    q
}
rule r { let a=pre*-1 update a*(post**2)/batch }
rule oja { update
  pre }"""
    assert (
        check(text)
        == """# The file.
network N {  # behind the brace
  param a = (1 + 2) * 3 in 1..2*4

  # within
  edge x -> h[i+1] dense(strength = 5)  # behind
  for i in 1..2 {
    edge h[i] -> h[i+1] dense
    edge h[i] -> h[i] one_to_one
  }
  phase p { steps 1  messages all }
  phase q {
    steps 1  # why
    # at the end
  }  # behind q
  train p, q
}
rule r {
  let a = pre * -1
  update a * post**2 / batch
}
rule oja { update pre }
"""
    )


def test_texts_with_mistakes_are_not_touched() -> None:
    with pytest.raises(DiagnosticError):
        formatted("network {")


@pytest.mark.parametrize(
    "text",
    [
        "(1 - 2) - 3", "1 - (2 - 3)", "1 - (2 + 3)", "(2 ** 3) ** 4", "2 ** (3 ** 4)", "(-2) ** 2", "-2 ** 2",
        "2 ** -(3 ** 2)", "not (1 and 2)", "(not 1) and 2", "(1 < 2) == (3 < 4)", "-(1 + 2)", "- -1", "not (not 1)",
        "1 / (2 * 3)", "(1 or 2) and 3", "(not 1) < 2", "-(2 * 3)", "(-2) * 3", "[not 1] * [1 < 2]", "1 or (2 or 3)",
    ],
)  # fmt: skip
def test_brackets_that_matter_stay(text: str) -> None:
    check(f"rule r {{ update {text} }}")


@pytest.mark.parametrize("numbers", ["1. .. 2", "1 .. .5", "1..2", "a - 1 .. -b", "1 .. (2 < 3)"])
def test_ranges_can_be_read_again(numbers: str) -> None:
    check(f"network N {{ param p = 1 in {numbers} }}")


names = st.sampled_from(["a", "pre", "batch", "layer", "in_", "max1", "edge"])
atoms = st.one_of(
    names,
    st.sampled_from(["0", "1.", ".5", "2e-3", "17", '"text"', "pre@warm"]),
)


def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "and", "or", "<", "=="])
    return st.one_of(
        st.tuples(inner, operators, inner).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
        st.tuples(atoms, st.sampled_from(["+", "-", "*", "**", "or"]), inner).map(" ".join),
        st.tuples(st.sampled_from(["-", "not "]), inner).map(lambda t: f"({t[0]}({t[1]}))"),
        inner.map(lambda t: f"[{t}]"),
        st.tuples(names, inner, names, inner).map(lambda t: f"{t[0]}({t[1]}, {t[2]} = {t[3]})"),
    )


expressions = st.recursive(atoms, larger, max_leaves=8)
statements = st.one_of(
    st.tuples(names, expressions).map(lambda t: f"param {t[0]} = {t[1]} in 1..({t[1]})"),
    st.tuples(names, expressions).map(lambda t: f"layer {t[0]}[{t[1]} ..2] ({t[1]}, 3) sign start {t[0]}"),
    st.tuples(names, expressions).map(lambda t: f"edge {t[0]}: x[{t[1]}] -> y dense({t[1]}) learn oja rate {t[1]}"),
    st.tuples(names, expressions).map(lambda t: f"phase {t[0]} {{ steps {t[1]} clamp {t[0]}[{t[1]}], x }}"),
    st.tuples(names, expressions).map(lambda t: f"for {t[0]} in {t[1]} ..9 {{ edge x -> y dense group g {{ x }} }}"),
    st.just("for i in 1..2 { }"),
)


@given(st.lists(statements, max_size=4), st.data())
def test_any_text_with_any_space_and_comments(items: list[str], data: st.DataObject) -> None:
    text = "network N { " + " ".join(items) + " } rule r(m = 1) { let a = m update a } pipeline p training { epochs 1 }"
    tokens = [t for t in Lexer(Source("t", text), lambda mistake: None).tokens() if t.text]
    spaces = st.sampled_from([" ", " ", " ", "\n", "\n\n\n", "\t", "  # note\n", "\n# note  \n", "\n\n  #\n"])
    check("".join(data.draw(spaces) + text[t.start : t.end] for t in tokens) + data.draw(spaces))


def test_long_edges_and_data_are_broken_where_they_have_parts() -> None:
    long = "n" * 30
    text = f"""network N {{
  edge {long} -> {long} dense(strength = 5) sends state / 2 learn oja rate 2 decay 1e-9  # why
}}
pipeline fit training {{
  data idx(images = "{long}", labels = "{long}", test_images = "{long}") {{ {long} = "none" }} then sign
}}
"""
    expected = f"""network N {{
  edge {long} -> {long} dense(strength = 5) sends state / 2
      learn oja rate 2 decay 1e-9  # why
}}
pipeline fit training {{
  data idx(images = "{long}", labels = "{long}",
      test_images = "{long}") {{ {long} = "none" }} then sign
}}
"""
    assert check(text) == expected


def test_settings_of_pipelines_in_their_one_layout() -> None:
    text = """pipeline tune sweep{base fit with{optimizer.learning_rate=0.1,data=wine{x="data",y="target"}then
      split(test=0.2)}  # the same in every trial
      # how fast
      search optimizer . learning_rate # within
        in log(0.001 .. 1)
      search network.hidden in 10..40 step 10 when optimizer==adam(0.1)
      search batch in {8,16}
      from tune.best from checkpoint"a" objective maximize validation . accuracy
      claim a>b by 0.1 on test.accuracy claim a>b on test.y.mse
      entry a fit entry b tune.best with{epochs=3} entry c artefact"x"entry d baseline mlp(3)
      stop after 3 without better test.mse record h,y every 3 limit threads 2 continue_on_failure
      package best compare best 3 }"""
    assert (
        check(text)
        == """pipeline tune sweep {
  base fit
  with { optimizer.learning_rate = 0.1, data = wine { x = "data", y = "target" } then split(test = 0.2) }  # the same in every trial
  # how fast
  # within
  search optimizer.learning_rate in log(0.001..1)
  search network.hidden in 10..40 step 10 when optimizer == adam(0.1)
  search batch in { 8, 16 }
  from tune.best
  from checkpoint "a"
  objective maximize validation.accuracy
  claim a > b by 0.1 on test.accuracy
  claim a > b on test.y.mse
  entry a fit
  entry b tune.best with { epochs = 3 }
  entry c artefact "x"
  entry d baseline mlp(3)
  stop after 3 without better test.mse
  record h, y every 3
  limit threads 2
  continue_on_failure
  package best
  compare best 3
}
"""  # noqa: E501
    )


def test_many_changes_are_broken_between_keys() -> None:
    changes = ", ".join(f"network.parameter_{n} = {n}" for n in range(8))
    lines = check(f"pipeline p training {{ base fit with {{ {changes} }} }}").splitlines()
    assert lines[2].startswith("  with { network.parameter_0 = 0,")
    assert lines[3].startswith("      network.parameter_")
    assert max(map(len, lines)) <= 110


def test_shapes_as_the_data_have_them() -> None:
    assert "  input x (*)\n" in check("network N { input x(*) output y ( * ) tanh }")
