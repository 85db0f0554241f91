"""The pages of the rules: their equations are those that are executed, and what they show happens."""

import re

import pytest

from dync.compiler.library import build_library
from tests.docs.documents import RULES, blocks, files, happens
from tools.rules_pages import PAGES, rules_of, with_equations

FAMILIES = [path for path in RULES if path.name != "README.md"]


def test_every_standard_rule_stands_on_one_page():
    found = [rule for path in FAMILIES for rule in rules_of(path.read_text(encoding="utf-8"))]
    assert sorted(found) == sorted(build_library([])[0].rules)


@pytest.mark.parametrize("path", FAMILIES, ids=lambda path: path.stem)
def test_equations_are_those_that_are_executed(path):
    text = path.read_text(encoding="utf-8")
    assert text == with_equations(text), "run `make docs`"


@pytest.mark.parametrize("path", FAMILIES, ids=lambda path: path.stem)
def test_what_a_page_shows_happens(path, tmp_path, monkeypatch, capsys):
    shown = files(path)
    assert len(shown) == len(blocks(path, "dyn")), "every example is a file with a name"
    for name, text in shown.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    happens(path, capsys)


def test_every_page_stands_in_the_contents():
    contents = (PAGES / "README.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\]\((\w+\.md)\)", contents))
    assert linked == {path.name for path in FAMILIES}
