"""The store: what goes in comes out, filters, ids, resumption, processes that died, folders that moved."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from dync.runtime.error import RunError
from dync.runtime.run_folder import RunFolder
from dync.runtime.store import (
    Attempt,
    NewRun,
    RunFilter,
    Store,
    default_store,
    new_run_id,
    open_store,
    parse_condition,
)
from tests.runtime.store.conftest import PIPELINE, RECORDED, MakeFolder, new_run, result

DIES = """
import sys
from pathlib import Path
from dync.runtime.store import NewRun, open_store
store = open_store(Path(sys.argv[1]))
new = NewRun(name="fit", kind="training", folder=Path(sys.argv[2]), spec_hash="s", resolved={}, id=sys.argv[3])
print(store.begin(new))
"""


def begun_by_a_dead_process(store: Store, folder: Path, run: str | None = None) -> str:
    words = [str(store.path), str(folder), run or new_run_id()]
    done = subprocess.run([sys.executable, "-c", DIES, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_everything_comes_back(store: Store, tmp_path: Path) -> None:
    new = new_run(tmp_path / "runs" / "fit", spec_text="pipeline fit …", plan_hash="p", parents=("abc", "runs/other"))
    run = store.begin(new)
    store.record(run, RECORDED)
    failed = Attempt(1, "training", new.created, new.created, "failed", "no room")
    again = Attempt(2, "training", "2100-01-01T00:00:00.000+00:00")
    for attempt in (failed, again, replace(again, status="completed", ended=again.started)):
        store.attempt(run, attempt)
    store.finish(run, result(0.75, final_checkpoint="final"))
    found = store.run(run)
    assert (found.id, found.name, found.kind, found.status) == (new.id, "fit", "training", "success")
    assert (found.spec_text, found.spec_hash, found.plan_hash) == ("pipeline fit …", "s" * 64, "p")
    assert (found.folder, found.relative) == (str(new.folder), "fit")
    assert found.parents == ("abc", "runs/other")
    assert found.resolved == dict(new.resolved)
    assert (found.versions, found.git, found.flags) == (RECORDED["versions"], RECORDED["git"], RECORDED["flags"])
    assert (found.device, found.seeds, found.data) == ({**RECORDED["device"], "cpus": 2}, 7, RECORDED["data"])
    assert found.attempts == (failed, replace(again, status="completed", ended=again.started))
    assert found.measures == {"test.accuracy": 0.75, "test.mse": 0.25}
    assert found.main is not None
    assert (found.main.name, found.main.value, found.seconds) == ("test.accuracy", 0.75, 1.5)
    assert isinstance(found.outputs, dict)
    assert found.outputs["final_checkpoint"] == "final"
    assert found.ended is not None
    assert found.created <= found.ended <= found.updated
    assert found.settings["optimizer.learning_rate"] == 0.1
    assert found.left_in_folder == []


def test_it_outlasts_the_connection(store: Store, tmp_path: Path) -> None:
    run = store.begin(new_run(tmp_path / "fit"))
    store.finish(run, result())
    before = store.run(run)
    store.close()
    with open_store(store.path, create=False) as opened:
        assert opened.run(run) == before


def test_the_newest_is_first_and_filters_choose(store: Store, tmp_path: Path) -> None:
    for number, (name, kind, rate) in enumerate(
        [("fit", "training", 0.1), ("tune", "sweep", 0.2), ("fit2", "training", 0.3)]
    ):
        optimizer = {"call": "sgd", "named": {"learning_rate": rate}, "positional": []}
        made = new_run(
            tmp_path / name, name, kind=kind, created=f"2031-01-0{number + 1}T00:00:00.000+00:00",
            resolved={"pipeline": {**PIPELINE, "optimizer": optimizer}},
        )  # fmt: skip
        store.begin(made)
        store.finish(made.id, result(0.8 + number / 20, "success" if number else "failed"))

    def names(**wanted: object) -> list[str]:
        where = wanted.pop("where", None)
        condition = parse_condition(where) if isinstance(where, str) else None
        return [run.name for run in store.runs(RunFilter(**wanted, where=condition))]  # type: ignore[arg-type]

    assert names() == ["fit2", "tune", "fit"]
    assert names(limit=1) == ["fit2"]
    assert names(kind="training") == ["fit2", "fit"]
    assert names(status="failed") == ["fit"]
    assert names(name="fit*") == ["fit2", "fit"]
    assert names(since="2031-01-02T00:00:00.000+00:00") == ["fit2", "tune"]
    assert names(where="accuracy>0.84") == ["fit2", "tune"]
    assert names(where="test.accuracy > 84% and not kind = sweep") == ["fit2"]
    assert names(where="learning_rate = 0.2 or name == fit") == ["tune", "fit"]
    assert names(where="optimizer = sgd and seconds < 2", kind="sweep") == ["tune"]
    assert names(kind="benchmark", where="accuracy > 0") == []


@pytest.mark.parametrize("hostile", ["'; DROP TABLE runs; --", '" OR 1=1', "%", "_", "*", "fit\x00", "\ud800"])
def test_what_is_given_is_never_part_of_a_statement(store: Store, tmp_path: Path, hostile: str) -> None:
    run = store.begin(new_run(tmp_path / "fit", hostile, kind="training"))
    other = store.begin(new_run(tmp_path / "other"))
    assert [found.id for found in store.runs(RunFilter(kind=hostile))] == []
    assert store.runs(RunFilter(since=hostile)) is not None
    with pytest.raises(RunError, match="no run"):
        store.run(hostile)
    assert {found.id for found in store.runs()} == {run, other}
    assert store.run(run).name == hostile.replace("\ud800", "?")


def test_unknown_keys_are_named(store: Store, tmp_path: Path) -> None:
    store.finish(store.begin(new_run(tmp_path / "fit")), result())
    with pytest.raises(RunError, match="'acuracy': did you mean accuracy"):
        store.runs(RunFilter(where=parse_condition("acuracy > 1")))


def test_ids_can_be_abbreviated(store: Store, tmp_path: Path) -> None:
    for run in ("aaaa00000000", "aaab00000000", "bbbb00000000"):
        store.begin(new_run(tmp_path / run, id=run))
    assert store.run("b").id == "bbbb00000000"
    assert store.run("AAAB").id == "aaab00000000"
    with pytest.raises(RunError, match=r"several runs .*aaa[ab]0{8} \(fit\), aaa[ab]0{8} \(fit\); give more"):
        store.run("aaa")
    for nothing in ("c", "", "aaaa000000000"):
        with pytest.raises(RunError, match="no run"):
            store.run(nothing)


def test_a_resumed_run_is_the_same_run(store: Store, tmp_path: Path) -> None:
    first = new_run(tmp_path / "fit", spec_text="text", created="2031-01-01T00:00:00.000+00:00")
    store.begin(first)
    store.finish(first.id, result(status="failed"))
    store.begin(replace(first, created="2032-01-01T00:00:00.000+00:00", spec_text=None))
    found = store.run(first.id)
    assert (found.status, found.ended, found.created, found.spec_text) == ("running", None, first.created, "text")
    assert len(store.runs()) == 1
    assert store.run_in(tmp_path / "fit") == first.id
    assert store.run_in(tmp_path / "other") is None


def test_a_run_of_a_living_process_runs(store: Store, tmp_path: Path) -> None:
    store.begin(new_run(tmp_path / "fit"))
    store.heal()
    assert [run.status for run in store.runs()] == ["running"]
    assert [run.name for run in store.runs(RunFilter(status="running"))] == ["fit"]


def test_a_run_of_a_dead_process_was_interrupted(store: Store, tmp_path: Path) -> None:
    run = begun_by_a_dead_process(store, tmp_path / "fit")
    assert store.run(run).status == "interrupted"
    assert [found.id for found in store.runs(RunFilter(status="interrupted"))] == [run]
    assert store.runs(RunFilter(status="running")) == ()


def test_a_run_that_ended_before_it_was_written_down_is_healed(store: Store, make: MakeFolder) -> None:
    run = new_run_id()
    folder = make("fit", run=run)
    assert begun_by_a_dead_process(store, folder.path, run) == run
    assert store.run(run).status == "interrupted"
    store.heal()
    found = store.run(run)
    assert (found.status, found.measures["test.accuracy"]) == ("success", 0.9)
    assert [(a.stage, a.status) for a in found.attempts] == [("training", "completed")]


def test_interruption_is_no_failure(store: Store, tmp_path: Path) -> None:
    run = store.begin(new_run(tmp_path / "fit"))
    store.finish(run, result(status="partial"), interrupted=True)
    assert store.run(run).status == "interrupted"


def test_forgetting_leaves_nothing_but_the_folder(store: Store, make: MakeFolder) -> None:
    folder = make("fit")
    run = store.begin(new_run(folder.path, parents=("a",)))
    store.attempt(run, Attempt(1, "training", "2031-01-01T00:00:00.000+00:00"))
    store.forget(run)
    assert store.runs() == ()
    assert folder.path.is_dir()
    for table in ("attempts", "parents"):
        assert store._connection.execute(f"SELECT * FROM {table}").fetchall() == []
    with pytest.raises(RunError, match="has the id"):
        store.forget(run)


def test_nothing_is_written_for_a_run_that_is_not_there(store: Store) -> None:
    for call in (
        lambda: store.record("0" * 12, {}),
        lambda: store.finish("0" * 12, result()),
        lambda: store.attempt("0" * 12, Attempt(1, "training", "now")),
    ):
        with pytest.raises(RunError, match="has the id"):
            call()
    with pytest.raises(ValueError, match="no id"):
        store.begin(new_run(Path("x"), id="nonsense"))


def test_store_and_folders_can_move_together(store: Store, make: MakeFolder, tmp_path: Path) -> None:
    run = store.begin(new_run(make("fit").path))
    store.finish(run, result())
    store.close()
    (tmp_path / "runs").rename(tmp_path / "elsewhere")
    with open_store(tmp_path / "elsewhere" / "runs.sqlite", create=False) as moved:
        assert moved.run(run).folder == str(tmp_path / "elsewhere" / "fit")
        assert moved.runs()[0].folder == str(tmp_path / "elsewhere" / "fit")


def test_what_is_too_large_stays_in_the_folder(store: Store, tmp_path: Path) -> None:
    large = ["x" * 1000] * 2000
    new = new_run(tmp_path / "fit", resolved={"pipeline": PIPELINE, "plan": {"numbers": large}}, spec_text="y" * 2**21)
    store.begin(new)
    store.finish(new.id, result(history=large))
    found = store.run(new.id)
    assert found.left_in_folder == ["spec.plan", "spec.text", "result.outputs.history"]
    assert found.spec_text is None
    assert isinstance(found.outputs, dict)
    assert "history" not in found.outputs
    assert found.measures["test.accuracy"] == 0.9
    assert store.path.stat().st_size + Path(f"{store.path}-wal").stat().st_size < 2**20


def test_what_is_not_finite_is_nothing(store: Store, tmp_path: Path) -> None:
    run = store.begin(new_run(tmp_path / "fit"))
    store.finish(run, replace(result(float("nan")), total_time_seconds="long"))  # type: ignore[arg-type]
    found = store.run(run)
    assert (found.measures, found.seconds) == ({"test.mse": 0.25}, None)


def test_the_default_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DYNC_STORE", raising=False)
    assert default_store() == Path("runs/runs.sqlite")
    monkeypatch.setenv("DYNC_STORE", str(tmp_path / "x.sqlite"))
    with open_store() as opened:
        assert opened.path == tmp_path / "x.sqlite"
    assert (tmp_path / "x.sqlite").is_file()


def test_names_of_folders_that_are_no_text(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"fit-\xff")
    folder.mkdir()
    run = store.begin(NewRun("fit", "training", folder, "s", {}))
    assert store.run(run).folder == str(tmp_path / "fit-?")
    assert RunFolder(folder).path.is_dir()
