"""Files that cannot be read are mistakes like any other."""

from pathlib import Path

import pytest

from dync.grammar.diagnostic import Diagnostic, DiagnosticError
from dync.grammar.file_mistakes import MissingFile, NotText, TextTooLarge, UnreadableFile
from dync.grammar.reader import LARGEST, load_source, read
from dync.grammar.render import to_json, to_text
from dync.grammar.source import Source


def mistake(path: Path | str) -> Diagnostic:
    with pytest.raises(DiagnosticError) as caught:
        load_source(path)
    (diagnostic,) = caught.value.diagnostics
    return diagnostic


def test_a_file_is_read_under_the_name_that_the_user_gave(tmp_path: Path) -> None:
    path = tmp_path / "a.dyn"
    path.write_bytes("\ufeffnetwork N { }\r\n".encode())
    source = load_source(str(path))
    assert (source.name, source.text) == (str(path), "network N { }\r\n")


def test_a_missing_file_names_one_like_it(tmp_path: Path) -> None:
    (tmp_path / "digits.dyn").touch()
    diagnostic = mistake(tmp_path / "digit.dyn")
    assert isinstance(diagnostic, MissingFile)
    assert diagnostic.near == "digits.dyn"
    assert "digits.dyn" in to_text([diagnostic], color=False)


@pytest.mark.parametrize("name", ["no/such/folder/x.dyn", "x\0.dyn"])
def test_impossible_names(tmp_path: Path, name: str) -> None:
    assert isinstance(mistake(tmp_path / name), MissingFile | UnreadableFile)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert isinstance(mistake(tmp_path), UnreadableFile)


def test_other_encodings_are_refused_with_the_place(tmp_path: Path) -> None:
    path = tmp_path / "a.dyn"
    path.write_bytes("# größe".encode("latin-1"))
    diagnostic = mistake(path)
    assert isinstance(diagnostic, NotText)
    assert diagnostic.offset == 4


def test_large_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.dyn"
    path.write_bytes(b"#" * (LARGEST + 1))
    assert isinstance(mistake(path), TextTooLarge)
    path.write_bytes(b"#" * LARGEST)
    assert len(load_source(path).text) == LARGEST


def test_large_texts_are_refused() -> None:
    file, diagnostics = read(Source("text", "#" * (LARGEST + 1)))
    assert file.declarations == ()
    assert [type(d) for d in diagnostics] == [TextTooLarge]
    assert to_json(diagnostics)["diagnostics"][0]["line"] == 1
