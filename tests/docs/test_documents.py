"""What the documents show is true: specs compile, commands print what is shown, Python runs, links lead somewhere."""

import re
from pathlib import Path

import pytest

import dync
from dync.compiler.picture.draw import draw
from dync.properties.said import diagnostics_of
from dync.properties.search import search
from tests.docs.documents import CONSTRUCTS, DOCUMENTS, ROOT, RULES, blocks, happens, networks
from tools.diagnostics_page import PAGE, page

FIRST = (ROOT / "docs" / "first.dyn").read_text(encoding="utf-8")
PICTURES = {"first": "docs/first.dyn", "digits": "specs/digits.dyn"}


SPECS = [
    pytest.param(text, id=f"{path.name}-{number}")
    for path in DOCUMENTS
    for number, (_, text) in enumerate(blocks(path, "dyn"), start=1)
]


@pytest.mark.parametrize("text", SPECS)
def test_every_spec_compiles(text):
    program = dync.compile_text(text, name="document.dyn")
    assert networks(text)
    for name in networks(text):
        layers = program.compilation.networks[name].layers
        if not any(layer.shape_of_data for layer in layers):  # such a network needs data
            program.network(name)


@pytest.mark.parametrize("text", [spec for spec in SPECS if "property " in spec.values[0]])
def test_the_properties_of_every_spec_hold(text):
    found = dync.compile_text(text, name="document.dyn").compilation
    for prop in found.properties.values():
        verdict = search(prop, found.libraries.of(prop.network), cases=3)
        assert verdict.holds, diagnostics_of(verdict)


def test_the_first_spec_is_the_one_that_is_shown():
    shown = [text for _, text in blocks(ROOT / "README.md", "dyn")]
    assert shown[0] == FIRST


@pytest.mark.parametrize(("name", "spec"), PICTURES.items())
def test_pictures_are_current(name, spec):
    network = dync.compile(ROOT / spec).network().plan
    picture = ROOT / "docs" / "images" / f"{name}.svg"
    assert picture.read_text(encoding="utf-8") == draw(network, "svg"), "run `make pictures`"


def test_the_page_of_diagnostics_is_current():
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"


@pytest.mark.parametrize("name", ["README.md", "docs/tutorial.md", "docs/verification.md"])
def test_what_is_shown_happens(name, tmp_path, monkeypatch, capsys):
    """The commands and the Python of a document, one after another in one folder."""
    monkeypatch.chdir(tmp_path)
    Path("first.dyn").write_text(FIRST, encoding="utf-8")
    mistaken = FIRST.replace("(200) sign", "(200) sgn").replace("edge h -> y", "edge hh -> y")
    Path("mistaken.dyn").write_text(mistaken, encoding="utf-8")
    happens(ROOT / name, capsys)


def anchors(path):
    heads = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("path", [*DOCUMENTS, *CONSTRUCTS, *RULES], ids=lambda path: path.name)
def test_every_link_leads_somewhere(path):
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
        file, _, anchor = target.partition("#")
        if not file.startswith("http"):
            place = path.parent / file if file else path
            assert place.exists(), target
            assert not anchor or anchor in anchors(place), target
