"""`import`: each file read once, names seen where they should be, runs that need no other file."""

from pathlib import Path

import pytest

import dync
from dync.cli import main
from dync.compiler.driver import plan_of
from dync.grammar import imports
from dync.grammar.import_mistakes import MissingImport, TooMuchImported
from dync.grammar.imports import complete_text, read_alone, read_files
from dync.grammar.reader import load_source
from dync.grammar.source import Source

GOOD = Path(__file__).parent / "good" / "imports"
RULES = "rule mine { update %s * pre * post / batch }\n"
SPEC = """import "lib/rules.dyn"
network N {
  input x (4)
  output y (2)
  edge x -> y dense learn mine
  phase p { steps 1 }
  train p
  infer p
}
pipeline fit training {
  network N
  data prototypes(classes = 2, units = 4, samples = 20)
  epochs 1
  optimizer sgd(0.1)
}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """A file that imports another from a folder beside it."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "rules.dyn").write_text(RULES % 1)
    (tmp_path / "spec.dyn").write_text(SPEC)
    return tmp_path / "spec.dyn"


def test_each_file_is_read_once() -> None:
    files = read_files(load_source(GOOD / "both.dyn"))
    assert [Path(file.source.name).name for file in files.imported] == ["rules.dyn", "bent.dyn"]
    assert files.mistakes == ()
    assert [Path(file.source.name).name for file in files.seen_from(files.imported[0].source.name)] == ["bent.dyn"]


def test_what_is_imported_can_be_used_and_bears_its_own_file() -> None:
    program = dync.compile(GOOD / "both.dyn")
    assert program.networks == ("Own", "Small")
    assert program.pipelines == ("fit",)
    assert program.warnings == ()
    assert program.network().name == "Own"
    model = program.compilation.networks["Small"]
    assert model.span.source.name == str(GOOD / "more" / "bent.dyn")


def test_a_complete_text_means_the_same_without_other_files() -> None:
    compilation = dync.compile(GOOD / "both.dyn").compilation
    text = complete_text(compilation.files)
    assert "# Hebb's, with a factor" in text
    alone = dync.compile_text(text).compilation
    assert alone.files.imported == ()
    plans = [{name: plan_of(model).digest for name, model in c.networks.items()} for c in (compilation, alone)]
    assert plans[0] == plans[1]


def test_a_text_imports_from_the_folder_of_its_name(spec: Path) -> None:
    assert dync.compile_text(SPEC, name=str(spec.parent / "unwritten.dyn")).networks == ("N",)
    with pytest.raises(dync.CompileError, match=r"there is no file `elsewhere/lib/rules.dyn` to import"):
        dync.compile_text(SPEC, name="elsewhere/text.dyn")


def test_without_a_disk_every_import_is_missing() -> None:
    (found,) = read_alone(Source("a.dyn", 'import "b.dyn"')).mistakes
    assert isinstance(found, MissingImport)


def test_a_changed_import_is_another_spec(spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    assert dync.run(spec, out=out).is_success()
    (spec.parent / "lib" / "rules.dyn").write_text("# a comment\n" + RULES % 1)
    assert dync.run(spec, out=out, resume=True).is_success()
    (spec.parent / "lib" / "rules.dyn").write_text(RULES % 2)
    with pytest.raises(dync.RunError, match="another spec"):
        dync.run(spec, out=out, resume=True)


def test_the_saved_spec_needs_no_other_file(spec: Path, tmp_path: Path) -> None:
    dync.run(spec, out=tmp_path / "run")
    (spec.parent / "lib" / "rules.dyn").unlink()
    saved = dync.compile(tmp_path / "run" / "spec.dyn")
    assert saved.networks == ("N",)
    assert saved.warnings == ()


def test_commands_follow_imports(spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["check", str(spec)], ["compile", str(spec)], ["fmt", str(spec)],
                  ["graph", str(spec), "-o", str(tmp_path / "n.svg")]):  # fmt: skip
        with pytest.raises(SystemExit) as raised:
            main(words)
        assert raised.value.code in (0, None), words
    assert spec.read_text().startswith('import "lib/rules.dyn"\nnetwork N {')
    assert (tmp_path / "n.svg").exists()


@pytest.mark.parametrize(
    ("limit", "most", "what"),
    [("MOST_FILES", 3, "files"), ("DEEPEST", 4, "files one after the other"), ("MOST_CHARACTERS", 60, "characters")],
)
def test_there_is_an_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, limit: str, most: int, what: str) -> None:
    monkeypatch.setattr(imports, limit, most)
    for n in range(8):
        (tmp_path / f"{n}.dyn").write_text(f'import "{n + 1}.dyn"\n')
    (tmp_path / "8.dyn").write_text("")
    (found,) = read_files(load_source(tmp_path / "0.dyn")).mistakes
    assert isinstance(found, TooMuchImported)
    assert found.message == f"the imports lead to more than {most} {what}"
