"""After a mistake the reader goes on: each mistake is reported once, and what is whole is kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dync.grammar import syntax as s
from dync.grammar.diagnostic import Diagnostic
from dync.grammar.reader import MOST_MISTAKES, read
from dync.grammar.render import to_json, to_text
from dync.grammar.source import Source

STATEMENTS = (
    "param p = 2 in 1..4",
    "input x (4)",
    "layer h[1..3] (p) sign",
    "output y (4)",
    "edge x -> h[1] dense(strength = 5)",
    "edge early: h[1] -> y dense learn perceptron(margin = 1) rate 2",
    "for i in 1..2 { edge h[i] -> h[i+1] one_to_one }",
    "group odd { h[1], h[3] }",
    "schedule sequential",
    "phase warm { steps 1  messages all }",
    "train warm",
)

BROKEN = (
    ("edge x dense learn perceptron", "E0101"),
    ("edge x -> y learn perceptron", "E0101"),
    ("edge -> y dense", "E0101"),
    ("layer (4) sign", "E0101"),
    ("layer k (4", "E0103"),
    ("param = 3", "E0101"),
    ("param q = 3 +", "E0101"),
    ("param q = * 3", "E0101"),
    ("param q = 0.1.5", "E0107"),
    ("train other,", "E0101"),
    ("group g { h[1] h[3] }", "E0101"),
    ("phase q { steps }", "E0101"),
    ("phase q { step 1 }", "E0102"),
    ("egde x -> y dense", "E0102"),
    ("edge x -> y dense;", "E0109"),
    ("constant one (1) == 1", "E0108"),
    ("wire h chain() dense", "E0101"),
    ("epochs 5", "E0119"),
    ("? input z (4)", "E0105"),
    ("foo bar baz(1, 2)", "E0101"),
    ("/* nothing */", "E0116"),
)


def kept(text: str) -> tuple[list[str], list[Diagnostic]]:
    """The texts of the statements that were read in all networks, and the mistakes."""
    file, diagnostics = read(Source("test.dyn", text))
    networks = [d for d in file.declarations if isinstance(d, s.Network)]
    return [item.span.text for network in networks for item in network.items], list(diagnostics)


@pytest.mark.parametrize(("broken", "code"), BROKEN)
@pytest.mark.parametrize("place", range(len(STATEMENTS) + 1))
def test_one_broken_statement_is_one_mistake_and_costs_no_other(broken: str, code: str, place: int) -> None:
    lines = [*STATEMENTS[:place], broken, *STATEMENTS[place:]]
    texts, diagnostics = kept("network N {\n  " + "\n  ".join(lines) + "\n}\nrule r { update pre }\n")
    assert [d.code for d in diagnostics] == [code]
    assert [text for text in texts if text in STATEMENTS] == list(STATEMENTS)


@given(st.lists(st.sampled_from(BROKEN), min_size=1, max_size=6))
def test_several_broken_statements_are_all_found(broken: list[tuple[str, str]]) -> None:
    lines = [line for bad, good in zip(broken, STATEMENTS, strict=False) for line in (bad[0], good)]
    texts, diagnostics = kept("network N {\n" + "\n".join(lines) + "\n}\n")
    assert [d.code for d in diagnostics] == [code for _, code in broken]
    assert [text for text in texts if text in STATEMENTS] == list(STATEMENTS[: len(broken)])


def test_two_broken_statements_next_to_each_other() -> None:
    texts, diagnostics = kept(
        "network N {\n  egde x -> y dense\n  egde y -> x dense\n  edge x y dense\n  input x (4)\n}"
    )
    assert [d.code for d in diagnostics] == ["E0102", "E0102", "E0101"]
    assert len(texts) == 4


def test_mended_statements_are_read_as_they_were_meant() -> None:
    file, diagnostics = read(Source("t", "network N {\n  layr h (3) sign\n  edge x y dense(a = 1 b = 2)\n}"))
    assert [d.code for d in diagnostics] == ["E0102", "E0101"]
    (network,) = file.declarations
    assert isinstance(network, s.Network)
    assert isinstance(network.items[0], s.Layer)


@pytest.mark.parametrize("text", ["network N {\n  input x (4)\n", "network N {\n  for i in 1..2 { edge x -> y dense\n"])
def test_what_is_open_at_the_end_is_kept(text: str) -> None:
    file, diagnostics = read(Source("t", text))
    (network,) = file.declarations
    assert isinstance(network, s.Network)
    assert len(network.items) == 1
    assert {d.code for d in diagnostics} == {"E0103"}
    assert len(diagnostics) == text.count("{")


def test_a_network_that_is_not_closed_does_not_take_in_the_next() -> None:
    file, diagnostics = read(Source("t", "network A {\n  input x (4)\n\nnetwork B {\n  input x (4)\n}\n"))
    assert [d.name.text for d in file.declarations] == ["A", "B"]
    assert [d.code for d in diagnostics] == ["E0103"]
    assert [(n.message, n.span and n.span.start) for n in diagnostics[0].notes] == [("this `{` is not closed", 10)]


def test_a_forgotten_brace_is_found_by_the_indentation() -> None:
    text = "network A {\n  for i in 1..2 {\n    edge x -> y dense\n  schedule sequential\n}\nnetwork B { }\n"
    _, (mistake,) = read(Source("t", text))
    assert mistake.notes[0].span is not None
    assert mistake.notes[0].span.start == text.index("{", text.index("for"))


def test_a_brace_too_many_does_not_end_the_network() -> None:
    texts, diagnostics = kept(
        "network A {\n  phase p { steps 1 } }\n  input x (4)\n  train p\n}\nrule r { update 1 }\n"
    )
    assert [d.code for d in diagnostics] == ["E0104"]
    assert texts == ["phase p { steps 1 }", "input x (4)", "train p"]


def test_a_keyword_swallowed_as_a_name_is_given_back() -> None:
    texts, diagnostics = kept("network A {\n  edge x ->\n  layer h (10) sign\n  output y (4)\n  egde x -> y dense\n}")
    assert [d.code for d in diagnostics] == ["E0101", "E0102"]
    assert texts[:2] == ["layer h (10) sign", "output y (4)"]


@pytest.mark.parametrize("head", ["network {", "network N(width = 3) {", "network N M {"])
def test_a_damaged_head_does_not_lose_the_next_declaration(head: str) -> None:
    file, diagnostics = read(Source("t", head + "\n  input x (4)\n}\nrule r { update 1 }\n"))
    assert len(diagnostics) == 1
    assert isinstance(file.declarations[-1], s.Rule)


@pytest.mark.parametrize("mark", ["-", "not ", "(", "[", "f(", "2 ** ", "1 + ", "1 < (", "f(a = "])
@pytest.mark.parametrize("levels", [101, 500, 5000])
def test_deep_nesting_is_refused(mark: str, levels: int) -> None:
    closing = {"(": ")", "[": "]"}.get(mark.strip()[-1], ")" if "(" in mark else "")
    text = "network N {\n  param p = " + mark * levels + "1" + closing * levels + "\n  input x (4)\n}\n"
    texts, diagnostics = kept(text)
    assert [d.code for d in diagnostics] == ["E0110"]
    assert texts == ["input x (4)"]


def test_deep_repetitions_are_refused() -> None:
    text = "network N {\n" + "for i in 1..2 {\n" * 150 + "edge x -> y dense\n" + "}\n" * 150 + "input x (4)\n}\n"
    texts, diagnostics = kept(text)
    assert {d.code for d in diagnostics} == {"E0110"}
    assert texts[-1] == "input x (4)"


def test_a_hundred_levels_can_be_read() -> None:
    texts, diagnostics = kept("network N { param p = " + "(" * 99 + "-1" + ")" * 99 + " }")
    assert (len(texts), diagnostics) == (1, [])


def test_a_hopeless_text_is_given_up() -> None:
    _, diagnostics = kept("? " * 10_000)
    assert len(diagnostics) == MOST_MISTAKES + 1
    assert diagnostics[-1].code == "E0120"


PIECES = st.sampled_from(
    ["network", "edge", "for", "phase", "rule", "pipeline", "data", "learn", "update", "let", "in", "x", "h", "1",
     "0.5", "{", "}", "(", ")", "[", "]", "->", "=", "==", "..", ",", ":", "+", "-", "*", "<", "@", '"a"', "\n", "\n  ",
     '"', "#", "//", "/*", ";", "egde", "import", "wire", "by", "é", "\x00", "\ud800"]
)  # fmt: skip


@given(st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=60).map(" ".join), st.lists(PIECES).map("".join)))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    file, diagnostics = read(Source("any.dyn", text))
    assert isinstance(file, s.File)
    for diagnostic in diagnostics:
        assert 0 <= diagnostic.span.start <= diagnostic.span.end <= len(text)
    shown = to_text(diagnostics, color=False)
    assert all(c.isprintable() or c == "\n" for c in shown)
    assert len(to_json(diagnostics)["diagnostics"]) <= len(diagnostics)


@given(st.data())
def test_text_with_pieces_torn_out_or_put_in_is_read(data: st.DataObject) -> None:
    text = "network N {\n  " + "\n  ".join(STATEMENTS) + "\n}\nrule r(m = 1) { let a = [pre > m]  update a * post }\n"
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 8)))
        text = text[:start] + data.draw(st.one_of(PIECES, st.just(""))) + text[end:]
    file, diagnostics = read(Source("any.dyn", text))
    assert file.declarations or diagnostics
