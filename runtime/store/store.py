"""The store of runs: what `dync run` writes while it works, and `dync runs` reads."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from dync.compiler.expression import JSON
from dync.runtime.error import RunError
from dync.runtime.lanes.decision import Decision
from dync.runtime.pipelines.result import PipelineResult
from dync.runtime.store.database import connect, sentences, transaction
from dync.runtime.store.folder import FoundRun, read_run
from dync.runtime.store.lookup import matching
from dync.runtime.store.process import lives, this_process
from dync.runtime.store.rows import (
    LONGEST_PATH,
    LONGEST_SENTENCE,
    SUMMARY_COLUMNS,
    Row,
    decision_of,
    is_dead,
    left_of,
    mark_of,
    place_of,
    row_of_new,
    row_of_record,
    row_of_result,
    run_of,
    summary_of,
    text,
    to_json,
)
from dync.runtime.store.run_data import Attempt, NewRun, Run, RunFilter, RunStatus, Summary, is_run_id, now

VARIABLE: Final = "DYNC_STORE"
MOST_HEALED: Final = 100
"""Interrupted runs whose folders are looked at when the store is listed."""


def default_store() -> Path:
    """The file that the environment variable DYNC_STORE names, or `runs/runs.sqlite` in the current folder."""
    return Path(os.environ.get(VARIABLE) or "runs/runs.sqlite")


def open_store(path: Path | None = None, *, create: bool = True) -> Store:
    """The store at `path` (None: `default_store()`); `create` makes one where there is none.

    Only the process that was started opens it, never its workers; other processes may have it open too and take turns.
    Raises RunError for a file that cannot serve.
    """
    place = default_store() if path is None else path
    return Store(place, connect(place, create=create))


class Store:
    """An index of runs in one file. Every writing call is one transaction: on the disk when it returns, or not at all.

    All calls raise RunError where the file cannot be read or written, or there is no such run.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._connection.row_factory = _row
        self._lock = threading.RLock()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        with self._lock, sentences(self.path):
            self._connection.close()

    # --- writing ---

    def begin(self, new: NewRun) -> str:
        """A run begins, or goes on where its id is known; this process is the one that works on it. Gives its id."""
        if not is_run_id(new.id):
            raise ValueError(f"{new.id!r} is no id of a run: take new_run_id()")
        mark = this_process()
        row = row_of_new(new, self.path) | {
            "status": "running",
            "updated": now(),
            "ended": None,
            "host": mark.host,
            "process": mark.process,
            "process_start": mark.start,
        }
        with self._write():
            self._put(row, keep=("created", *(["spec_text"] if new.spec_text is None else [])))
            self._put_parents(new)
        return new.id

    def record(self, run: str, record: Mapping[str, JSON]) -> None:
        """What `record.json` says: git, versions, device, flags, seeds, data."""
        with self._write():
            self._set(run, row_of_record(record) | {"updated": now()})

    def attempt(self, run: str, attempt: Attempt) -> None:
        """An attempt at a stage, when it begins and again when it ends."""
        with self._write():
            self._known(run)
            self._put_attempt(run, attempt)

    def finish(self, run: str, result: PipelineResult, *, interrupted: bool = False) -> None:
        """A run ended with this result, or was `interrupted` by the person who started it."""
        status: RunStatus = "interrupted" if interrupted else result.status
        with self._write():
            left = left_of(self._known(run))
            self._set(run, row_of_result(result, left) | {"status": status, "ended": now(), "updated": now()})

    def interrupt(self, run: str) -> None:
        """A run was cut off before it had a result."""
        with self._write():
            self._set(run, {"status": "interrupted", "ended": now(), "updated": now()})

    def adopt(self, found: FoundRun) -> bool:
        """Take over what a run's folder says, in place of what is recorded; False where there is nothing to be done.

        That is so while a process still works on the run. Raises RunError for a folder that has the id of a run that
        lies elsewhere.
        """
        with self._write():
            known = self._one("SELECT * FROM runs WHERE id = ?", found.new.id)
            if known is not None and not self._may_adopt(known, found):
                return False
            self._put(self._of_found(found, known), keep=())
            if found.new.parents:
                self._put_parents(found.new)
            for attempt in found.attempts:
                self._put_attempt(found.new.id, attempt)
        return True

    def heal(self) -> None:
        """Look at the folders of runs that seem to run while their processes are dead: they may have ended well."""
        with self._read():
            rows = self._all("SELECT * FROM runs WHERE status = 'running' ORDER BY created DESC LIMIT ?", MOST_HEALED)
        for row in filter(is_dead, rows):
            try:
                found = read_run(Path(place_of(row, self.path)))
            except RunError:
                continue
            if found.new.id == row["id"]:
                self.adopt(found)

    def forget(self, run: str) -> None:
        """Take a run out of the index; its folder stays as it is."""
        with self._write():
            self._known(run)
            self._connection.execute("DELETE FROM runs WHERE id = ?", (run,))

    def keep_mode(self, conditions: str, lanes: str, decision: Decision) -> Decision:
        """Keep the mode that measured fastest for lanes alike under these conditions; gives the first that was kept."""
        row = (conditions, lanes, decision.mode, text(decision.why), to_json(dict(decision.seconds)), now())
        with self._write():
            self._connection.execute("INSERT OR IGNORE INTO modes VALUES (?, ?, ?, ?, ?, ?)", row)
        return self.mode(conditions, lanes) or decision

    # --- reading ---

    def mode(self, conditions: str, lanes: str) -> Decision | None:
        """The mode that was kept for lanes alike under these conditions, None where none was."""
        with self._read():
            row = self._one("SELECT * FROM modes WHERE conditions = ? AND lanes = ?", (conditions, lanes))
        return None if row is None else decision_of(row)

    def runs(self, wanted: RunFilter | None = None) -> tuple[Summary, ...]:
        """The runs that a filter lets through, the newest first. Raises RunError where no run has a key of `where`."""
        chosen = wanted or RunFilter()
        conditioned = chosen.where is not None
        columns = f"{SUMMARY_COLUMNS}, settings, measures" if conditioned else SUMMARY_COLUMNS
        with self._read():
            rows = self._all(
                f"SELECT {columns} FROM runs WHERE (:kind IS NULL OR kind = :kind)"
                " AND (:since IS NULL OR created >= :since) ORDER BY created DESC, id",
                {"kind": _asked(chosen.kind), "since": _asked(chosen.since)},
            )
        found = [row for row in rows if chosen.name is None or fnmatchcase(row["name"], chosen.name)]
        summaries = [(summary_of(row, self.path), row) for row in found]
        kept = [pair for pair in summaries if chosen.status is None or pair[0].status == chosen.status]
        if chosen.where is not None:
            kept = matching(chosen.where, kept)
        return tuple(summary for summary, _ in kept[: chosen.limit])

    def run(self, run: str) -> Run:
        """Everything of the run with this id, or the only one whose id begins so."""
        with self._read():
            known = self.id_of(run)
            row = self._known(known)
            attempts = self._all(
                "SELECT number, stage, started, ended, status, cause FROM attempts WHERE run = ?"
                " ORDER BY started, rowid",
                known,
            )
            parents = self._all("SELECT parent FROM parents WHERE run = ? ORDER BY position", known)
        return run_of(row, attempts, parents, self.path)

    def id_of(self, start: str) -> str:
        """The one id that begins like this; raises RunError where none does, or several."""
        with self._read():
            rows = self._all(
                "SELECT id, name FROM runs WHERE substr(id, 1, length(:start)) = :start ORDER BY created DESC LIMIT 6",
                {"start": text(start.lower())},
            )
        if not rows or not start:
            raise RunError(f"no run in {self.path} has an id that begins with {start!r}: `dync runs` lists them")
        if len(rows) > 1:
            listed = ", ".join(f"{row['id']} ({row['name']})" for row in rows[:5]) + (", …" if len(rows) > 5 else "")
            raise RunError(f"several runs have an id that begins with {start!r}: {listed}; give more of it")
        return str(rows[0]["id"])

    def run_in(self, folder: Path) -> str | None:
        """The id of the newest run that lay in a folder when it was last heard of."""
        with self._read():
            row = self._one(
                "SELECT id FROM runs WHERE folder = ? ORDER BY created DESC LIMIT 1",
                text(str(folder.absolute()), LONGEST_PATH),
            )
        return None if row is None else str(row["id"])

    # --- inside ---

    @contextmanager
    def _write(self) -> Iterator[None]:
        with self._lock, sentences(self.path), transaction(self._connection):
            yield

    @contextmanager
    def _read(self) -> Iterator[None]:
        with self._lock, sentences(self.path):
            yield

    def _all(self, statement: str, bound: Any) -> list[Row]:
        values = bound if isinstance(bound, dict | tuple) else (bound,)
        return self._connection.execute(statement, values).fetchall()

    def _one(self, statement: str, bound: Any) -> Row | None:
        return next(iter(self._all(statement, bound)), None)

    def _known(self, run: str) -> Row:
        row = self._one("SELECT * FROM runs WHERE id = ?", run)
        if row is None:
            raise RunError(f"no run in {self.path} has the id {run}: `dync runs` lists them")
        return row

    def _put(self, row: Mapping[str, Any], keep: Sequence[str]) -> None:
        """Insert a row, or bring the one with its id up to date in all of these columns but those to `keep`.

        The names of columns come from this package; what they hold is bound.
        """
        changes = ", ".join(f"{name} = excluded.{name}" for name in row if name not in ("id", *keep))
        self._connection.execute(
            f"INSERT INTO runs ({', '.join(row)}) VALUES ({', '.join(f':{name}' for name in row)})"
            f" ON CONFLICT (id) DO UPDATE SET {changes}",
            row,
        )

    def _set(self, run: str, columns: Mapping[str, Any]) -> None:
        self._known(run)
        changes = ", ".join(f"{name} = :{name}" for name in columns)
        self._connection.execute(f"UPDATE runs SET {changes} WHERE id = :id", {**columns, "id": run})

    def _put_parents(self, new: NewRun) -> None:
        self._connection.execute("DELETE FROM parents WHERE run = ?", (new.id,))
        self._connection.executemany(
            "INSERT INTO parents (run, position, parent) VALUES (?, ?, ?)",
            [(new.id, place, text(parent, LONGEST_PATH)) for place, parent in enumerate(new.parents)],
        )

    def _put_attempt(self, run: str, attempt: Attempt) -> None:
        cause = None if attempt.cause is None else text(attempt.cause, LONGEST_SENTENCE)
        self._connection.execute(
            "INSERT INTO attempts (run, stage, number, started, ended, status, cause) VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (run, stage, number) DO UPDATE SET started = excluded.started, ended = excluded.ended,"
            " status = excluded.status, cause = excluded.cause",
            (run, text(attempt.stage), attempt.number, attempt.started, attempt.ended, attempt.status, cause),
        )

    def _of_found(self, found: FoundRun, known: Row | None) -> dict[str, Any]:
        row = row_of_new(found.new, self.path) | {"status": found.status, "ended": found.ended, "updated": now()}
        if row["spec_text"] is None and known is not None:
            del row["spec_text"]
        if found.record:
            row |= row_of_record(found.record)
        if found.result is not None:
            row |= row_of_result(found.result, left_of(row))
        return row

    def _may_adopt(self, known: Row, found: FoundRun) -> bool:
        here = str(found.new.folder.absolute())
        there = place_of(known, self.path)
        if os.path.realpath(there) != os.path.realpath(here) and Path(there).is_dir():
            raise RunError(f"{here} has the id of the run in {there}: one is a copy of the other")
        mark = mark_of(known)
        works = known["status"] == "running" and mark is not None and lives(mark) is not False
        return found.status != "interrupted" or not works


def _asked(value: str | None) -> str | None:
    return None if value is None else text(value)


def _row(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> Row:
    """A row by the names of its columns."""
    return {column[0]: value for column, value in zip(cursor.description, values, strict=True)}
