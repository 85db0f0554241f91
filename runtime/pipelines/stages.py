"""Running stages in order: each gives outputs, the first that fails ends the pipeline, what is made stays."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dync.runtime.error import RunError
from dync.runtime.pipelines.result import PipelineResult, Status
from dync.runtime.reporter import Reporter
from dync.runtime.run_folder import RunFolder


@dataclass(frozen=True)
class Stage:
    """A named piece of a pipeline's work; gives outputs by name. `essential` ones make what the pipeline is for."""

    name: str
    work: Callable[[], Mapping[str, Any]]
    essential: bool = False


def run_stages(name: str, stages: Sequence[Stage], folder: RunFolder, reporter: Reporter) -> PipelineResult:
    """All stages in order, recorded as events; the result is written to the folder whatever happens.

    A RunError fails the stage with its sentence. Anything else is a bug of ours: it is recorded and raised again.
    """
    began = time.monotonic()
    done: list[Stage] = []
    outputs: dict[str, Any] = {}

    def result(failed: Stage | None, error: str | None) -> PipelineResult:
        return PipelineResult(
            pipeline_name=name,
            status=_status(done, failed),
            stages_completed=tuple(stage.name for stage in done),
            stages_failed=() if failed is None else (failed.name,),
            errors=() if error is None else (error,),
            outputs=outputs,
            total_time_seconds=round(time.monotonic() - began, 3),
            timestamp=datetime.now(UTC).isoformat(timespec="seconds"),
        )

    for stage in stages:
        folder.event("stage_started", stage=stage.name)
        reporter.stage_started(stage.name)
        try:
            outputs |= stage.work()
        except RunError as error:
            outputs |= error.outputs
            folder.event("stage_failed", stage=stage.name, error=str(error))
            reporter.stage_failed(stage.name, str(error))
            return folder.finish(result(stage, f"{stage.name}: {error}"))
        except BaseException as error:
            folder.event("stage_failed", stage=stage.name, error=repr(error))
            folder.finish(result(stage, f"{stage.name}: {type(error).__name__}: {error}"))
            raise
        done.append(stage)
        folder.event("stage_completed", stage=stage.name)
        reporter.stage_completed(stage.name)
    return folder.finish(result(None, None))


def _status(done: Sequence[Stage], failed: Stage | None) -> Status:
    if failed is None:
        return "success"
    return "partial" if any(stage.essential for stage in done) else "failed"
