"""Every mistake of this part: its examples, and bad files beside the text that they give."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path

import pytest

from dync.compiler.mistakes import rule_names, rule_values, rules
from dync.grammar.diagnostic import Diagnostic
from dync.grammar.render import to_text
from dync.grammar.source import Source

MistakesOf = Callable[[Source], tuple[Diagnostic, ...]]
BAD = Path(__file__).parents[2] / "bad" / "rules"
MISTAKES = sorted(
    {
        mistake
        for module in (rule_names, rule_values, rules)
        for mistake in vars(module).values()
        if inspect.isclass(mistake) and issubclass(mistake, Diagnostic) and "code" in vars(mistake)
    },
    key=lambda mistake: mistake.code,
)


def test_codes_are_unlike() -> None:
    codes = [mistake.code for mistake in MISTAKES]
    assert len(set(codes)) == len(codes) >= 28


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.code)
def test_examples(mistake: type[Diagnostic], mistakes_of: MistakesOf) -> None:
    wrong = {found.code for found in mistakes_of(Source("wrong.dyn", mistake.wrong))}
    assert wrong == {mistake.code}
    assert not mistakes_of(Source("right.dyn", mistake.right))
    assert mistake.__doc__


@pytest.mark.parametrize("path", sorted(BAD.glob("*.dyn")), ids=lambda path: path.stem)
def test_bad_files(path: Path, mistakes_of: MistakesOf) -> None:
    mistakes = mistakes_of(Source(path.name, path.read_text(encoding="utf-8")))
    assert to_text(mistakes, color=False) == path.with_suffix(".txt").read_text(encoding="utf-8")


def test_each_mistake_has_a_bad_file() -> None:
    shown = "".join(path.read_text(encoding="utf-8") for path in BAD.glob("*.txt"))
    assert [mistake.code for mistake in MISTAKES if mistake.code not in shown] == []
