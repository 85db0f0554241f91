"""Every mistake explains itself, and its examples are examples of it."""

import inspect
import re

import pytest

from dync.grammar.diagnostic import Diagnostic
from dync.grammar.mistakes import MISTAKES
from dync.grammar.reader import read
from dync.grammar.source import Source

OF_FILES = {"E0121", "E0122", "E0123", "E0124"}
"""These are found before the text is looked at, so their examples are texts without mistakes."""


def codes(text: str) -> list[str]:
    return [d.code for d in read(Source("example.dyn", text))[1]]


def test_codes_are_unique_and_in_order() -> None:
    found = [mistake.code for mistake in MISTAKES]
    assert found == sorted(set(found))
    assert all(re.fullmatch(r"E01\d\d", code) for code in found)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.code)
def test_the_wrong_example_has_the_mistake_and_the_right_one_has_none(mistake: type[Diagnostic]) -> None:
    assert codes(mistake.right) == []
    if mistake.code in OF_FILES:
        assert codes(mistake.wrong) == []
    elif mistake.code == "E0120":
        assert codes(mistake.wrong)[-1] == "E0120"
    else:
        assert set(codes(mistake.wrong)) == {mistake.code}


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.code)
def test_every_mistake_says_what_it_means(mistake: type[Diagnostic]) -> None:
    assert len(inspect.getdoc(mistake) or "") > 60


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.code)
def test_fixes_mend(mistake: type[Diagnostic]) -> None:
    """Where a mistake knows a fix, making it leaves a text with fewer mistakes."""
    text = mistake.wrong
    _, diagnostics = read(Source("example.dyn", text))
    fixes = [d.fix for d in diagnostics if d.fix is not None]
    for fix in sorted(fixes, key=lambda fix: fix.span.start, reverse=True):
        text = text[: fix.span.start] + fix.replacement + text[fix.span.end :]
    assert len(codes(text)) == len(diagnostics) - len(fixes)
