"""The file of the store: its forms, what is no store, and what cannot be written."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from dync.runtime.error import RunError
from dync.runtime.store import Store, open_store, schema
from dync.runtime.store.database import connect, transaction
from tests.runtime.store.conftest import new_run, result

SECOND = ("ALTER TABLE runs ADD COLUMN note TEXT NOT NULL DEFAULT 'none'", "CREATE TABLE notes (text TEXT)")


def test_it_keeps_a_log_that_kills_cannot_spoil(store: Store) -> None:
    asked = ("journal_mode", "synchronous", "foreign_keys", "user_version", "application_id")
    found = [store._connection.execute(f"PRAGMA {name}").fetchone()[name] for name in asked]
    assert found == ["wal", 2, 1, len(schema.MIGRATIONS), schema.APPLICATION_ID]


def test_an_older_form_is_brought_up_to_date_and_keeps_its_rows(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = store.begin(new_run(tmp_path / "fit"))
    store.finish(run, result())
    store.close()
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, SECOND))
    with open_store(store.path, create=False) as opened:
        assert opened.run(run).status == "success"
        assert opened._connection.execute("SELECT note FROM runs").fetchone() == {"note": "none"}
        assert opened._connection.execute("PRAGMA user_version").fetchone() == {"user_version": 3}
    monkeypatch.undo()
    with pytest.raises(RunError, match=r"written by a newer dync \(form 3, this one knows 2\)"):
        open_store(store.path)


def test_a_step_that_fails_changes_nothing(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = store.begin(new_run(tmp_path / "fit"))
    store.close()
    with monkeypatch.context() as patched:
        patched.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, (*SECOND, "CREATE TABLE runs (id TEXT)")))
        with pytest.raises(RunError, match="already exists"):
            open_store(store.path)
    with open_store(store.path, create=False) as opened:
        assert opened.run(run).name == "fit"
        names = opened._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        assert {"name": "notes"} not in names


def test_a_transaction_is_all_or_nothing(tmp_path: Path) -> None:
    connection = connect(tmp_path / "x.sqlite", create=True)
    with pytest.raises(KeyboardInterrupt), transaction(connection):
        connection.execute("CREATE TABLE other (a)")
        raise KeyboardInterrupt
    assert not connection.in_transaction
    assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'other'").fetchone() == (0,)
    connection.close()


def test_what_is_no_store_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE mine (a)")
    connection.close()
    before = other.read_bytes()
    text = tmp_path / "text.sqlite"
    text.write_text("not a database, but long enough to have a header " * 20)
    for path, sentence in ((other, "is a database of something else"), (text, "is damaged or no store")):
        with pytest.raises(RunError, match=sentence):
            open_store(path)
    assert other.read_bytes() == before


def test_a_damaged_store_says_how_to_make_it_anew(store: Store, tmp_path: Path) -> None:
    for number in range(50):
        store.begin(new_run(tmp_path / f"fit{number}", spec_text="x" * 2000))
    store.close()
    content = bytearray(store.path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    store.path.write_bytes(bytes(content))
    with pytest.raises(RunError, match=r"is damaged .*`dync runs --scan DIR`"), open_store(store.path) as opened:
        opened.runs()


def test_no_store_is_made_where_none_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"there is no store of runs at .*--scan DIR"):
        open_store(tmp_path / "runs" / "runs.sqlite", create=False)
    assert list(tmp_path.iterdir()) == []


def test_places_that_cannot_serve(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="--store FILE"):
        open_store(tmp_path / "file" / "runs.sqlite")
    (tmp_path / "folder").mkdir()
    with pytest.raises(RunError, match="--store FILE"):
        open_store(tmp_path / "folder")


def test_signs_in_the_name_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a?mode=ro#b%20.sqlite"
    open_store(path).close()
    assert path.is_file()


def test_a_locked_store_is_waited_for_and_then_said(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dync.runtime.store.database.BUSY_SECONDS", 0.2)
    with open_store(store.path) as other, transaction(other._connection):
        assert store.runs() == (), "who reads does not wait"
        with pytest.raises(RunError, match="was locked by another process"), open_store(store.path) as third:
            third.begin(new_run(tmp_path / "fit"))
