"""Between rows of the store's tables and the data classes."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from dync.compiler.expression import JSON
from dync.runtime.lanes.decision import Decision
from dync.runtime.pipelines.result import PipelineResult
from dync.runtime.plain_json import plain_json
from dync.runtime.store.measures import main_measure, measures_of, number
from dync.runtime.store.process import ProcessMark, lives
from dync.runtime.store.run_data import Attempt, Measured, NewRun, Run, RunStatus, Summary
from dync.runtime.store.settings import settings_of

MOST_OF_A_PART: Final = 2**20
"""Bytes of a part of the outputs or of the resolved spec that the index holds; what is larger stays in the folder."""

MOST_IN_ALL: Final = 4 * MOST_OF_A_PART
MOST_LISTED: Final = 100
LONGEST: Final = 300
"""Characters of a name; a sentence may be `LONGEST_SENTENCE` long."""
LONGEST_SENTENCE: Final = 10_000
LONGEST_PATH: Final = 2**16

RECORD_COLUMNS: Final = ("git", "versions", "device", "flags", "seeds", "data")
SUMMARY_COLUMNS: Final = (
    "id, name, kind, status, main_name, main_value, created, seconds, folder, relative, host, process, process_start"
)

Row = Mapping[str, Any]


def to_json(data: Any) -> str:
    """Data as the store holds it."""
    return json.dumps(plain_json(data), allow_nan=False, separators=(",", ":"))


def from_json(text: str) -> JSON:
    """What `to_json` gave; null where somebody changed it to something else."""
    try:
        data: JSON = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return data


def decision_of(row: Row) -> Decision:
    """A mode that was measured; times that somebody changed to something else are left out."""
    seconds = from_json(row["seconds"])
    times = seconds.items() if isinstance(seconds, dict) else ()
    return Decision(row["mode"], row["why"], {m: float(s) for m, s in times if isinstance(s, int | float)})


def text(value: str, most: int = LONGEST) -> str:
    """A text that SQLite can hold, cut off where it is very long; what is no character is replaced."""
    whole = value.encode("utf-8", "replace").decode()
    return whole if len(whole) <= most else whole[: most - 1] + "…"


def fitting(parts: Mapping[str, JSON], place: str) -> tuple[dict[str, JSON], list[str]]:
    """The parts that are small enough for an index, and `PLACE.PART` for the others, of which some are listed."""
    small: dict[str, JSON] = {}
    left, room = [], MOST_IN_ALL
    for name, part in parts.items():
        size = len(name) + len(to_json(part))
        if size <= min(room, MOST_OF_A_PART):
            small[name] = part
            room -= size
        else:
            left.append(f"{place}.{text(name)}")
    return small, left[:MOST_LISTED]


def row_of_new(new: NewRun, store: Path) -> dict[str, Any]:
    """The columns that are known at the beginning."""
    resolved, left = fitting(new.resolved, "spec")
    folder = new.folder.absolute()
    long = new.spec_text is not None and len(new.spec_text) > MOST_OF_A_PART
    return {
        "id": new.id,
        "name": text(new.name),
        "kind": text(new.kind),
        "folder": text(str(folder), LONGEST_PATH),
        "relative": text(relative_to(folder, store), LONGEST_PATH),
        "spec_hash": text(new.spec_hash),
        "plan_hash": None if new.plan_hash is None else text(new.plan_hash),
        "spec_text": None if new.spec_text is None or long else text(new.spec_text, MOST_OF_A_PART),
        "resolved": to_json(resolved),
        "settings": to_json(settings_of(new.resolved)),
        "left_in_folder": to_json([*left, *(["spec.text"] if long else [])]),
        "created": new.created,
    }


def row_of_record(record: Mapping[str, JSON]) -> dict[str, str]:
    """The columns of what `record.json` says; what is too large for an index is left there."""
    device = record.get("device")
    found: dict[str, JSON] = {
        "git": record.get("git"),
        "versions": record.get("versions"),
        "device": {**device, "cpus": record.get("cpus")} if isinstance(device, dict) else device,
        "flags": record.get("flags"),
        "seeds": record.get("seeds", record.get("seed")),
        "data": record.get("data"),
    }
    small, _ = fitting(found, "record")
    return {name: to_json(small.get(name)) for name in RECORD_COLUMNS}


def row_of_outputs(outputs: Mapping[str, JSON]) -> tuple[dict[str, Any], list[str]]:
    """The columns of what came out, and the names of the parts that are too large for an index."""
    small, left = fitting(outputs, "result.outputs")
    main = main_measure(outputs)
    return {
        "outputs": to_json(small),
        "measures": to_json(measures_of(outputs)),
        "main_name": None if main is None else text(main.name),
        "main_value": None if main is None else main.value,
    }, left


def row_of_result(result: PipelineResult, left: Sequence[str]) -> dict[str, Any]:
    """The columns of a result; `left` is what else of the run is too large for an index."""
    outputs = plain_json(result.outputs)
    columns, more = row_of_outputs(outputs if isinstance(outputs, dict) else {})
    before = [name for name in left if not name.startswith("result.")]
    return columns | {
        "errors": to_json([text(error, LONGEST_SENTENCE) for error in result.errors[:MOST_LISTED]]),
        "seconds": number(result.total_time_seconds),
        "left_in_folder": to_json([*before, *more]),
    }


def left_of(row: Row) -> list[str]:
    """What a row says is too large for an index."""
    found = from_json(row["left_in_folder"])
    return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []


def relative_to(folder: Path, store: Path) -> str:
    """A folder as seen from the store's own, so that both can move together."""
    try:
        return os.path.relpath(folder, store.parent.absolute())
    except ValueError:  # another drive
        return str(folder)


def summary_of(row: Row, store: Path) -> Summary:
    """A line of the list."""
    return Summary(
        id=row["id"],
        name=row["name"],
        kind=row["kind"],
        status=status_of(row),
        main=_main(row),
        created=row["created"],
        seconds=row["seconds"],
        folder=place_of(row, store),
    )


def run_of(row: Row, attempts: Sequence[Row], parents: Sequence[Row], store: Path) -> Run:
    """Everything of a run."""
    settings, measures = from_json(row["settings"]), from_json(row["measures"])
    record: dict[str, Any] = {name: from_json(row[name]) for name in RECORD_COLUMNS}
    return Run(
        **vars(summary_of(row, store)),
        updated=row["updated"],
        ended=row["ended"],
        relative=row["relative"],
        spec_hash=row["spec_hash"],
        plan_hash=row["plan_hash"],
        spec_text=row["spec_text"],
        resolved=from_json(row["resolved"]),
        settings=settings if isinstance(settings, dict) else {},
        **record,
        parents=tuple(found["parent"] for found in parents),
        attempts=tuple(Attempt(**found) for found in attempts),
        errors=from_json(row["errors"]),
        outputs=from_json(row["outputs"]),
        measures=measures if isinstance(measures, dict) else {},
        left_in_folder=from_json(row["left_in_folder"]),
        process=mark_of(row),
    )


def mark_of(row: Row) -> ProcessMark | None:
    """The process that last worked on a run."""
    if row["host"] is None or row["process"] is None:
        return None
    return ProcessMark(row["host"], row["process"], row["process_start"])


def status_of(row: Row) -> RunStatus:
    """The status as it is shown: a run whose process is dead is not running."""
    status: RunStatus = row["status"]
    return "interrupted" if is_dead(row) else status


def is_dead(row: Row) -> bool:
    """Whether a row says that it runs while its process is no more."""
    mark = mark_of(row)
    return row["status"] == "running" and (mark is None or lives(mark) is False)


def place_of(row: Row, store: Path) -> str:
    """Where the folder is now: where it was, or at the same place beside the store where both were moved."""
    moved = os.path.normpath(store.parent.absolute() / row["relative"])
    gone = not Path(row["folder"]).is_dir()
    return moved if gone and Path(moved).is_dir() else str(row["folder"])


def _main(row: Row) -> Measured | None:
    if row["main_name"] is None or row["main_value"] is None:
        return None
    return Measured(row["main_name"], row["main_value"])
