"""Constant expressions: their values, and what can be wrong with them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dync.compiler.elaboration.collector import Collector
from dync.compiler.elaboration.constant import integer, number
from dync.compiler.elaboration.scope import Amount, Scope
from dync.grammar import syntax
from dync.grammar.reader import read
from dync.grammar.source import Source, Span

NOWHERE = Span(Source("names", ""), 0, 0)
NAMES: dict[str, Amount] = {"n": 7, "x": 2.5}


def parsed(text: str) -> syntax.Expression:
    file, mistakes = read(Source("constant.dyn", f"pipeline p training {{ seed {text} }}"))
    assert not mistakes
    (pipeline,) = file.declarations
    assert isinstance(pipeline, syntax.Pipeline)
    (setting,) = pipeline.items
    assert isinstance(setting, syntax.NumberSetting)
    return setting.value


def scope() -> Scope:
    names = Scope()
    for name, value in NAMES.items():
        names = names.within(name, value, NOWHERE)
    return names.within("reported", None, NOWHERE)


def evaluated(text: str) -> tuple[Amount | None, list[str]]:
    mistakes = Collector()
    value = number(parsed(text), scope(), mistakes)
    return value, [diagnostic.code for diagnostic in mistakes.diagnostics]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("2 ** 3 ** 2", 512),
        ("-2 ** 2", -4),
        ("7 // 2", 3),
        ("-7 // 2", -4),
        ("-7 % 3", 2),
        ("7 / 2", 3.5),
        ("n - x", 4.5),
        ("min(n, x, 1)", 1),
        ("max(n, x)", 7),
        ("abs(-3)", 3),
        ("sqrt(16)", 4.0),
        ("exp(0) + log(1)", 1.0),
        ("[n > 3 and not x > 3]", 1),
        ("[n == 7] + [n != 7] + [n <= 7] + [n >= 8] + [n < 8 or n > 9]", 3),
        ("4 ** -1", 0.25),
        ("10 * [1 < 0]", 0),
    ],
)
def test_value(text: str, value: Amount) -> None:
    found, codes = evaluated(text)
    assert codes == []
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("m", ["E0202"]),
        ("1 / 0", ["E0603"]),
        ("1 // (n - 7)", ["E0603"]),
        ("1 % 0", ["E0603"]),
        ("0 ** -1", ["E0603"]),
        ("10 ** 10 ** 10", ["E0604"]),
        ("2.5 ** 100000", ["E0604"]),
        ("exp(1000)", ["E0604"]),
        ("1e39", ["E0604"]),
        ("1e300 * 1e300", ["E0604"]),
        ("n > 3", ["E0606"]),
        ('"seven"', ["E0606"]),
        ("1 + (n > 3)", ["E0606"]),
        ("not n", ["E0607"]),
        ("[n]", ["E0607"]),
        ("[1 and n > 3]", ["E0607"]),
        ("sqrt(-1)", ["E0608"]),
        ("log(0)", ["E0608"]),
        ("(-8) ** 0.5", ["E0608"]),
        ("tanh(1)", ["E0215"]),
        ("sqrt()", ["E0218"]),
        ("min(1)", ["E0218"]),
        ("sqrt(x = 2)", ["E0216"]),
        ("n@p", ["E0219"]),
        ("m1 + m2 / 0", ["E0202", "E0202"]),
    ],
)
def test_mistake(text: str, codes: list[str]) -> None:
    _, found = evaluated(text)
    assert sorted(found) == codes


def test_what_was_reported_is_not_reported_again() -> None:
    assert evaluated("sqrt(reported + 1) / reported") == (None, [])


@pytest.mark.parametrize(("text", "value"), [("8 / 2", 4), ("2.0", 2), ("n", 7), ("x", None)])
def test_integer(text: str, value: int | None) -> None:
    mistakes = Collector()
    found = integer(parsed(text), scope(), mistakes, "a number of units")
    assert found == value
    assert isinstance(found, int | None)
    assert [d.code for d in mistakes.diagnostics] == ([] if value is not None else ["E0605"])


def test_repeated_powers_stay_bounded() -> None:
    text = "2"
    for _ in range(40):
        text = f"({text}) ** 2"
    value, codes = evaluated(text)
    assert value is None
    assert set(codes) == {"E0604"}


@st.composite
def texts(draw: st.DrawFn, depth: int = 3) -> str:
    if depth == 0 or draw(st.booleans()):
        return draw(st.sampled_from(["1", "2", "0.5", "n", "x", "3"]))
    operator = draw(st.sampled_from(["+", "-", "*", "/", "//", "%"]))
    return f"({draw(texts(depth=depth - 1))} {operator} {draw(texts(depth=depth - 1))})"


@given(texts())
def test_agrees_with_python(text: str) -> None:
    value, codes = evaluated(text)
    try:
        expected = eval(text, {"__builtins__": {}}, dict(NAMES))
    except ZeroDivisionError:
        assert "E0603" in codes
        return
    assert codes == []
    assert value is not None
    assert math.isclose(value, expected, rel_tol=1e-12, abs_tol=1e-12)
