"""The parser's tables are those of the grammar beside them."""

import subprocess
import sys
from pathlib import Path

import pytest

from dync.grammar import automaton as module
from dync.grammar.automaton import END, Automaton, automaton, from_json
from dync.grammar.places import PLACES
from dync.grammar.tables import build, to_text

FOLDER = Path(module.__file__).parent


def test_the_committed_tables_are_current() -> None:
    tables = to_text(build((FOLDER / "dyn.lark").read_text(encoding="utf-8")))
    assert (FOLDER / "tables.json").read_text(encoding="utf-8") == tables, "run python -m dync.grammar.tables"


def test_reading_does_not_import_lark() -> None:
    program = (
        "import sys; from dync.grammar.reader import read; from dync.grammar.source import Source;"
        "read(Source('t', 'network N { }')); sys.exit('lark' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_tables_of_another_grammar_are_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    own = automaton()
    grammar = (FOLDER / "dyn.lark").read_text(encoding="utf-8")
    (tmp_path / "dyn.lark").write_text(grammar.replace('"network" NAME', '"net" NAME'), encoding="utf-8")
    (tmp_path / "tables.json").write_bytes((FOLDER / "tables.json").read_bytes())
    monkeypatch.setattr(module, "__file__", str(tmp_path / "automaton.py"))
    changed = automaton.__wrapped__()
    assert "net" in changed.words
    assert "net" not in own.words


def test_without_tables_the_grammar_gives_the_same_automaton() -> None:
    assert from_json(build((FOLDER / "dyn.lark").read_text(encoding="utf-8"))) == automaton()


def after(tables: Automaton, *terminals: str) -> list[int]:
    states: list[int] | None = [0]
    for terminal in terminals:
        assert states is not None
        states = tables.follow(states, terminal)
    assert states is not None
    return states


def test_each_place_knows_exactly_the_statements_of_the_grammar() -> None:
    tables = automaton()
    beginnings = [
        (),
        ("NETWORK", "NAME", "LBRACE"),
        ("NETWORK", "NAME", "LBRACE", "PHASE", "NAME", "LBRACE"),
        ("NETWORK", "NAME", "LBRACE", "PROTOCOL", "NAME", "LBRACE"),
        ("RULE", "NAME", "LBRACE"),
        ("ACTIVATION", "NAME", "LBRACE"),
        ("PIPELINE", "NAME", "NAME", "LBRACE"),
        ("PROPERTY", "NAME", "ON", "NAME", "LBRACE"),
    ]
    for place, beginning in zip(PLACES, beginnings, strict=True):
        expected = tables.expected(after(tables, *beginning)) - {"RBRACE", END}
        assert expected == {tables.words[word] for word in place.keywords}
