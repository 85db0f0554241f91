"""The connection to the store's file: opened, brought to the present form, and its failures said in sentences."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from dync.runtime.error import RunError
from dync.runtime.store import schema

BUSY_SECONDS: Final = 30.0
"""How long to wait while another process writes."""


def connect(path: Path, *, create: bool) -> sqlite3.Connection:
    """A connection to the store at `path`; `create` makes one where there is none.

    Commits are on the disk when they return (WAL with full synchronisation), and a killed process leaves what it had
    committed and nothing else. Raises RunError for a file that is no store, damaged, or of a newer dync.
    """
    with sentences(path):
        if create:
            path.parent.mkdir(parents=True, exist_ok=True)
        elif not path.is_file():
            raise RunError(
                f"there is no store of runs at {path}: `dync run` makes one, and `dync runs --scan DIR` one of the"
                " folders in DIR; --store FILE names another"
            )
        address = f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}"
        connection = sqlite3.connect(
            address, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
        return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing: what is written inside is there when this ends, or never was."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def sentences(path: Path) -> Iterator[None]:
    """Failures of the database as a RunError that says what to do."""
    try:
        yield
    except sqlite3.Error as error:
        raise RunError(_sentence(path, error)) from error
    except OSError as error:
        raise RunError(f"{path} cannot be written ({error.strerror}): name another store with --store FILE") from None


def _sentence(path: Path, error: sqlite3.Error) -> str:
    match error.sqlite_errorcode & 0xFF if hasattr(error, "sqlite_errorcode") else 0:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return f"{path} was locked by another process for {BUSY_SECONDS:.0f} s: try again when that is done"
        case sqlite3.SQLITE_READONLY:
            return f"{path} may not be written: name another store with --store FILE"
        case sqlite3.SQLITE_FULL:
            return f"the disk of {path} is full: make room"
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM | sqlite3.SQLITE_IOERR:
            return f"{path} cannot be opened or read ({error}): name another store with --store FILE"
    return (
        f"{path} is damaged or no store of runs ({error}): move it away and make it anew with `dync runs --scan DIR`;"
        " the folders of the runs hold everything"
    )


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA trusted_schema = OFF")
    if _version(connection, path) < len(schema.MIGRATIONS):
        _use_wal(connection)
        _migrate(connection, path)


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """The form that the file has; 0 for an empty one. Raises RunError for what is no store that this dync knows."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != schema.APPLICATION_ID:
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if application or version or tables:
            raise RunError(f"{path} is a database of something else: name another store with --store FILE")
        return 0
    if version > len(schema.MIGRATIONS):
        raise RunError(
            f"{path} was written by a newer dync (form {version}, this one knows {len(schema.MIGRATIONS)}): install"
            " that, or name another store with --store FILE"
        )
    return int(version)


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to a write-ahead log: the file remembers it. SQLite does not wait for others here, so this does.

    Where the file system cannot do it, the journal that it can do serves as well, more slowly.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the file to the present form, in one transaction: another process may have done it meanwhile."""
    with transaction(connection):
        for version in range(_version(connection, path), len(schema.MIGRATIONS)):
            for statement in schema.MIGRATIONS[version]:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID:d}")
        connection.execute(f"PRAGMA user_version = {len(schema.MIGRATIONS):d}")
