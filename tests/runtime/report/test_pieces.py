"""The parts of a page one by one, by the laws that they keep."""

import re
from html import unescape

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from dync.compiler.expression import OPERATIONS, Apply, Number, Parameter, Symbol
from dync.runtime.report import formula
from dync.runtime.report.charts.rank_chart import average_ranks, cliques
from dync.runtime.report.charts.trial_charts import is_logarithmic
from dync.runtime.report.fields import clean_text
from dync.runtime.report.highlight import highlighted
from dync.runtime.report.palette import INK_UP_TO, SERIES, STEPS, step_of, variables
from dync.runtime.report.thinning import thinned, thinned_line
from dync.runtime.report.wording import measured, number, seconds

A, B, C = Symbol("pre"), Symbol("post"), Parameter("margin")


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (Apply("sub", (A, Apply("sub", (B, C)))), "pre - (post - margin)"),
        (Apply("sub", (Apply("sub", (A, B)), C)), "pre - post - margin"),
        (Apply("div", (A, Apply("mul", (B, C)))), "pre / (post * margin)"),
        (Apply("mul", (Apply("add", (A, B)), C)), "(pre + post) * margin"),
        (Apply("pow", (Apply("neg", (A,)), Number(2.0))), "(-pre) ** 2"),
        (Apply("neg", (Apply("pow", (A, Number(2.0))),)), "-pre ** 2"),
        (Apply("indicator", (Apply("le", (Apply("mul", (A, B)), C)),)), "[pre * post <= margin]"),
        (Apply("and", (Apply("lt", (A, B)), Apply("not", (Apply("gt", (A, C)),)))), "pre < post and not pre > margin"),
        (Apply("where", (Apply("lt", (A, B)), Number(0.5), Number(-1.0))), "where(pre < post, 0.5, -1)"),
        (Symbol("pre", "clamped"), "pre@clamped"),
    ],
)
def test_expressions_are_written_as_the_language_has_them(expression, text):
    assert formula.text(expression) == text


LEAVES = st.sampled_from([A, B, C, Symbol("weight", "relax"), Number(0.1), Number(-2.0), Number(1e300)])
EXPRESSIONS = st.recursive(
    LEAVES,
    lambda inner: st.sampled_from(sorted(OPERATIONS)).flatmap(
        lambda name: st.tuples(*[inner] * OPERATIONS[name][0]).map(lambda operands: Apply(name, operands))
    ),
    max_leaves=12,
)


@given(EXPRESSIONS)
def test_every_expression_is_a_formula_that_is_nested_well(expression):
    found = formula.mathml("state", expression)
    assert found is not None
    opened = []
    for end, name in re.findall(r"<(/?)(\w+)[^>]*>", found):
        if end:
            assert opened.pop() == name
        else:
            opened.append(name)
    assert opened == []
    assert unescape(re.search(r'alttext="([^"]*)"', found).group(1)) == f"state = {formula.text(expression)}"


def test_a_giant_expression_is_text_alone():
    giant = A
    for _ in range(200):
        giant = Apply("add", (giant, B))
    assert formula.mathml("state", giant) is None


@given(st.text())
def test_highlighting_loses_nothing(text):
    assert "\n".join("".join(piece for _, piece in line) for line in highlighted(text)) == text.rstrip("\n")


def test_words_are_highlighted_by_their_kind():
    (line,) = highlighted('data csv("a # b", x = 0.5) then limit(3) # 4')
    assert [kind for kind, piece in line if piece.strip()] == [
        "keyword", "call", "", "string", "", "operator", "literal", "", "keyword", "call", "", "literal", "", "comment",
    ]  # fmt: skip


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=3000), st.integers(10, 300))
def test_a_thinned_line_keeps_its_ends_and_its_peaks(values, most):
    line = list(enumerate(values))
    kept = thinned_line(line, most)
    assert len(kept) <= max(most, 2)
    assert set(kept) <= set(line)
    assert kept == sorted(kept)
    assert (kept[0], kept[-1]) == (line[0], line[-1])
    assert {min(v for _, v in kept), max(v for _, v in kept)} == {min(values), max(values)}


@given(st.lists(st.integers()), st.integers(2, 50))
def test_thinned_items_are_few_and_in_their_order(items, most):
    kept = thinned(list(enumerate(items)), most)
    assert len(kept) == min(len(items), most)
    assert kept == sorted(set(kept))


@given(st.lists(st.tuples(*[st.integers(0, 4)] * 4), min_size=1, max_size=9), st.booleans())
def test_ranks_are_those_of_scipy(rows, larger):
    names = ("a", "b", "c", "d")
    found = average_ranks([dict(zip(names, map(float, row), strict=True)) for row in rows], larger)
    wanted = np.mean([rankdata(np.array(row) * (-1 if larger else 1)) for row in rows], axis=0)
    assert [found[name] for name in names] == pytest.approx(wanted.tolist())


def test_a_block_that_lacks_an_entry_does_not_count():
    assert average_ranks([{"a": 1.0, "b": 2.0}, {"a": 3.0}], True) == {"a": 2.0, "b": 1.0}


def test_bars_join_all_that_is_not_told_apart():
    pairs = [("a", "c"), ("a", "d"), ("b", "d")]
    assert cliques("abcd", {frozenset(pair) for pair in pairs}) == [(0, 1), (1, 2), (2, 3)]
    assert cliques("abcd", set()) == [(0, 3)]
    assert cliques("ab", {frozenset("ab")}) == []


@given(st.text())
def test_clean_text_can_be_written_and_shown(text):
    cleaned = clean_text(text + "\ud800\x00\u202e")
    cleaned.encode()
    assert not set(cleaned) & {"\x00", "\u202e", "\x1b"}


def test_numbers_are_as_people_write_them():
    assert [measured("test.accuracy", 0.98765), measured("mse", 0.0123456), measured("mse", None)] == [
        "98.77%",
        "0.01235",
        "–",
    ]
    assert [number(12345.0), number(1e-9), number(float("nan"))] == ["12,345", "1e-09", "–"]
    assert [seconds(0.04), seconds(83), seconds(200), seconds(7500)] == ["0.0 s", "83.0 s", "3 min 20 s", "2 h 5 min"]


def test_wide_ranges_are_logarithmic():
    assert is_logarithmic([0.001, 0.1])
    assert not is_logarithmic([100.0, 400.0])
    assert not is_logarithmic([0.0, 100.0])
    assert not is_logarithmic([0.001, "auto", 1.0])


def contrast(one, other):
    """The ratio of contrast that the W3C's guidelines define."""

    def light(colour):
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_are_legible(scheme):
    colours = variables(scheme)
    texts = ("ink", "soft", "accent", "good", "bad", "warn", "keyword", "string", "literal", "call", "comment")
    assert [n for n in texts if min(contrast(colours[n], colours[p]) for p in ("paper", "page")) < 4.5] == []
    assert [n for n in ("good", "bad", "warn") if contrast(colours[n], colours[f"{n}-paper"]) < 4.5] == []
    assert [n for n in range(len(SERIES)) if contrast(colours[f"series-{n}"], colours["paper"]) < 3] == []
    on = {step: "ink" if step <= INK_UP_TO else "paper" for step in range(STEPS)}
    assert [s for s in range(STEPS) if contrast(colours[f"step-{s}"], colours[on[s]]) < 4.5] == []


def test_steps_go_from_low_to_high():
    assert [step_of(value, 0.0, 1.0) for value in (-1, 0.0, 0.5, 1.0, 2)] == [0, 0, 6, STEPS - 1, STEPS - 1]
    assert step_of(3.0, 3.0, 3.0) == 6
