"""A run that tells the store what happens, as the hook of its folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from dync.compiler.expression import JSON
from dync.runtime.pipelines.stages import Stage, run_stages
from dync.runtime.reporter import Reporter
from dync.runtime.run_folder import RECORD, SPEC, RunFolder, open_run_folder
from dync.runtime.store import LiveRun, NewRun, open_store, read_run, run_id_of
from dync.runtime.store.settings import settings_of
from tests.runtime.store.conftest import PIPELINE, PLAN, RECORDED, new_run, result


def begin(new: NewRun, live: LiveRun, *, resume: bool = False) -> RunFolder:
    """What the front door does."""
    folder = open_run_folder(new.folder, new.spec_hash, resume=resume, on_event=(live.hear,))
    if not resume:
        folder.write_json(SPEC, {"digest": new.spec_hash, **new.resolved})
    folder.event("run_resumed" if resume else "run_started", pipeline=new.name, run=new.id)
    return folder


def test_a_real_run_is_recorded_stage_by_stage(tmp_path: Path) -> None:
    path, seen, warnings = tmp_path / "runs.sqlite", [], []
    new = new_run(tmp_path / "fit")
    live = LiveRun(path, new, warnings.append)
    folder = begin(new, live)

    def check() -> dict[str, object]:
        folder.write_json(RECORD, RECORDED)
        return {}

    def train() -> dict[str, object]:
        with open_store(path) as store:
            seen.append(store.run(new.id))
        return {"evaluation_results": {"test": {"accuracy": 0.7}}}

    ended = run_stages("fit", [Stage("environment_check", check), Stage("training", train)], folder, Reporter())
    live.close()
    assert ended.is_success()
    assert [(a.stage, a.status) for a in seen[0].attempts] == [
        ("environment_check", "completed"),
        ("training", "running"),
    ]
    assert (seen[0].status, seen[0].versions) == ("running", RECORDED["versions"])
    with open_store(path) as store:
        found = store.run(new.id)
        assert (found.status, found.measures, found.ended is None) == ("success", {"test.accuracy": 0.7}, False)
        assert run_id_of(new.folder) == new.id
        before = found.attempts
        assert store.adopt(read_run(new.folder))
        assert store.run(new.id).attempts == before, "the folder says the same"
    assert warnings == []


def test_a_resumed_run_counts_its_attempts_on(tmp_path: Path) -> None:
    path, new = tmp_path / "runs.sqlite", new_run(tmp_path / "fit")
    first = LiveRun(path, new, print)
    begin(new, first).event("stage_started", stage="training")
    first.close()  # killed here, as far as the store knows
    second = LiveRun(path, new, print)
    folder = begin(new, second, resume=True)
    for kind in ("stage_started", "stage_interrupted"):
        folder.event(kind, stage="training", **({} if kind == "stage_started" else {"error": "KeyboardInterrupt()"}))
    folder.finish(result(status="failed"))
    second.close()
    with open_store(path) as store:
        found = store.run(new.id)
    assert found.status == "interrupted"
    assert [(a.number, a.status, a.ended is None) for a in found.attempts] == [
        (1, "interrupted", True),
        (2, "interrupted", False),
    ]


def test_a_store_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    warnings: list[str] = []
    (tmp_path / "runs.sqlite").write_text("this is no database, however long it may be " * 10)
    new = new_run(tmp_path / "fit")
    live = LiveRun(tmp_path / "runs.sqlite", new, warnings.append)
    folder = begin(new, live)
    folder.event("stage_started", stage="training")
    folder.finish(result())
    live.close()
    assert len(warnings) == 1
    assert f"`dync runs --scan {new.folder}` adds it later" in warnings[0]
    assert read_run(new.folder).status == "success"


def test_a_store_that_fails_in_the_middle_is_warned_of_once(tmp_path: Path) -> None:
    warnings: list[str] = []
    new = new_run(tmp_path / "fit")
    live = LiveRun(tmp_path / "runs.sqlite", new, warnings.append)
    folder = begin(new, live)
    with open_store(tmp_path / "runs.sqlite") as other:
        other.forget(new.id)
    for stage in ("training", "evaluation"):
        folder.event("stage_started", stage=stage)
    folder.finish(result())
    assert len(warnings) == 1
    assert "has the id" in warnings[0]


def test_nothing_heavy_is_loaded() -> None:
    code = "import sys\nimport dync.runtime.store\nprint(*sorted({n.partition('.')[0] for n in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {"jax", "jaxlib", "equinox", "optax", "scipy", "rich", "safetensors"}


def test_settings_of_the_spec_are_recorded(tmp_path: Path) -> None:
    new = new_run(tmp_path / "fit")
    with open_store(tmp_path / "runs.sqlite") as store:
        store.begin(new)
        assert store.run(new.id).settings == {
            "pipeline": "training",
            "name": "fit",
            "network": PIPELINE["network"],
            "epochs": 2,
            "optimizer": "sgd",
            "optimizer.learning_rate": 0.1,
            "layer.x": "8x8",
            "layer.h": 30,
            "number.family.0.rate": PLAN["numbers"]["family.0.rate"][0],
        }


def test_what_a_benchmark_compares_stands_under_the_keys_of_a_comparison() -> None:
    inner: dict[str, JSON] = {"name": "duel", "seeds": 3, "base": ".", "tasks": {}}
    benchmark: dict[str, JSON] = {"pipeline": "benchmark", "comparison": inner, "package_best": True}
    shared = {"name": "duel", "seeds": 3}
    assert settings_of({"pipeline": benchmark}) == {"pipeline": "benchmark", **shared, "package_best": True}
    assert settings_of({"pipeline": {"pipeline": "comparison", **inner}}) == {"pipeline": "comparison", **shared}
    sweep: dict[str, JSON] = {"pipeline": "sweep", "base": "fit"}
    assert settings_of({"pipeline": sweep}) == sweep
