"""Folders of runs, written by what writes them in a real run, and a store beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from dync.runtime.pipelines.result import PipelineResult
from dync.runtime.run_folder import RECORD, SPEC, RunFolder
from dync.runtime.store import NewRun, Store, open_store

PIPELINE: dict[str, Any] = {
    "pipeline": "training",
    "name": "fit",
    "network": "Tiny",
    "epochs": 2,
    "optimizer": {"name": "sgd", "named": {"learning_rate": 0.1}, "positional": []},
    "base": "/somewhere",
}
PLAN: dict[str, Any] = {
    "structure": {"layers": [{"name": "x", "shape": [8, 8]}, {"name": "h", "shape": [30]}]},
    "numbers": {"family.0.rate": [0.5, 0.5]},
}
RECORDED: dict[str, Any] = {
    "versions": {"dync": "9.9", "jax": "1.2.3"},
    "device": {"platform": "cpu", "kind": "cpu", "count": 1},
    "cpus": 2,
    "flags": {"XLA_FLAGS": "--a"},
    "git": {"commit": "abc", "changed": False},
    "seed": 7,
    "plan": "p" * 64,
    "data": {"digest": "d", "files": [{"path": "x.csv", "sha256": "00"}]},
}

MakeFolder = Callable[..., RunFolder]


def result(accuracy: float = 0.9, status: Any = "success", **outputs: Any) -> PipelineResult:
    """What a training leaves."""
    failed = () if status == "success" else ("evaluation",)
    return PipelineResult(
        pipeline_name="fit",
        status=status,
        stages_completed=("training",),
        stages_failed=failed,
        errors=tuple(f"{stage}: no" for stage in failed),
        outputs={"evaluation_results": {"test": {"accuracy": accuracy, "mse": 0.25}}, **outputs},
        total_time_seconds=1.5,
        timestamp="2031-05-17T10:00:00+00:00",
    )


ENDED = result()


def new_run(folder: Path, name: str = "fit", **more: Any) -> NewRun:
    """A run that begins in a folder."""
    given: dict[str, Any] = {
        "kind": "training",
        "spec_hash": "s" * 64,
        "resolved": {"pipeline": PIPELINE, "plan": PLAN},
    }
    return NewRun(name=name, folder=folder, **{**given, **more})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "runs" / "runs.sqlite") as opened:
        yield opened


@pytest.fixture
def make(tmp_path: Path) -> MakeFolder:
    """Makes the folder of a run that ended, or with `ended=None` of one that was killed in its training."""

    def folder(
        name: str,
        ended: PipelineResult | None = ENDED,
        spec: Mapping[str, Any] | None = None,
        run: str | None = None,
    ) -> RunFolder:
        made = RunFolder(tmp_path / "runs" / name)
        made.path.mkdir(parents=True)
        pipeline = {**PIPELINE, "name": name}
        made.write_json(SPEC, {"digest": "s" * 64, "pipeline": pipeline, "plan": PLAN, **(spec or {})})
        made.event("run_started", pipeline=name, **({} if run is None else {"run": run}))
        made.event("stage_started", stage="training")
        made.write_json(RECORD, RECORDED)
        if ended is not None:
            made.event("stage_completed", stage="training")
            made.finish(ended)
        return made

    return folder
