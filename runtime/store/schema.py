"""The tables of the store, and how a store that an older dync wrote is brought to its present form."""

from __future__ import annotations

from typing import Final

APPLICATION_ID: Final = 0x64796E63
"""Says in the file's header that it is a store of runs (`dync` in ASCII)."""

_FIRST: Final = (
    """
    CREATE TABLE runs (
      id TEXT NOT NULL PRIMARY KEY,
      name TEXT NOT NULL,
      kind TEXT NOT NULL,
      status TEXT NOT NULL CHECK (status IN ('running', 'success', 'partial', 'failed', 'interrupted')),
      folder TEXT NOT NULL,
      relative TEXT NOT NULL,
      spec_hash TEXT NOT NULL,
      plan_hash TEXT,
      spec_text TEXT,
      resolved TEXT NOT NULL,
      settings TEXT NOT NULL,
      git TEXT NOT NULL DEFAULT 'null',
      versions TEXT NOT NULL DEFAULT 'null',
      device TEXT NOT NULL DEFAULT 'null',
      flags TEXT NOT NULL DEFAULT 'null',
      seeds TEXT NOT NULL DEFAULT 'null',
      data TEXT NOT NULL DEFAULT 'null',
      errors TEXT NOT NULL DEFAULT '[]',
      outputs TEXT NOT NULL DEFAULT '{}',
      measures TEXT NOT NULL DEFAULT '{}',
      left_in_folder TEXT NOT NULL DEFAULT '[]',
      main_name TEXT,
      main_value REAL,
      host TEXT,
      process INTEGER,
      process_start TEXT,
      created TEXT NOT NULL,
      updated TEXT NOT NULL,
      ended TEXT,
      seconds REAL
    )
    """,
    "CREATE INDEX runs_by_time ON runs (created)",
    "CREATE INDEX runs_by_folder ON runs (folder)",
    """
    CREATE TABLE attempts (
      run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      stage TEXT NOT NULL,
      number INTEGER NOT NULL,
      started TEXT NOT NULL,
      ended TEXT,
      status TEXT NOT NULL CHECK (status IN ('running', 'completed', 'failed', 'interrupted')),
      cause TEXT,
      PRIMARY KEY (run, stage, number)
    )
    """,
    """
    CREATE TABLE parents (
      run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      position INTEGER NOT NULL,
      parent TEXT NOT NULL,
      PRIMARY KEY (run, position)
    )
    """,
)

_MODES: Final = (
    """
    CREATE TABLE modes (
      conditions TEXT NOT NULL,
      lanes TEXT NOT NULL,
      mode TEXT NOT NULL CHECK (mode IN ('fast', 'exact', 'off')),
      why TEXT NOT NULL,
      seconds TEXT NOT NULL,
      made TEXT NOT NULL,
      PRIMARY KEY (conditions, lanes)
    )
    """,
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST, _MODES)
"""The statements that lead from each version to the next; a version is a place in this list. What stands here never
changes: a new form is a further entry."""
