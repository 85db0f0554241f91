"""Writing that a crash cannot spoil."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from dync.runtime import files
from dync.runtime.files import remove_stale, write_file, write_folder


def dead_process() -> int:
    """The number of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def names(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir()]


def leftover(ending: str, process: int) -> str:
    return f".dync-{files._HOST}-{process}-0123abcd.{ending}"


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    write_file(path, b"old")
    write_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["a.bin"]


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.bin"
    write_file(path, b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_file(path, b"new")
    with pytest.raises(OSError, match="No space"):
        write_folder(tmp_path / "folder", {"a": b"1"})
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.bin"]


def test_everything_is_synced_before_it_gets_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    happened: list[str] = []
    sync, rename = os.fsync, Path.rename

    def recorded_sync(descriptor: int) -> None:
        happened.append("sync folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "sync file")
        sync(descriptor)

    def recorded_rename(path: Path, target: Path) -> Path:
        happened.append("rename")
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", recorded_sync)
    monkeypatch.setattr(Path, "rename", recorded_rename)
    write_folder(tmp_path / "folder", {"a": b"1", "b": b"2"})
    assert happened == ["sync file", "sync file", "sync folder", "rename", "sync folder"]


def test_a_folder_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    write_folder(path, {"a": b"1", "b": b"2"})
    write_folder(path, {"b": b"3"})
    assert {entry.name: entry.read_bytes() for entry in path.iterdir()} == {"b": b"3"}
    assert names(tmp_path) == ["folder"]


@pytest.mark.parametrize("name", ["", "..", "a/b", "/a"])
def test_names_that_lead_elsewhere(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not the name of a file"):
        write_folder(tmp_path / "folder", {name: b""})
    assert names(tmp_path) == []


def test_a_rename_that_fails_brings_the_old_folder_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, rename = tmp_path / "folder", Path.rename
    write_folder(path, {"a": b"1"})

    def failing(source: Path, target: Path) -> Path:
        if source.suffix == ".partial":
            raise OSError(5, "Input/output error")
        return rename(source, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OSError, match="Input/output"):
        write_folder(path, {"a": b"2"})
    assert (path / "a").read_bytes() == b"1"
    assert names(tmp_path) == ["folder"]


def test_leftovers_of_the_dead_go(tmp_path: Path) -> None:
    dead = dead_process()
    (tmp_path / leftover("partial", dead)).write_bytes(b"half")
    (tmp_path / leftover("partial", dead).replace("0123", "4567")).mkdir()
    kept = {
        leftover("partial", os.getpid()),
        leftover("partial", 1),
        ".dync-00000000-1-0123abcd.partial",
        "mine.partial",
    }
    for name in kept:
        (tmp_path / name).write_bytes(b"")
    assert len(remove_stale(tmp_path)) == 2
    assert set(names(tmp_path)) == kept
    assert remove_stale(tmp_path / "nowhere") == ()


def test_a_folder_whose_replacement_never_came_gets_its_name_back(tmp_path: Path) -> None:
    dead = dead_process()
    waiting = tmp_path / leftover("step-1.replaced", dead)
    waiting.mkdir()
    (waiting / "a").write_bytes(b"old")
    assert remove_stale(tmp_path) == ()
    assert (tmp_path / "step-1" / "a").read_bytes() == b"old"
    waiting.mkdir()
    assert remove_stale(tmp_path) == (waiting.name,)
    assert names(tmp_path) == ["step-1"]
