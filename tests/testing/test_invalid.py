"""Planted mistakes are found, by their codes, and nothing else is: whatever network they are planted in."""

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis.errors import InvalidArgument

from dync.compiler.driver import compile_source
from dync.grammar.render import to_text
from dync.grammar.source import Source
from dync.testing.invalid import CODES, invalid_networks

few = settings(max_examples=2, deadline=None)
many = settings(max_examples=1500, deadline=None)
once = settings(max_examples=1, deadline=None, database=None, derandomize=True, phases=[Phase.generate, Phase.shrink])


def compiled(text):
    return compile_source(Source("planted.dyn", text))


def errors_of(text):
    return [mistake for mistake in compiled(text).diagnostics if mistake.severity == "error"]


def check(drawn):
    found = errors_of(drawn.text)
    assert {mistake.code for mistake in found} == {drawn.code}, to_text(found, color=False)


@pytest.mark.parametrize("code", CODES)
def test_the_mistake_is_found_and_no_other(code):
    @few
    @given(invalid_networks(codes=[code]))
    def found(drawn):
        assert drawn.code == code
        check(drawn)

    found()


@pytest.mark.slow
def test_mistakes_are_found_in_many_networks():
    many(given(invalid_networks())(check))()


def test_many_different_mistakes_are_planted():
    assert len(CODES) >= 50
    assert len({code[:3] for code in CODES}) >= 6, "of all parts of the language that concern networks"


@pytest.mark.parametrize("code", ["E0201", "E0404", "E0501", "E0702"])
def test_the_smallest_is_small(code):
    smallest = find(invalid_networks(codes=[code]), lambda drawn: True, settings=once)
    assert len(smallest.text.splitlines()) <= 12, smallest.text


def test_without_what_is_planted_nothing_is_wrong():
    """Where it was put in as it is shown, taking it out again leaves a network without errors."""

    @settings(max_examples=20, deadline=None)
    @given(invalid_networks(codes=["E0205", "E0302", "E0404", "E0609", "E0702"]))
    def valid(drawn):
        lines = drawn.text.splitlines()
        for line in drawn.planted.splitlines():
            lines.remove(f"  {line}")
        assert errors_of("\n".join(lines)) == []

    valid()


@pytest.mark.parametrize("codes", [[], ["E9999"], "E0201", ["E0201", "W0701"]])
def test_codes_that_cannot_be_planted(codes):
    with pytest.raises(InvalidArgument, match="E0201"):
        invalid_networks(codes=codes)


def test_what_hypothesis_shows_can_be_read():
    smallest = find(invalid_networks(codes=["E0702"]), lambda drawn: True, settings=once)
    shown = repr(smallest)
    assert "planted='output extra (2)'" in shown
    assert "\nnetwork Case {\n" in shown
