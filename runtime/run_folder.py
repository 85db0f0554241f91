"""The folder of a run: its events as they happen, its spec, its record, its checkpoints, its result."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from dync.compiler.expression import JSON
from dync.runtime.error import RunError
from dync.runtime.event_log import append_event
from dync.runtime.files import remove_stale, write_file
from dync.runtime.pipelines.result import PipelineResult
from dync.runtime.plain_json import plain_json

SPEC, RECORD, RESULT, EVENTS = "spec.json", "record.json", "result.json", "events.jsonl"

Hook = Callable[[Mapping[str, JSON]], None]
"""Hears every event of a run as it stands in `events.jsonl`."""


UNSYNCED: Final = frozenset({"epoch"})
"""Events that may come many times a second, and whose facts every checkpoint's history holds too."""


@dataclass(frozen=True)
class RunFolder:
    """A folder that belongs to one run.

    `spec.json` is the resolved spec (plan and pipeline), `record.json` what the run depended on, `events.jsonl` one
    event a line, `result.json` the result, `stages.json` which stages are done and on what they stood. `checkpoints/`,
    `best/` and `final/` are the checkpoints that were asked for; `resume/` is there while the run is not done, for
    `--resume` to go on from. Every event goes to the `hooks` too, once it is on the disk.
    """

    path: Path
    hooks: tuple[Hook, ...] = ()

    @property
    def checkpoints(self) -> Path:
        """Where checkpoints go while the run lasts."""
        return self.path / "checkpoints"

    @property
    def final(self) -> Path:
        """The final checkpoint."""
        return self.path / "final"

    @property
    def best(self) -> Path:
        """The best checkpoint by the metric that was asked for."""
        return self.path / "best"

    @property
    def resume_point(self) -> Path:
        """The checkpoint that nobody asked for, from which an interrupted run goes on."""
        return self.path / "resume"

    def event(self, kind: str, /, **facts: Any) -> None:
        """Append one event with its time, and tell the hooks. A hook that raises is a warning, and the run goes on."""
        stamp = datetime.now(UTC).isoformat(timespec="milliseconds")
        found = plain_json({"time": stamp, "event": kind, **facts})
        assert isinstance(found, dict)
        append_event(self.path / EVENTS, found, synced=kind not in UNSYNCED)
        for hook in self.hooks:
            try:
                hook(found)
            except Exception as error:  # it is the user's own code, and no reason to lose a run
                warnings.warn(f"on_event: {type(error).__name__}: {error}", RuntimeWarning, stacklevel=2)

    def write_json(self, name: str, data: Any) -> None:
        """Write a JSON file in one step."""
        text = json.dumps(plain_json(data), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
        write_file(self.path / name, text.encode() + b"\n")

    def read_json(self, name: str) -> JSON:
        """Read a JSON file back; raises RunError for one that is missing or damaged."""
        path = self.path / name
        try:
            data: JSON = json.loads(path.read_bytes())
        except OSError as error:
            raise RunError(f"{path} cannot be read ({error.strerror}); is {self.path} the folder of a run?") from None
        except (ValueError, RecursionError):
            raise RunError(f"{path} is damaged: it is not JSON") from None
        return data

    def finish(self, result: PipelineResult) -> PipelineResult:
        """Write the result, and give it back."""
        write_file(self.path / RESULT, result.to_json().encode() + b"\n")
        self.event("run_finished", status=result.status)
        return result


def open_run_folder(path: Path, digest: str, *, resume: bool, on_event: Sequence[Hook] = ()) -> RunFolder:
    """The folder for a run whose spec has this digest; made where it is missing. `on_event` hears every event.

    Raises RunError where the folder holds another run, or one that was not to be resumed: nothing is overwritten.
    """
    folder = RunFolder(path, tuple(on_event))
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{path} cannot be made ({error.strerror}): give another folder with --out") from None
    remove_stale(path)
    names = {entry.name for entry in path.iterdir()}
    if not names:
        return folder
    if SPEC not in names:
        raise RunError(f"{path} is not empty and holds no run: give another folder with --out")
    if not resume:
        raise RunError(f"{path} holds a run already: go on with --resume, or give another folder with --out")
    match folder.read_json(SPEC):
        case {"digest": found} if found == digest:
            return folder
    raise RunError(
        f"{path} holds a run of another spec: give the spec that it began with, or another folder with --out"
    )
