"""What the documents show is true: every spec compiles, every piece of Python runs, every link leads somewhere."""

import re
from pathlib import Path

import pytest

import dync

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [path for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))) if path.exists()]


def blocks(path, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", path.read_text(), flags=re.DOTALL | re.MULTILINE)


SPECS = [
    pytest.param(text, id=f"{path.name}-{number}")
    for path in DOCUMENTS
    for number, text in enumerate(blocks(path, "dyn"), start=1)
]


def networks(text):
    return re.findall(r"^network (\w+)", text, flags=re.MULTILINE)


@pytest.mark.parametrize("text", SPECS)
def test_every_spec_compiles(text):
    program = dync.compile_text(text, name="document.dyn")
    assert networks(text)
    for name in networks(text):
        program.network(name)


def test_the_python_of_the_tutorial_runs(tmp_path, monkeypatch, capsys):
    tutorial = ROOT / "docs" / "tutorial.md"
    monkeypatch.chdir(tmp_path)
    Path("first.dyn").write_text(blocks(tutorial, "dyn")[0])
    shared: dict[str, object] = {}
    for code in blocks(tutorial, "python"):
        exec(compile(code, str(tutorial), "exec"), shared)
    printed = capsys.readouterr().out
    assert "(4, 10)\n(64, 100)\nsuccess" in printed


def anchors(path):
    heads = re.findall(r"^#+ (.*)$", path.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(path):
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text()):
        file, _, anchor = target.partition("#")
        if not file.startswith("http"):
            place = path.parent / file if file else path
            assert place.exists(), target
            assert not anchor or anchor in anchors(place), target
