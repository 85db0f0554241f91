"""`dync check`: statuses, texts, the JSON document, and what it must never load."""

import io
import json
import subprocess
import sys

import pytest

PLACE = {"file", "line", "column", "end_line", "end_column"}
BROKEN = "network N {\n  input x (4)\n  output y (4)\n  edge x -> z dense\n}\n"
SMELLS = "network N {\n  input x (4)\n  layer h (4) sign\n  output y (4)\n  edge x -> y dense\n  edge x -> h dense\n}\n"


def test_a_clean_file_is_ok(dync, spec):
    ended = dync("check", spec)
    assert (ended.status, ended.out, ended.err) == (0, "tiny.dyn: ok\n", "")


def test_errors_fail_and_go_to_standard_error(dync, spec, write):
    ended = dync("check", spec, write("broken.dyn", BROKEN))
    assert ended.status == 1
    assert ended.out == "tiny.dyn: ok\n"
    assert "broken.dyn:4:13" in ended.err


def test_warnings_do_not_fail(dync, write):
    ended = dync("check", write("smells.dyn", SMELLS))
    assert (ended.status, ended.out) == (0, "smells.dyn: ok\n")
    assert "warning[" in ended.err


def test_all_files_are_in_one_json_document(dync, spec, write):
    broken, smells = write("broken.dyn", BROKEN), write("smells.dyn", SMELLS)
    ended = dync("check", spec, broken, smells, "missing.dyn", "--format", "json")
    assert (ended.status, ended.err) == (1, "")
    document = json.loads(ended.out)
    assert list(document) == ["diagnostics"]
    assert {d["file"] for d in document["diagnostics"]} == {broken, smells, "missing.dyn"}
    for diagnostic in document["diagnostics"]:
        assert set(diagnostic) == {"code", "severity", "message", "notes", "fix"} | PLACE
        assert diagnostic["severity"] in ("error", "warning")
        assert 1 <= diagnostic["line"] <= diagnostic["end_line"]
        assert diagnostic["column"] >= 1
        assert all(set(note) == {"message"} | PLACE for note in diagnostic["notes"])
        assert diagnostic["fix"] is None or set(diagnostic["fix"]) == {"message", "replacement"} | PLACE


def test_clean_files_give_an_empty_document(dync, spec):
    ended = dync("check", "--format", "json", spec)
    assert (ended.status, json.loads(ended.out)) == (0, {"diagnostics": []})


def test_the_short_way_and_typers_agree(dync, spec, write):
    files = spec, write("broken.dyn", BROKEN), "missing.dyn"
    assert dync("check", *files) == dync("check", "--format", "text", *files)


def test_standard_input(dync, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(BROKEN.encode())))
    ended = dync("check", "-")
    assert ended.status == 1
    assert "<standard input>:4:13" in ended.err


def test_no_colour_away_from_a_terminal(dync, write):
    ended = dync("check", write("broken.dyn", BROKEN))
    assert "\x1b" not in ended.out + ended.err


def loaded(spec, tmp_path, *more):
    """The top packages that a process has loaded after `dync check`."""
    code = (
        "import sys\nfrom dync.cli import main\n"
        f"try:\n    main(['check', {spec!r}, *{more!r}])\n"
        "except SystemExit as end:\n    assert not end.code, end.code\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    return set(done.stderr.split())


@pytest.mark.parametrize("more", [(), ("--format", "json")])
def test_nothing_heavy_is_loaded(spec, tmp_path, more):
    heavy = {"jax", "jaxlib", "equinox", "optax", "numpy", "scipy", "rich", "safetensors"}
    assert not loaded(spec, tmp_path, *more) & heavy


def test_the_short_way_loads_little(spec, tmp_path):
    """Each of these takes longer to load than a usual file takes to check."""
    assert not loaded(spec, tmp_path) & {"networkx", "typer", "pydantic", "lark"}
