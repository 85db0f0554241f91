"""Taking in what folders say, however they came to be so."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dync.runtime.error import RunError
from dync.runtime.run_folder import EVENTS, RECORD, RESULT, SPEC
from dync.runtime.store import RunFilter, Store, bounded_json, folder, new_run_id, open_store, read_run, run_id_of, scan
from tests.runtime.store.conftest import PIPELINE, RECORDED, MakeFolder, new_run, result


def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def test_a_lost_store_is_made_anew(store: Store, make: MakeFolder, tmp_path: Path) -> None:
    run = new_run_id()
    made = make("fit", run=run, spec={"text": "pipeline fit …", "parents": ["abc"]})
    make("killed", ended=None)
    assert sorted(scan(store, tmp_path).adopted) == sorted([run, str(run_id_of(runs(tmp_path) / "killed"))])
    found = store.run(run)
    assert (found.name, found.kind, found.status, found.parents) == ("fit", "training", "success", ("abc",))
    assert (found.spec_text, found.plan_hash, found.seeds) == ("pipeline fit …", "p" * 64, 7)
    assert (found.measures["test.accuracy"], found.versions) == (0.9, RECORDED["versions"])
    assert [(a.stage, a.number, a.status) for a in found.attempts] == [("training", 1, "completed")]
    first = json.loads((made.path / EVENTS).read_text().splitlines()[0])
    assert found.created == first["time"]
    assert [r.name for r in store.runs(RunFilter(status="interrupted"))] == ["killed"]
    assert scan(store, tmp_path).adopted != ()
    assert len(store.runs()) == 2, "the same runs again"


def test_what_was_recorded_and_what_is_found_agree(store: Store, make: MakeFolder, tmp_path: Path) -> None:
    run = new_run_id()
    made = make("fit", run=run)
    before = new_run(made.path, id=run, spec_text="the text", parents=("abc",))
    store.begin(before)
    store.record(run, RECORDED)
    store.finish(run, result())
    recorded = store.run(run)
    assert scan(store, tmp_path).adopted == (run,)
    again = store.run(run)
    for name in ("status", "measures", "outputs", "settings", "versions", "device", "parents", "spec_text", "seconds"):
        assert getattr(again, name) == getattr(recorded, name), name


def test_a_run_at_work_is_left_alone(store: Store, make: MakeFolder, tmp_path: Path) -> None:
    run = new_run_id()
    store.begin(new_run(make("fit", ended=None, run=run).path, id=run))
    assert scan(store, tmp_path).busy == (run,)
    assert store.run(run).status == "running"


def test_a_run_that_moved_is_found_and_a_copy_is_refused(store: Store, make: MakeFolder, tmp_path: Path) -> None:
    made = make("fit")
    (run,) = scan(store, tmp_path).adopted
    made.path.rename(tmp_path / "moved")
    assert scan(store, tmp_path).adopted == (run,)
    assert store.run(run).folder == str(tmp_path / "moved")
    subprocess.run(["cp", "-r", str(tmp_path / "moved"), str(tmp_path / "twin")], check=True)
    found = scan(store, tmp_path)
    assert found.adopted == (run,)
    assert "one is a copy of the other" in found.refused[0]
    assert len(store.runs()) == 1


def test_what_lies_in_a_run_belongs_to_it_and_links_are_not_followed(
    store: Store, make: MakeFolder, tmp_path: Path
) -> None:
    make("sweep")
    make("sweep/trial-1")
    (tmp_path / "runs" / "loop").symlink_to(tmp_path / "runs")
    (tmp_path / "deep").joinpath(*"abcdefghij").mkdir(parents=True)
    assert len(scan(store, tmp_path).adopted) == 1
    with pytest.raises(RunError, match="is no folder"):
        scan(store, tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("pipeline", "kind"),
    [
        ({"name": "a", "pipeline": "sweep"}, "sweep"),
        ({"name": "a", "kind": "comparison"}, "comparison"),
        ({"name": "a", "search": []}, "sweep"),
        ({"name": "a", "entries": {}}, "comparison"),
        ({"comparison": {"name": "a", "entries": {}}}, "benchmark"),
        ({"name": "a", "kind": "nonsense"}, "training"),
    ],
)
def test_kinds_are_recognised(store: Store, make: MakeFolder, pipeline: dict[str, Any], kind: str) -> None:
    made = make("a", spec={"pipeline": pipeline})
    assert (read_run(made.path).new.kind, read_run(made.path).new.name) == (kind, "a")


def test_a_run_that_was_ended_by_its_owner(make: MakeFolder) -> None:
    made = make("fit", ended=None)
    made.event("stage_interrupted", stage="training", error="KeyboardInterrupt()")
    made.finish(result(status="failed"))
    assert read_run(made.path).status == "interrupted"


def test_a_run_that_goes_on_after_a_result_is_not_over(make: MakeFolder) -> None:
    made = make("fit", ended=result(status="partial"))
    assert read_run(made.path).status == "partial"
    made.event("run_resumed", pipeline="fit")
    assert read_run(made.path).status == "interrupted"


# --- hostile folders ---


def deep(levels: int) -> str:
    return "[" * levels + "]" * levels


@pytest.mark.parametrize("name", [SPEC, RECORD, RESULT])
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("nonsense", "is damaged"),
        ("[1]", "is damaged|is no"),
        ('{"a": NaN}', "is damaged"),
        ('{"a": ' + deep(80) + "}", "more than 64 levels|is no"),
        ('{"a": ' + deep(100_000) + "}", "is damaged"),
        ('{"a": [' + "0," * 1_000_001 + "0]}", "more than the 1,000,000 parts"),
        (b"\xff\xfe", "is damaged"),
        ('{"a": 1' + "0" * 5000 + "}", "is damaged"),
        (r'{"a": "\ud800"}', "is damaged"),
        ("{}", ""),
    ],
)
def test_damaged_and_hostile_files_are_refused(
    store: Store, make: MakeFolder, tmp_path: Path, name: str, content: str | bytes, sentence: str
) -> None:
    made, good = make("fit"), make("good")
    (made.path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    began = time.monotonic()
    found = scan(store, tmp_path)
    assert time.monotonic() - began < 5
    assert str(run_id_of(good.path)) in found.adopted, "the others are taken in"
    if sentence or name != RECORD:
        assert len(found.refused) == 1
        assert str(made.path / name) in found.refused[0]
        with pytest.raises(RunError, match=sentence or "is no"):
            read_run(made.path)


def test_large_files_are_not_read(make: MakeFolder) -> None:
    for name, most in ((SPEC, bounded_json.MOST_BYTES), (EVENTS, folder.MOST_EVENT_BYTES)):
        made = make(f"large-{name}")
        with (made.path / name).open("r+b") as file:
            file.truncate(most + 1)  # a hole: nothing is on the disk
        began = time.monotonic()
        with pytest.raises(RunError, match=f"{most:,} bytes"):
            read_run(made.path)
        assert time.monotonic() - began < 2


def test_what_is_no_file_is_not_opened_for_ever(store: Store, make: MakeFolder, tmp_path: Path) -> None:
    for name in (RECORD, RESULT, EVENTS):
        made = make(f"pipe-{name}")
        (made.path / name).unlink()
        os.mkfifo(made.path / name)
    device = make("device")
    (device.path / SPEC).unlink()
    (device.path / SPEC).symlink_to("/dev/zero")
    result_device = make("result-device")
    (result_device.path / EVENTS).unlink()
    (result_device.path / EVENTS).symlink_to("/dev/zero")
    found = scan(store, tmp_path)
    assert [line for line in found.refused if "is not a file" in line] == list(found.refused)
    assert {run.name for run in store.runs()} == {f"pipe-{RECORD}", f"pipe-{RESULT}"}


def test_a_log_of_long_and_damaged_lines(make: MakeFolder) -> None:
    made = make("fit")
    content = (made.path / EVENTS).read_bytes()
    long = b'{"event": "stage_failed", "stage": "training", "error": "' + b"x" * 300_000 + b'"}\n'
    (made.path / EVENTS).write_bytes(b"\n\xff\n" + long + content + b'{"event": "run_resumed"')
    found = read_run(made.path)
    assert (found.status, [a.status for a in found.attempts]) == ("success", ["completed"])


def test_many_attempts_are_bounded(store: Store, make: MakeFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dync.runtime.store.attempts.MOST_ATTEMPTS", 50)
    made = make("fit", ended=None)
    with (made.path / EVENTS).open("ab") as file:
        file.write(b'{"event": "stage_started", "stage": "training"}\n' * 5000)
    assert len(read_run(made.path).attempts) == 50


def test_a_scan_has_an_end(store: Store, make: MakeFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        make(f"run{number}")
    with monkeypatch.context() as patched:
        patched.setattr("dync.runtime.store.scanning.MOST_RUNS", 2)
        assert "stopped after 2 runs" in str(scan(store, tmp_path).stopped)
    with monkeypatch.context() as patched:
        patched.setattr("dync.runtime.store.scanning.MOST_ENTRIES", 3)
        assert "stopped after 3 files" in str(scan(store, tmp_path).stopped)


NAMES = st.sampled_from(
    ["name", "kind", "call", "named", "positional", "evaluation_results", "test", "best_value", "objective", "entries",
     "leaderboard", "summary_statistics", "best", "mean", "structure", "layers", "numbers", "shape", "search", "part"],
)  # fmt: skip
JUNK = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(10**400), 10**400), st.floats(), st.text(max_size=5),
        st.sampled_from(["training", "success", "test", "accuracy", "\ud800", "2031-01-01", "9999-12-31T23:59:59"]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=12,
)  # fmt: skip


@given(
    pipeline=st.dictionaries(NAMES, JUNK, max_size=4),
    record=st.dictionaries(st.sampled_from([*RECORDED, "parents", "seeds"]), JUNK, max_size=4),
    outputs=st.dictionaries(NAMES, JUNK, max_size=4),
    more=st.dictionaries(st.sampled_from(["plan", "plans", "text", "parents"]), JUNK, max_size=3),
    event=st.dictionaries(st.sampled_from(["event", "stage", "time", "error", "run"]), JUNK, max_size=5),
    other=st.dictionaries(
        st.sampled_from(["total_time_seconds", "timestamp", "pipeline_name", "errors"]), JUNK, max_size=3
    ),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=40)
def test_whatever_a_folder_says_it_is_taken_in_or_refused(
    tmp_path: Path,
    pipeline: dict[str, Any],
    record: dict[str, Any],
    outputs: dict[str, Any],
    more: dict[str, Any],
    event: dict[str, Any],
    other: dict[str, Any],
) -> None:
    place = tmp_path / new_run_id()
    place.mkdir()
    ended = json.loads(result().to_json()) | {"outputs": outputs} | other
    (place / SPEC).write_text(json.dumps({"digest": "d", "pipeline": {**PIPELINE, **pipeline}, **more}))
    (place / RECORD).write_text(json.dumps(record))
    (place / RESULT).write_text(json.dumps(ended))
    (place / EVENTS).write_text(json.dumps(event) + "\n" + json.dumps({"event": "run_finished", **event}) + "\n")
    with open_store(place / "runs.sqlite") as store:
        found = scan(store, place)
        assert len(found.adopted) + len(found.refused) == 1
        for run in store.runs():
            json.dumps([store.run(run.id).outputs, store.run(run.id).settings], allow_nan=False)


def test_memory_is_bounded(make: MakeFolder, tmp_path: Path) -> None:
    """A file of the greatest size that is read, of the kind that takes most memory, in a process with little."""
    made = make("fit")
    part = b'{"":{}},'
    count = bounded_json.MOST_PARTS // 3 - 10
    (made.path / RESULT).write_bytes(b"[" + part * count + b"0]")
    code = (
        "import resource, sys\nfrom pathlib import Path\nfrom dync.runtime.error import RunError\n"
        "from dync.runtime.store import read_run\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))\n"
        "try:\n    read_run(Path(sys.argv[1]))\nexcept RunError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(made.path)], capture_output=True, text=True, check=True)
    assert "is no result" in done.stdout
