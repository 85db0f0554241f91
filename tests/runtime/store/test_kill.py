"""SIGKILL at any moment, and several processes at once: nothing committed is lost, nothing half is there."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dync.runtime.store import open_store

WRITES = """
import sys
from pathlib import Path
from dync.runtime.pipelines.result import PipelineResult
from dync.runtime.store import Attempt, NewRun, open_store
from dync.runtime.store.run_data import now

path, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
result = PipelineResult("fit", "success", ("training",), (), (), {"best_value": 0.5, "text": "x" * 5000}, 1.0, "")
print("ready", flush=True)
store = open_store(path)
for number in range(count):
    run = store.begin(NewRun(name=f"{name}-{number}", kind="training", folder=path.parent / name, spec_hash="s",
                             resolved={"pipeline": {"epochs": number}}, parents=("a", "b")))
    print("begun", run, flush=True)
    store.attempt(run, Attempt(1, "training", now()))
    print("tried", run, flush=True)
    store.finish(run, result)
    print("ended", run, flush=True)
"""


def writer(path: Path, name: str, count: int) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-c", WRITES, str(path), name, str(count)]
    # without a buffer, for what it holds beyond a line that was read is lost to `communicate`
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)


def killed(process: subprocess.Popen[bytes], delay: float, *, after: int) -> dict[str, str]:
    """Kill a process some time after it said so many words (the first: that its modules are loaded)."""
    assert process.stdout is not None
    said = b"".join(process.stdout.readline() for _ in range(after))
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    found = told(process, said)
    assert process.returncode == -signal.SIGKILL
    return found


def told(process: subprocess.Popen[bytes], said: bytes = b"") -> dict[str, str]:
    """The last word that a process said of each of its runs: what it said was committed before."""
    out, err = process.communicate()
    assert err == b""
    lines = [line.split() for line in (said + out).decode().splitlines(keepends=True) if line.endswith("\n")]
    return {run: word for word, run in (line for line in lines if len(line) == 2)}


def verify(path: Path, committed: dict[str, str]) -> None:
    """The file is whole, and holds everything that was committed."""
    with open_store(path) as store:
        assert store._connection.execute("PRAGMA integrity_check").fetchall() == [{"integrity_check": "ok"}]
        assert store._connection.execute("PRAGMA foreign_key_check").fetchall() == []
        found = {run.id: run for run in store.runs()}
        assert committed.keys() <= found.keys()
        assert len(found.keys() - committed.keys()) <= 1, "one run may have been committed and not told"
        for run in found:
            whole, word = store.run(run), committed.get(run, "begun")
            assert whole.parents == ("a", "b"), "a run without its parents was half written"
            assert whole.status in (("success",) if word == "ended" else ("success", "interrupted"))
            assert (whole.measures == {"best_value": 0.5}) == (whole.status == "success")
            assert len(whole.attempts) == 1 or (word == "begun" and whole.attempts == ())


def kill_at_random(tmp_path: Path, times: int) -> None:
    chance = random.Random(times)
    for number in range(times):
        folder = tmp_path / str(number)
        folder.mkdir()
        process = writer(folder / "runs.sqlite", "run", 100_000)
        if number % 2:
            committed = killed(process, chance.uniform(0, 0.03), after=1)  # while the file is made
        else:
            committed = killed(process, chance.uniform(0, 0.2), after=chance.randrange(2, 8))
            assert committed
        verify(folder / "runs.sqlite", committed)
        verify(folder / "runs.sqlite", committed)


def test_a_kill_at_any_moment_loses_nothing(tmp_path: Path) -> None:
    kill_at_random(tmp_path, 12)


@pytest.mark.slow
def test_many_kills_lose_nothing(tmp_path: Path) -> None:
    kill_at_random(tmp_path, 150)


def test_a_store_is_killed_again_and_again(tmp_path: Path) -> None:
    """The same file: each process finds what the one before left, its log of writes included."""
    committed: dict[str, str] = {}
    for number in range(6):
        process = writer(tmp_path / "runs.sqlite", f"run{number}", 100_000)
        committed |= killed(process, 0.02 * number, after=10)
    with open_store(tmp_path / "runs.sqlite") as store:
        found = {run.id: run.status for run in store.runs()}
        assert store._connection.execute("PRAGMA integrity_check").fetchall() == [{"integrity_check": "ok"}]
    assert len(committed) >= 18
    assert committed.keys() <= found.keys()
    assert all(found[run] == "success" for run, word in committed.items() if word == "ended")


def test_processes_share_a_new_store(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "runs.sqlite"
    processes = [writer(path, f"p{number}", 12) for number in range(4)]
    committed = [told(process) for process in processes]
    assert [process.returncode for process in processes] == [0] * 4
    with open_store(path) as store:
        assert sorted(run.id for run in store.runs()) == sorted(run for some in committed for run in some)
        assert len(store.runs()) == 48
        assert {run.status for run in store.runs()} == {"success"}
