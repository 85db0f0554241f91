"""Each broken file stands beside the text that it is answered with."""

from pathlib import Path

import pytest

from dync.grammar.mistakes import MISTAKES
from dync.grammar.reader import load_source, read
from dync.grammar.render import to_text
from dync.grammar.source import Source

FILES = sorted((Path(__file__).parents[1] / "bad" / "syntax").glob("*.dyn"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_message_is_the_expected_one(path: Path) -> None:
    _, diagnostics = read(Source(path.name, load_source(path).text))
    assert to_text(diagnostics, color=False) == path.with_suffix(".txt").read_text(encoding="utf-8")


def test_every_mistake_that_a_text_can_have_is_among_them() -> None:
    seen = {d.code for path in FILES for d in read(load_source(path))[1]}
    in_text = {mistake.code for mistake in MISTAKES if mistake.code < "E0120"}
    assert in_text <= seen
