"""Reading a run's folder, which holds the truth; nothing that it says can use more than bounded time and memory."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from dync.compiler.expression import JSON
from dync.compiler.plan_json import digest
from dync.runtime.error import RunError
from dync.runtime.pipelines.result import PipelineResult
from dync.runtime.run_folder import EVENTS, RECORD, RESULT, SPEC
from dync.runtime.store.attempts import AttemptLog
from dync.runtime.store.bounded_json import parse, read_json
from dync.runtime.store.run_data import KINDS, Attempt, NewRun, RunStatus, instant, is_run_id, moment

MOST_EVENT_BYTES: Final = 2**28
"""A log of events is read up to here."""

LONGEST_EVENT: Final = 2**16
"""A longer line of the log is passed over: what begins and ends stages is short."""

MOST_PARENTS: Final = 1_000

_MARKS: Final = (b'"run_', b'"stage_', b'"attempt"')
_KIND_BY_KEY: Final[Mapping[str, str]] = {"search": "sweep", "comparison": "benchmark", "entries": "comparison"}


@dataclass(frozen=True)
class FoundRun:
    """A run as its folder tells it. `record` is empty and `result` None where it did not come so far."""

    new: NewRun
    record: Mapping[str, JSON]
    attempts: tuple[Attempt, ...]
    status: RunStatus
    ended: str | None
    result: PipelineResult | None


@dataclass(frozen=True)
class _Log:
    """What the log says: the attempts, the id of the run, its beginning and end, and whether the person ended it."""

    attempts: tuple[Attempt, ...] = ()
    id: str | None = None
    first: bytes = b""
    began: str | None = None
    ended: str | None = None
    kind: str | None = None
    interrupted: bool = False


def is_run(folder: Path) -> bool:
    """Whether a folder looks like that of a run."""
    try:
        return stat.S_ISREG((folder / SPEC).lstat().st_mode)
    except (OSError, ValueError):
        return False


def run_id_of(folder: Path) -> str | None:
    """The id that a run's log says (`"run"` of its first event), or one made of that event; None without a log."""
    try:
        return _id(_read_log(folder / EVENTS))
    except RunError:
        return None


def read_run(folder: Path) -> FoundRun:
    """All that the folder of a run says; raises RunError where it is none, or is damaged, or too much."""
    if not is_run(folder):
        raise RunError(f"{folder} is no folder of a run: it has no {SPEC}")
    spec = _object(folder / SPEC)
    log = _read_log(folder / EVENTS)
    record = _object(folder / RECORD) if (folder / RECORD).is_file() else {}
    result = read_result(folder) if (folder / RESULT).is_file() else None
    status = _status(log, result)
    return FoundRun(_new(folder, spec, record, log), record, log.attempts, status, log.ended, result)


def read_result(folder: Path) -> PipelineResult:
    """The result in a run's folder; raises RunError where there is none, or it is damaged or too much."""
    try:
        return PipelineResult.from_json(json.dumps(read_json(folder / RESULT)))
    except (ValueError, TypeError):
        raise RunError(f"{folder / RESULT} is damaged: it is no result") from None


def _new(folder: Path, spec: dict[str, JSON], record: Mapping[str, JSON], log: _Log) -> NewRun:
    pipeline, found = spec.get("pipeline"), spec.get("digest")
    if not isinstance(pipeline, dict) or not isinstance(found, str):
        raise RunError(f"{folder / SPEC} is no spec of a run: it has no pipeline or no digest")
    name, plan, text = pipeline.get("name"), record.get("plan"), spec.get("text")
    return NewRun(
        name=name if isinstance(name, str) else _name_of(pipeline) or folder.name,
        kind=_kind(pipeline, log),
        folder=folder,
        spec_hash=found,
        resolved={key: value for key, value in spec.items() if key not in ("digest", "text")},
        plan_hash=plan if isinstance(plan, str) else _plan_hash(spec),
        spec_text=text if isinstance(text, str) else None,
        parents=_parents(record.get("parents", spec.get("parents"))),
        id=_id(log)
        or hashlib.sha256(found.encode("utf-8", "replace") + os.fsencode(folder.absolute())).hexdigest()[:12],
        created=log.began or instant(datetime.fromtimestamp((folder / SPEC).stat().st_mtime, UTC)),
    )


def _name_of(pipeline: Mapping[str, JSON]) -> str | None:
    match pipeline:
        case {"comparison": {"name": str(name)}}:
            return name
    return None


def _kind(pipeline: Mapping[str, JSON], log: _Log) -> str:
    for said in (pipeline.get("pipeline"), pipeline.get("kind"), log.kind):
        if said in KINDS:
            return str(said)
    return next((kind for key, kind in _KIND_BY_KEY.items() if key in pipeline), "training")


def _plan_hash(spec: Mapping[str, JSON]) -> str | None:
    plan = spec.get("plan")
    return digest(plan) if isinstance(plan, dict) else None


def _parents(found: JSON) -> tuple[str, ...]:
    return tuple(p for p in found[:MOST_PARENTS] if isinstance(p, str)) if isinstance(found, list) else ()


def _status(log: _Log, result: PipelineResult | None) -> RunStatus:
    """What became of the run: its result's status, where the log's last word is that it finished."""
    if log.ended is None or result is None:
        return "interrupted"
    return "interrupted" if log.interrupted else result.status


def _id(log: _Log) -> str | None:
    if log.id is not None:
        return log.id
    return hashlib.sha256(log.first).hexdigest()[:12] if log.first else None


def _object(path: Path) -> dict[str, JSON]:
    data = read_json(path)
    if not isinstance(data, dict):
        raise RunError(f"{path} is damaged: it holds no object")
    return data


# --- the log ---


def _read_log(path: Path) -> _Log:
    """What a log says; damaged lines say nothing, and a missing log is an empty one."""
    log, found = AttemptLog(), _Log()
    for line in _lines(path):
        event = _event(line)
        if event is None:
            continue
        kind, when = event.get("event"), moment(event.get("time"))
        log.hear(event)
        if kind == "run_started" and not found.first:
            said = event.get("run")
            known = str(said) if is_run_id(said) else None
            what = event.get("kind")
            found = _Log((), known, line, when, None, what if isinstance(what, str) else None)
        elif kind in ("run_started", "run_resumed"):
            found = replace(found, ended=None)
        elif kind == "run_finished":
            found = replace(found, ended=when)
    if found.ended is None:
        log.interrupt()
    return replace(found, attempts=log.attempts, interrupted=log.interrupted)


def _event(line: bytes) -> dict[str, JSON] | None:
    if not any(mark in line for mark in _MARKS):
        return None
    try:
        data = parse(line, "an event")
    except RunError:
        return None
    return data if isinstance(data, dict) else None


def _lines(path: Path) -> Iterator[bytes]:
    """The lines that are not too long, of as much as is read; none where there is no file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return
    with os.fdopen(descriptor, "rb") as file:
        size = os.fstat(descriptor).st_size
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise RunError(f"{path} is not a file")
        if size > MOST_EVENT_BYTES:
            raise RunError(f"{path} has more than the {MOST_EVENT_BYTES:,} bytes that are read of a log")
        yield from _short_lines(file, size)


def _short_lines(file: BinaryIO, size: int) -> Iterator[bytes]:
    whole = True
    while file.tell() < size and (line := file.readline(LONGEST_EVENT)):
        ends = line.endswith(b"\n")
        if whole and (ends or len(line) < LONGEST_EVENT):
            yield line.strip()
        whole = ends
