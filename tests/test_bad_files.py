"""Each file in `tests/bad` stands beside the exact text that `dync check` says of it.

To write the texts anew after a change, and then read the difference: `DYNC_UPDATE=1 pytest tests/test_bad_files.py`.
"""

import os
from contextlib import chdir
from pathlib import Path

import pytest

from dync.compiler.driver import compile_files
from dync.grammar.diagnostic import Diagnostic
from dync.grammar.imports import read_files
from dync.grammar.render import to_text
from dync.grammar.source import Source

BAD = Path(__file__).parent / "bad"
FILES = sorted(BAD.glob("**/*.dyn"))


def diagnostics_of(path: Path) -> tuple[Diagnostic, ...]:
    with chdir(path.parent):
        return compile_files(read_files(Source(path.name, path.read_text(encoding="utf-8")))).diagnostics


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(BAD)))
def test_message(path: Path) -> None:
    found = to_text(diagnostics_of(path), color=False)
    expected = path.with_suffix(".txt")
    if os.environ.get("DYNC_UPDATE"):
        expected.write_text(found, encoding="utf-8")
    assert found == expected.read_text(encoding="utf-8")


def test_every_file_has_a_mistake() -> None:
    assert [path for path in FILES if not diagnostics_of(path)] == []


def test_many_different_mistakes() -> None:
    codes = {diagnostic.code for path in FILES for diagnostic in diagnostics_of(path)}
    assert len(codes) >= 40


def test_every_text_has_its_file() -> None:
    assert [path for path in sorted(BAD.glob("**/*.txt")) if not path.with_suffix(".dyn").exists()] == []
