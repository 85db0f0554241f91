"""Lanes in real worker processes: the bits of this process, whatever becomes of the workers."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from lanes_of_iris import baselines, lane, long, same, several

from dync.compiler.pipeline_plan import Limits
from dync.runtime.error import RunError
from dync.runtime.executors import local, process
from dync.runtime.executors.attempts import Portion, given_up
from dync.runtime.executors.environment import processors, worker_environment
from dync.runtime.executors.frames import Frame
from dync.runtime.executors.local import LocalWorkers, WorkerMistakeError
from dync.runtime.lanes.train import train_lanes, watch_nothing

SECONDS = 120


@pytest.fixture(scope="module")
def lanes():
    """Five alike, one of another structure, one that diverges, one that cannot be trained, and baselines."""
    wild = lane("wild", rate=3e38, margin=10**15)
    return [*several(5), lane("wide", hidden=7), wild, lane("unknown", optimizer="no_such_optimizer"), *baselines()]


@pytest.fixture(scope="module")
def expected(lanes):
    return {result.lane: result for result in train_lanes(lanes, "off", watch_nothing)}


@pytest.fixture(scope="module")
def workers():
    """Two workers for all tests that do not end them; they compile for themselves, as they would for a user."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("JAX_COMPILATION_CACHE_DIR", raising=False)
        with LocalWorkers(2) as found:
            yield found


def lives(number):
    """Whether a process lives; one that ended and was not waited for does not."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def gone(numbers):
    """Whether processes end within some seconds."""
    until = time.monotonic() + 20
    while any(map(lives, numbers)) and time.monotonic() < until:
        time.sleep(0.05)
    return not any(map(lives, numbers))


@pytest.mark.parametrize("mode", [pytest.param("exact", marks=pytest.mark.slow), "off"])
def test_results_do_not_depend_on_processes_and_portions(workers, lanes, expected, mode):
    found = list(workers.run(lanes, mode))
    assert sorted(r.lane for r in found) == sorted(one.name for one in lanes)
    for result in found:
        same(result, expected[result.lane])
    assert expected["wild"].status == expected["unknown"].status == "failed"
    assert "no_such_optimizer" in expected["unknown"].error
    assert "hidden = 0" in expected["odd"].error
    assert expected["mlp 0"].status == expected["reservoir 0"].status == "complete"
    assert expected["mlp 0"].evaluation != expected["mlp 1"].evaluation


def test_workers_stay_for_the_next_lanes(workers, lanes, expected):
    before = set(workers.processes)
    found = list(workers.run(lanes[:2], "off"))
    assert before <= set(workers.processes)
    for result in found:
        same(result, expected[result.lane])
    assert list(workers.run([], "off")) == []


def test_weights_to_start_from_are_sent(workers, expected):
    begun = [lane("on", seed=5, start=expected["lane 0"].arrays), lane("too", seed=6, start=expected["lane 0"].arrays)]
    found = {result.lane: result for result in workers.run(begun, "off")}
    for result in train_lanes(begun, "off", watch_nothing):
        same(found[result.lane], result)


def test_who_watches_is_asked_in_this_process(workers, lanes, expected):
    heard = {}

    def watch(report):
        heard[report.lane, report.epoch] = os.getpid(), report.measures["validation"]
        return "prune" if (report.lane, report.epoch) == ("lane 1", 2) else "go on"

    found = {result.lane: result for result in workers.run(lanes[:3], "exact", watch)}
    assert found["lane 1"].status == "pruned"
    assert len(found["lane 1"].history) == 2
    for name in ("lane 0", "lane 2"):
        same(found[name], expected[name])
        for record in expected[name].history:
            assert heard[name, record["epoch"]] == (os.getpid(), record["validation"])
    assert len(heard) == 8


def test_what_was_decided_is_heard_of():
    said, decisions = [], {}
    with LocalWorkers(1, Limits(threads=1), say=said.append, decisions=decisions) as one:
        list(one.run(several(3), "auto"))
        assert [decision.mode for decision in decisions.values()] == ["off"]
        assert "3 trainings of Flowers run as `fused off`" in said[0]
        list(one.run(several(3), "auto"))
        assert len(said) == 1
        environment = Path(f"/proc/{one.processes[0]}/environ").read_bytes().split(b"\0")
        assert b"NPROC=1" in environment


def test_two_workers_train_a_group_in_one_mode_that_is_measured_once(lanes, expected):
    """Even though the first that measures it is killed."""
    killed = []

    def tick():
        for worker, portion in workers._busy.items():
            if portion.measures is not None and worker.ready and not killed:
                killed.append(worker.number)
                os.kill(worker.number, signal.SIGKILL)

    said = []
    with LocalWorkers(2, say=said.append, tick=tick) as workers:
        found = list(workers.run(lanes[:5], "auto"))
        (decision,) = workers.decisions.values()
    assert killed
    assert sum("run as `fused" in line for line in said) == 1
    assert sorted(result.lane for result in found) == [f"lane {n}" for n in range(5)]
    if decision.mode != "fast":
        for result in found:
            same(result, expected[result.lane])


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow), pytest.param(2, marks=pytest.mark.slow)])
def test_workers_killed_at_random_lose_nothing_and_nothing_counts_twice(lanes, expected, seed):
    """A watch, too, hears of every evaluation once, though some were made twice."""
    moments, said, heard = random.Random(seed), [], []
    kills = [time.monotonic() + moments.uniform(0, 3)]

    def tick():
        if len(kills) <= 3 and time.monotonic() > kills[-1] and workers.processes:
            os.kill(moments.choice(workers.processes), signal.SIGKILL)
            kills.append(time.monotonic() + moments.uniform(1, 4))

    def watch(report):
        heard.append((report.lane, report.epoch))
        if len(heard) in (2, 9):  # and in the middle of the trainings, at moments that are sure to come
            os.kill(moments.choice(workers.processes), signal.SIGKILL)
        return "go on"

    with LocalWorkers(2, Limits(retries=10), say=said.append, tick=tick) as workers:
        found = list(workers.run(lanes, "exact", watch))
        assert workers.attempts
        assert all("killed by SIGKILL" in attempt.cause for attempt in workers.attempts)
        ended = workers.processes
    assert sorted(r.lane for r in found) == sorted(one.name for one in lanes)
    for result in found:
        same(result, expected[result.lane])
    assert len(heard) == len(set(heard))
    assert any("tried again" in line for line in said)
    assert gone(ended)


def test_attempts_are_made_together_and_then_one_by_one(lanes):
    first = Portion(tuple(lanes[:3])).without("lane 1")
    (second,) = first.again("a")
    assert [one.name for one in second.lanes] == ["lane 0", "lane 2"]
    apart = second.again("b")
    assert [[one.name for one in portion.lanes] for portion in apart] == [["lane 0"], ["lane 2"]]
    (found,) = given_up(apart[1].again("c")[0])
    assert (found.lane, found.status) == ("lane 2", "failed")
    assert found.error == "the worker that trained it ended in each of 3 attempts (1: a; 2: b; 3: c)"


@pytest.mark.slow
def test_a_lane_that_ends_every_worker_is_given_up(lanes, expected):
    """The cause of every attempt is kept, and what was beside it is finished."""

    def watch(report):
        if report.lane == "lane 0":
            for number in workers.processes:
                os.kill(number, signal.SIGTERM)
        return "go on"

    with LocalWorkers(1) as workers:
        found = {result.lane: result for result in workers.run(lanes[:2], "off", watch)}
        assert [attempt.number for attempt in workers.attempts] == [1, 2, 3]
        assert workers.attempts[0].lanes == ("lane 0", "lane 1")
        assert workers.attempts[2].lanes == ("lane 0",)
    assert found["lane 0"].status == "failed"
    assert found["lane 0"].error.startswith(
        "the worker that trained it ended in each of 3 attempts (1: ended by SIGTERM"
    )
    assert found["lane 0"].error.count("SIGTERM") == 3
    same(found["lane 1"], expected["lane 1"])


def test_workers_that_cannot_start(monkeypatch):
    monkeypatch.setattr(process, "MODULE", "dync.no_such_module")
    with LocalWorkers(1) as workers, pytest.raises(RunError, match=r"end before they can start.*no_such_module"):
        list(workers.run(several(1), "off"))


def test_at_least_one_worker():
    with pytest.raises(RunError, match="at least one worker process is needed, not 0"):
        LocalWorkers(0)


def test_names_tell_lanes_apart(workers):
    with pytest.raises(ValueError, match="same name"):
        list(workers.run([lane("a"), lane("a", seed=1)], "off"))


def test_who_waits_can_end_the_wait():
    """As the limit of a stage does: the workers end in the middle of what they do."""
    began = []

    def tick():
        began.extend(p for p in workers.processes if p not in began)
        if began and workers._busy and all(worker.ready for worker in workers._busy):
            raise RunError("it took too long")

    with LocalWorkers(1, tick=tick) as workers:
        with pytest.raises(RunError, match="it took too long"):
            list(workers.run(long(several(1)), "off"))
        assert workers.processes == ()
        assert gone(began)


def test_a_mistake_of_ours_comes_back_as_its_traceback(workers, monkeypatch):
    monkeypatch.setattr(local, "work_frame", lambda work: Frame({"kind": "work"}))
    with pytest.raises(WorkerMistakeError, match=r"Traceback[^$]*KeyError"):
        list(workers.run(several(1), "off"))


def started():
    """A process that trains without end in two workers, and their ids."""
    parent = subprocess.Popen(
        [sys.executable, Path(__file__).parent / "lanes_of_iris.py", "off"], stdout=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    for line in parent.stdout:
        if len(line.split()) == 2:
            return parent, [int(number) for number in line.split()]
    raise AssertionError("it said nothing")


def test_nobody_outlives_who_started_them():
    parent, numbers = started()
    parent.kill()
    parent.wait(SECONDS)
    parent.stdout.close()
    assert gone(numbers)


def test_an_interruption_ends_all(interruptible):
    """Ctrl-C reaches every process of the terminal."""
    parent, numbers = started()
    time.sleep(1)
    os.killpg(parent.pid, signal.SIGINT)
    out, _ = parent.communicate(timeout=SECONDS)
    assert out.splitlines()[-2:] == ["interrupted", "closed"]
    assert gone(numbers)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="threads are counted in /proc")
def test_limits_of_threads_and_memory_bind_in_the_worker():
    """JAX has found them there: a worker of one thread has fewer than one of eight, when both have trained."""
    counts = []
    for threads in (1, 8):
        with LocalWorkers(1, Limits(threads=threads, gpu_memory_fraction=0.25)) as one:
            list(one.run(several(1), "off"))
            folder = Path(f"/proc/{one.processes[0]}")
            environment = (folder / "environ").read_bytes().split(b"\0")
            assert {b"NPROC=%d" % threads, b"XLA_CLIENT_MEM_FRACTION=0.25"} <= set(environment)
            counts.append(len(list((folder / "task").iterdir())))
    assert counts[0] < counts[1]


def test_the_environment_of_workers():
    plain = worker_environment(Limits(), 1, {"PATH": "x"})
    assert plain["PATH"] == "x"
    assert plain["NPROC"] == str(processors())
    assert "XLA_CLIENT_MEM_FRACTION" not in plain
    shared = worker_environment(Limits(), 4, {"OMP_NUM_THREADS": "7", "XLA_CLIENT_MEM_FRACTION": "0.1"})
    assert shared["NPROC"] == str(max(1, processors() // 4))
    assert (shared["OMP_NUM_THREADS"], shared["XLA_CLIENT_MEM_FRACTION"]) == ("7", "0.1")
    assert worker_environment(Limits(), 2, {})["XLA_CLIENT_MEM_FRACTION"] == "0.450"
    limited = worker_environment(Limits(threads=3, gpu_memory_fraction=0.25), 4, {"OMP_NUM_THREADS": "7"})
    assert (limited["NPROC"], limited["OMP_NUM_THREADS"], limited["XLA_CLIENT_MEM_FRACTION"]) == ("3", "3", "0.25")
