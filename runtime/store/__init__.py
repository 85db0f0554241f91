"""The store of runs: an index in SQLite of what ran, which the runs' own folders can always rebuild."""

from dync.runtime.store.attempts import AttemptLog
from dync.runtime.store.condition import Condition, parse_condition
from dync.runtime.store.folder import FoundRun, read_run, run_id_of
from dync.runtime.store.live import LiveRun
from dync.runtime.store.modes import StoredModes
from dync.runtime.store.run_data import Attempt, NewRun, Run, RunFilter, RunStatus, Summary, new_run_id
from dync.runtime.store.scanning import Scanned, scan
from dync.runtime.store.side_by_side import Differences, differences
from dync.runtime.store.store import Store, default_store, open_store

__all__ = [
    "Attempt",
    "AttemptLog",
    "Condition",
    "Differences",
    "FoundRun",
    "LiveRun",
    "NewRun",
    "Run",
    "RunFilter",
    "RunStatus",
    "Scanned",
    "Store",
    "StoredModes",
    "Summary",
    "default_store",
    "differences",
    "new_run_id",
    "open_store",
    "parse_condition",
    "read_run",
    "run_id_of",
    "scan",
]
