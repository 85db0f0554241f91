"""Conditions: what is written is what is meant, and what is not understood is said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dync.runtime.error import RunError
from dync.runtime.store import Condition, parse_condition
from dync.runtime.store.condition import Both, Not, Relation

KEYS = ["accuracy", "test.accuracy", "h[1].units", "optimizer.learning_rate"]
TESTS = st.builds(
    Relation,
    st.sampled_from(KEYS),
    st.sampled_from(["=", "==", "!=", "<", "<=", ">", ">="]),
    st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["sgd", "a b", "and", "", "0.5.1"])),
)
CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    TESTS,
    lambda inner: st.one_of(st.builds(Not, inner), st.builds(Both, inner, inner, st.booleans())),
    max_leaves=6,
)


def written(condition: Condition) -> str:
    match condition:
        case Relation():
            value = f'"{condition.value}"' if isinstance(condition.value, str) else repr(condition.value)
            return f"{condition.key}{condition.operator}{value}"
        case Not():
            return f"not ({written(condition.inner)})"
        case Both():
            word = "or" if condition.either else "and"
            return f"({written(condition.left)}) {word} ({written(condition.right)})"


@given(CONDITIONS)
def test_what_is_written_is_read(condition: Condition) -> None:
    if len(written(condition)) <= 1000:
        assert parse_condition(written(condition)) == condition


@given(st.text(alphabet="ab.01%<>=!()'\" andort", max_size=40))
def test_any_text_is_a_condition_or_a_sentence(text: str) -> None:
    try:
        parse_condition(text)
    except RunError as error:
        assert "--where" in str(error)


@given(CONDITIONS, st.dictionaries(st.sampled_from(KEYS), st.one_of(st.floats(0, 1), st.just("sgd"))))
def test_it_holds_as_python_would_say(condition: Condition, values: dict[str, float | str]) -> None:
    def holds(c: Condition) -> bool:
        match c:
            case Relation():
                found = values.get(c.key)
                if found is None or type(found) is not type(c.value):
                    return False
                sign = "==" if c.operator == "=" else c.operator
                return bool(eval(f"found {sign} value", {"found": found, "value": c.value}))
            case Not():
                return not holds(c.inner)
            case Both():
                pair = holds(c.left), holds(c.right)
                return any(pair) if c.either else all(pair)

    assert condition.holds(values.get) == holds(condition)


def test_and_binds_closer_than_or() -> None:
    assert parse_condition("a=1 or b=1 and c=1") == parse_condition("a=1 or (b=1 and c=1)")
    assert parse_condition("not a=1 and b=1") == parse_condition("(not a=1) and b=1")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "expected a measure or a setting, found the end"),
        ("accuracy", "expected one of = == != < <= > >=, found the end"),
        ("accuracy >", "expected a number or a word, found the end"),
        ("accuracy > 1 2", "expected `and`, `or`, or the end, found `2` at character 14"),
        ("(accuracy > 1", r"expected `\)`, found the end"),
        ("accuracy ! 1", "a sign without a meaning at character 9"),
        ("a=1 and or", "expected a measure or a setting, found `or`"),
        ("__import__('os').system('true')", "expected one of"),
        ("(" * 200 + "a=1" + ")" * 200, "at most 50 parentheses"),
        ("a=1 and " * 200 + "a=1", "at most 1000 characters"),
    ],
)
def test_mistakes_are_said(text: str, sentence: str) -> None:
    with pytest.raises(RunError, match=sentence):
        parse_condition(text)
