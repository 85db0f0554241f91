"""Wrong usage and failures: the exit status says which, one clear text says why, and never a traceback."""

import os
import subprocess
import sys

import pytest

from dync.cli import main
from dync.version import VERSION

USAGE = [
    ("frobnicate",),
    ("--frobnicate",),
    ("check",),
    ("check", "--format", "yaml", "tiny.dyn"),
    ("run",),
    ("run", "tiny.dyn", "fit", "more"),
    ("run", "tiny.dyn", "--resume"),
    ("run", "tiny.dyn", "--set", "epochs"),
    ("run", "tiny.dyn", "--set", "=3"),
    ("run", "tiny.dyn", "--set", "epochs=1", "--set", "epochs=2"),
    ("run", "tiny.dyn", "--jobs", "2", "--cluster", "tcp://127.0.0.1:1"),
    ("compile", "tiny.dyn", "--emit", "nothing"),
    ("compile", "tiny.dyn", "--emit", "plan", "-o", "out"),
    ("compile", "tiny.dyn", "--seed", "-1"),
    ("compile", "tiny.dyn", "--batch", "0"),
    ("graph", "tiny.dyn"),
    ("graph", "tiny.dyn", "-o", "picture.gif"),
    ("fmt",),
    ("new",),
    ("new", "9lives"),
    ("new", "with space"),
    ("new", "../"),
]

FAILURES = [
    ("check", "missing.dyn"),
    ("check", "."),
    ("check", "a\0b"),
    ("check", "binary.dyn"),
    ("check", "empty/missing.dyn"),
    ("run", "missing.dyn"),
    ("run", "."),
    ("run", "tiny.dyn", "fitt"),
    ("run", "tiny.dyn", "--set", "epoch=3"),
    ("run", "tiny.dyn", "--set", "epochs=many"),
    ("run", "tiny.dyn", "--set", "epochs=-1"),
    ("run", "tiny.dyn", "--set", "epochs=1e99"),
    ("run", "tiny.dyn", "--set", "hidden=100000"),
    ("run", "tiny.dyn", "--set", "hidden=2**9**9"),
    ("run", "tiny.dyn", "--set", "hidden=$(x)"),
    ("run", "tiny.dyn", "--set", "data.folder=nowhere"),
    ("run", "tiny.dyn", "--set", "optimizer.learning_rate="),
    ("run", "tiny.dyn", "--set", "batch=4000", "--dry-run"),
    ("run", "tiny.dyn", "--out", "tiny.dyn"),
    ("run", "tiny.dyn", "--out", "tiny.dyn/below"),
    ("run", "tiny.dyn", "--out", "full"),
    ("run", "tiny.dyn", "--resume", "--out", "nowhere"),
    ("run", "tiny.dyn", "--resume", "--out", "full"),
    ("run", "plain.dyn"),
    ("compile", "missing.dyn"),
    ("compile", "tiny.dyn", "Tinny"),
    ("compile", "tiny.dyn", "--set", "hiden=3"),
    ("compile", "tiny.dyn", "--set", "hidden=0"),
    ("compile", "tiny.dyn", "-o", "full"),
    ("compile", "tiny.dyn", "-o", "tiny.dyn/below"),
    ("compile", "binary.dyn", "--emit", "tokens"),
    ("compile", "broken.dyn", "--emit", "tree"),
    ("compile", "plain.dyn", "--emit", "hlo"),
    ("compile", "nothing.dyn"),
    ("graph", "missing.dyn", "-o", "x.svg"),
    ("graph", "tiny.dyn", "-o", "tiny.dyn/x.svg"),
    ("fmt", "missing.dyn"),
    ("fmt", "broken.dyn"),
    ("explain", "E9999"),
    ("explain", ""),
    ("new", "tiny"),
    ("new", "tiny.dyn/x"),
]


@pytest.fixture
def folder(tmp_path, spec, write, tiny):
    """Files of every kind to go wrong with."""
    (tmp_path / "binary.dyn").write_bytes(b"\xff\xfe\x00network")
    (tmp_path / "full").mkdir()
    write("full/other.txt", "somebody else's")
    write("broken.dyn", "network { { edge")
    write("nothing.dyn", "# nothing\n")
    return write("plain.dyn", tiny.replace("train clamped, relax", "").replace("infer relax", ""))


def shown(words):
    return " ".join(words)


@pytest.mark.parametrize("words", USAGE, ids=shown)
def test_wrong_usage(dync, folder, tmp_path, words):
    before = sorted(tmp_path.rglob("*"))
    ended = dync(*words)
    assert ended.status == 2
    assert ended.err.startswith("Usage: dync")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("words", FAILURES, ids=shown)
def test_failures(dync, folder, tmp_path, words):
    before = sorted(tmp_path.rglob("*"))
    ended = dync(*words)
    assert ended.status == 1
    assert ended.err.startswith(("error[", "warning[", "dync: ")), ended.err
    assert sorted(tmp_path.rglob("*")) == before


COMMANDS = ["check", "compile", "run", "graph", "fmt", "explain", "doctor", "new", "report", "test", "verify", "runs"]


def test_help_names_the_commands_that_there_are(dync):
    ended = dync("--help")
    assert ended.status == 0
    commands = [line.split()[0] for line in ended.out.partition("Commands:")[2].splitlines() if line.startswith("  ")]
    assert commands[: len(COMMANDS)] == COMMANDS
    assert "lsp" not in commands


def test_every_command_has_help(dync):
    for command in COMMANDS:
        ended = dync(command, "--help")
        assert (ended.status, ended.err) == (0, "")
        assert ended.out.startswith(f"Usage: dync {command}")


def test_version(dync):
    assert dync("--version").out == f"dync {VERSION}\n"


def test_a_bug_of_ours_says_so(capsys, monkeypatch):
    def broken(words):
        raise KeyError("nobody thought of this")

    monkeypatch.setattr("dync.cli._run", broken)
    with pytest.raises(SystemExit) as ended:
        main(["doctor"])
    error = capsys.readouterr().err
    assert ended.value.code == 1
    assert "this is a bug of dync" in error
    assert "nobody thought of this" in error


def test_a_full_memory_is_no_bug(capsys, monkeypatch):
    def hungry(words):
        raise MemoryError

    monkeypatch.setattr("dync.cli._run", hungry)
    with pytest.raises(SystemExit) as ended:
        main(["doctor"])
    assert ended.value.code == 1
    assert "memory" in capsys.readouterr().err


def test_a_reader_that_goes_away_is_no_mistake():
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "dync.cli", "explain"]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert done.stderr == ""


def test_a_terminal_without_many_characters(spec, tmp_path):
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    (tmp_path / "ünïcode.dyn").write_text((tmp_path / spec).read_text(), encoding="utf-8")
    command = [sys.executable, "-m", "dync.cli", "check", "ünïcode.dyn"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "code.dyn: ok" in done.stdout
