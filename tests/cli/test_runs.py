"""`dync runs`: lists, filters, pages, comparisons, and what it must never load."""

import json
import os
import pty
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from dync.runtime.pipelines.result import PipelineResult
from dync.runtime.store import Attempt, NewRun, open_store

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "runs.md").read_text(encoding="utf-8")
HEAVY = {"numpy", "jax", "jaxlib", "equinox", "optax", "scipy", "safetensors"}


def optimizer(rate):
    return {"name": "sgd", "named": {"learning_rate": rate}, "positional": []}


def put(store, run, name, kind, created, rate, accuracy, status="success", **record):
    """A run that ended."""
    pipeline = {"name": name, "epochs": 2, "optimizer": optimizer(rate)}
    store.begin(
        NewRun(
            name=name, kind=kind, folder=store.path.parent / name, spec_hash=run * 2, id=run, created=created,
            resolved={"pipeline": pipeline}, spec_text=f"pipeline {name} {kind} {{\n  epochs 2\n}}",
        )
    )  # fmt: skip
    store.record(run, {"versions": {"jax": "1.0"}, "seed": 0, **record})
    outputs = {"evaluation_results": {"test": {"accuracy": accuracy}}}
    store.finish(run, PipelineResult(name, status, ("training",), (), (), outputs, 2.0, ""))


@pytest.fixture
def store(tmp_path, monkeypatch):
    """Three runs in the usual place."""
    monkeypatch.delenv("DYNC_STORE", raising=False)
    (tmp_path / "runs").mkdir()
    with open_store(tmp_path / "runs" / "runs.sqlite") as opened:
        put(opened, "aaaaaaaaaaaa", "fit", "training", "2031-05-01T12:00:00.000+00:00", 0.1, 0.85)
        put(opened, "bbbbbbbbbbbb", "tune", "sweep", "2031-05-02T12:00:00.000+00:00", 0.2, 0.9, versions={"jax": "2.0"})
        put(opened, "bbbbcccccccc", "fit", "training", "2031-05-03T12:00:00.000+00:00", 0.3, 0.95, status="partial")
    return opened


def listed(ended):
    """The ids in a list for people."""
    assert ended.status == 0, ended.err
    return [line.split()[0] for line in ended.out.splitlines()[1:]]


def test_the_newest_is_first(dync, store):
    ended = dync("runs")
    header, first, *_ = ended.out.splitlines()
    assert header.split() == ["id", "name", "kind", "status", "main", "measure", "when", "seconds", "folder"]
    assert first.split()[:6] == ["bbbbcccc", "fit", "training", "partial", "test.accuracy", "95.00%"]
    assert first.endswith("2.0  runs/fit")
    assert listed(ended) == ["bbbbcccc", "bbbbbbbb", "aaaaaaaa"]
    assert "\x1b" not in ended.out


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        (["--kind", "training"], ["bbbbcccc", "aaaaaaaa"]),
        (["--status", "partial"], ["bbbbcccc"]),
        (["--name", "t*"], ["bbbbbbbb"]),
        (["--since", "2031-05-02"], ["bbbbcccc", "bbbbbbbb"]),
        (["--since", "2031-05-02T18:00+00:00"], ["bbbbcccc"]),
        (["--where", "accuracy>0.86"], ["bbbbcccc", "bbbbbbbb"]),
        (["--where", "learning_rate < 0.3 and accuracy >= 90%"], ["bbbbbbbb"]),
        (["--kind", "training", "--where", "not status = partial"], ["aaaaaaaa"]),
    ],
)
def test_filters(dync, store, words, ids):
    assert listed(dync("runs", *words)) == ids


def test_a_limit_says_what_it_leaves_out(dync, store):
    assert "... and 2 more: --limit 0 shows all" in dync("runs", "--limit", 1).out
    assert dync("runs", "--since", "1m", "--name", "nothing").out == "no run is like that\n"


def test_json(dync, store):
    found = json.loads(dync("runs", "--format", "json", "--kind", "sweep").out)
    assert list(found) == ["runs"]
    assert found["runs"][0] == {
        "id": "bbbbbbbbbbbb", "name": "tune", "kind": "sweep", "status": "success",
        "main": {"name": "test.accuracy", "value": 0.9}, "created": "2031-05-02T12:00:00.000+00:00", "seconds": 2.0,
        "folder": str(store.path.parent / "tune"),
    }  # fmt: skip


def test_a_page_shows_everything(dync, store):
    text = dync("runs", "show", "a").out
    for part in (
        "aaaaaaaaaaaa",
        "test.accuracy  0.85",
        "optimizer.learning_rate  0.1",
        "jax  1.0",
        "epochs 2",
        "a" * 24,
    ):
        assert part in text
    found = json.loads(dync("runs", "show", "a", "--format", "json").out)
    assert found["spec_text"].startswith("pipeline fit training")
    assert {"resolved", "attempts", "git", "versions", "device", "flags", "seeds", "data", "parents"} <= set(found)


def test_a_comparison_shows_what_differs(dync, store):
    text = dync("runs", "compare", "aa", "bbbbb").out
    assert "aaaaaaaa fit  bbbbbbbb tune  difference" in text
    for row in (
        ["test.accuracy", "0.85", "0.9", "+0.05"],
        ["optimizer.learning_rate", "0.1", "0.2"],
        ["jax", "1.0", "2.0"],
    ):
        assert row in [line.split() for line in text.splitlines()]
    assert "epochs" not in text
    found = json.loads(dync("runs", "compare", "aa", "bbbbb", "bbbbc", "--format", "json").out)
    assert found["ids"] == ["aaaaaaaaaaaa", "bbbbbbbbbbbb", "bbbbcccccccc"]
    assert found["settings"]["optimizer.learning_rate"] == [0.1, 0.2, 0.3]
    assert found["measures"] == {"test.accuracy": [0.85, 0.9, 0.95]}
    assert found["same"] == 2
    assert found["facts"]["kind"] == ["training", "sweep", "training"]


def test_a_page_of_an_interrupted_run_says_so_in_the_words_of_people(dync, store):
    with open_store(store.path) as opened:
        put(opened, "eeeeeeeeeeee", "duel", "comparison", "2031-05-04T12:00:00.000+00:00", 0.1, 0.5, seed=[3, 4, 5])
        opened.attempt(
            "eeeeeeeeeeee",
            Attempt(1, "comparison", "2031-05-04T12:00:00.000+00:00", None, "interrupted", "KeyboardInterrupt()"),
        )
    text = dync("runs", "show", "e").out
    assert "Ctrl-C" in text
    assert "Keyboard" not in text
    assert "seeds\n  3, 4, 5\n" in text
    assert "seeds\n  0\n" in dync("runs", "show", "a").out


def test_forgetting_is_asked_for_by_name(dync, store):
    ended = dync("runs", "forget", "a")
    assert ended.out.startswith("forgot aaaaaaaaaaaa (fit); its folder stays: ")
    assert listed(dync("runs")) == ["bbbbcccc", "bbbbbbbb"]
    assert dync("runs", "forget", "a").status == 1


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (["--kind", "network"], 2, "none of training, sweep, comparison, benchmark"),
        (["--status", "fine"], 2, "none of running, success"),
        (["--since", "yesterday"], 2, "is no time"),
        (["--since", "999999w"], 2, "is no time"),
        (["--where", "accuracy >"], 1, "expected a number or a word"),
        (["--where", "acuracy > 1"], 1, "did you mean accuracy?"),
        (["show", "c"], 1, "no run"),
        (["show", "bbbb"], 1, "several runs"),
        (["compare", "a"], 2, "takes two runs or more"),
        (["--scan", "nowhere"], 1, "nowhere is no folder"),
        (["--store", "nowhere.sqlite"], 1, "there is no store of runs at nowhere.sqlite"),
        (["nonsense"], 2, "No such command"),
    ],
)
def test_mistakes_are_said(dync, store, words, status, sentence):
    ended = dync("runs", *words)
    assert (ended.status, ended.out) == (status, "")
    assert sentence in ended.err


def test_no_store_yet(dync, monkeypatch):
    monkeypatch.delenv("DYNC_STORE", raising=False)
    ended = dync("runs")
    assert ended.status == 1
    assert "there is no store of runs at runs/runs.sqlite: `dync run` makes one" in ended.err


def test_the_store_can_be_named_everywhere(dync, store, monkeypatch, tmp_path):
    store.path.rename(tmp_path / "other.sqlite")
    assert listed(dync("runs", "--store", "other.sqlite", "--name", "tune")) == ["bbbbbbbb"]
    for words in (["show", "a", "--store", "other.sqlite"], ["--store", "other.sqlite", "show", "a"]):
        assert "aaaaaaaaaaaa" in dync("runs", *words).out
    monkeypatch.setenv("DYNC_STORE", "other.sqlite")
    assert "aaaaaaaaaaaa" in dync("runs", "show", "a").out


def test_names_cannot_steer_the_terminal(dync, store):
    with open_store(store.path) as opened:
        put(opened, "dddddddddddd", "\x1b[2Jevil\r\n", "training", "2032-01-01T00:00:00.000+00:00", 0.1, 0.5)
    for words in ([], ["show", "d"], ["compare", "d", "a"], ["forget", "d"]):
        text = dync("runs", *words).out
        assert "\x1b" not in text
        assert "\r" not in text
        assert r"\x1b[2Jevil\r\n" in text


def test_a_real_run_is_found(dync, spec, tmp_path):
    assert dync("run", spec, "--out", "elsewhere/fit").status == 0
    ended = dync("runs", "--scan", "elsewhere", "--store", "new/runs.sqlite", "--format", "json", "--name", "fit")
    assert "1 run taken in from elsewhere" in ended.err
    (found,) = json.loads(ended.out)["runs"]
    assert (found["kind"], found["status"], found["main"]["name"]) == ("training", "success", "test.accuracy")
    page = json.loads(dync("runs", "show", found["id"], "--store", "new/runs.sqlite", "--format", "json").out)
    assert [a["stage"] for a in page["attempts"]] == ["environment_check", "training", "checkpoint_save", "evaluation"]
    assert page["settings"]["optimizer.learning_rate"] == 0.1
    assert page["settings"]["layer.h"] == 12
    assert (page["seeds"], page["versions"]["dync"] != "") == (3, True)


def test_colours_on_a_terminal_alone(store):
    ours, theirs = pty.openpty()
    environment = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "DYNC_STORE")}
    command = [sys.executable, "-m", "dync.cli", "runs"]
    subprocess.run(
        command, cwd=store.path.parent.parent, stdout=theirs, check=True, env={**environment, "TERM": "xterm-256color"}
    )
    os.close(theirs)
    shown = os.read(ours, 10_000).decode()
    os.close(ours)
    assert "\x1b[33mpartial\x1b[0m" in shown
    assert "\x1b[32msuccess\x1b[0m" in shown


@pytest.mark.parametrize("words", [[], ["show", "a"], ["compare", "a", "bbbbb"], ["--format", "json"], ["--scan", "."]])
def test_nothing_heavy_is_loaded(store, words):
    code = (
        "import sys\nfrom dync.cli import main\n"
        f"try:\n    main(['runs', *{words!r}])\n"
        "except SystemExit as end:\n    assert not end.code, end.code\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    folder = store.path.parent.parent
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    assert not set(done.stdout.splitlines()[-1].split()) & HEAVY


def test_what_the_document_shows_works(dync, store):
    for words in re.findall(r"^\$ dync (runs .*)$", PAGE, flags=re.MULTILINE):
        assert dync(*shlex.split(words)).status == 0
    (code,) = re.findall(r"^```python\n(.*?)^```$", PAGE, flags=re.DOTALL | re.MULTILINE)
    exec(compile(code, "docs/runs.md", "exec"), {})
