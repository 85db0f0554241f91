"""One run while it works, told to the store: what cannot be recorded never stops the work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from dync.compiler.expression import JSON
from dync.runtime.error import RunError
from dync.runtime.run_folder import RECORD
from dync.runtime.store.attempts import AttemptLog
from dync.runtime.store.bounded_json import read_json
from dync.runtime.store.folder import read_result
from dync.runtime.store.run_data import NewRun
from dync.runtime.store.store import Store, open_store

Warn = Callable[[str], None]
"""Hears, once, that the store can no longer be written."""


class LiveRun:
    """A run that this process works on, recorded as its events are heard.

    Give `hear` to the run's folder as one that hears its events, and `close` it in the end. Everything is on the disk
    of the folder before the store hears of it, so a kill at any moment leaves nothing in the store that the folder does
    not have. Where the store cannot be written, `warn` hears a sentence and the rest does nothing: the run goes on, and
    `dync runs --scan` adds it later.
    """

    def __init__(self, path: Path | None, new: NewRun, warn: Warn) -> None:
        self._path = path
        self._new = new
        self._warn = warn
        self._store: Store | None = None
        self._log = AttemptLog()
        self._recorded = False

    def hear(self, event: Mapping[str, JSON]) -> None:
        """An event as it stands in `events.jsonl`."""
        try:
            self._hear(event, event.get("event"))
        except RunError as error:
            self.close()
            self._warn(
                f"this run is not recorded in the store of runs: {error}. `dync runs --scan {self._new.folder}` adds"
                " it later"
            )

    def close(self) -> None:
        """Let go of the store; a run that did not end shows as interrupted once this process is over."""
        store, self._store = self._store, None
        if store is not None:
            with suppress(RunError):
                store.close()

    def _hear(self, event: Mapping[str, JSON], kind: JSON) -> None:
        if kind in ("run_started", "run_resumed"):
            self._begin()
        if self._store is None:
            return
        for attempt in self._log.hear(event):
            self._store.attempt(self._new.id, attempt)
        if kind == "stage_outdated":
            self._recorded = False  # it stands on something else now, and so says its record
        if isinstance(kind, str) and kind.startswith("stage_"):
            self._record(self._store)
        if kind == "run_finished":
            self._record(self._store)
            result = read_result(self._new.folder)
            self._store.finish(self._new.id, result, interrupted=self._log.interrupted)

    def _begin(self) -> None:
        """The run is in the store, with the attempts that were made before this process."""
        if self._store is None:
            self._store = open_store(self._path)
        self._store.begin(self._new)
        self._log = AttemptLog(self._store.run(self._new.id).attempts)

    def _record(self, store: Store) -> None:
        """What `record.json` says, once, as soon as it is there."""
        path = self._new.folder / RECORD
        if self._recorded or not path.is_file():
            return
        record = read_json(path)
        if isinstance(record, dict):
            store.record(self._new.id, record)
        self._recorded = True
