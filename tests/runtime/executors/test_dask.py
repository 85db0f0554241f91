"""Lanes on a real Dask cluster over loopback: workers in processes and folders of their own, lost at random."""

import builtins
import os
import random
import time

import pytest
from dask_on_loopback import cluster
from lanes_of_iris import baselines, lane, long, same, several

pytest.importorskip("distributed")

from dync.compiler.pipeline_plan import Limits
from dync.runtime.error import RunError
from dync.runtime.executors import dask
from dync.runtime.executors.dask import DaskCluster
from dync.runtime.executors.dask_task import differences, worker_versions
from dync.runtime.lanes.need import Need
from dync.runtime.lanes.train import train_lanes, watch_nothing

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of packages that Dask uses
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def lanes():
    return [*several(4), lane("wide", hidden=7), lane("unknown", optimizer="no_such_optimizer"), *baselines()]


@pytest.fixture(scope="module")
def expected(lanes):
    return {result.lane: result for result in train_lanes(lanes, "off", watch_nothing)}


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """A cluster of two workers; tests that lose one add another."""
    with cluster(tmp_path_factory.mktemp("dask"), 2) as found:
        yield found


def test_weights_come_back_to_the_bit(two, lanes, expected):
    said = []
    with DaskCluster(two.address, Limits(threads=1), say=said.append) as workers:
        found = list(workers.run(lanes, "exact"))
        assert list(workers.run([], "off")) == []
    assert sorted(result.lane for result in found) == sorted(expected)
    for result in found:
        same(result, expected[result.lane])
    assert all(line.startswith("waiting for workers at tcp://127.0.0.1:") for line in said)


def test_who_watches_is_asked_in_this_process(two, lanes, expected):
    heard = {}

    def watch(report):
        heard[report.lane, report.epoch] = os.getpid(), report.measures["validation"]
        return "prune" if (report.lane, report.epoch) == ("lane 1", 2) else "go on"

    with DaskCluster(two.address) as workers:
        found = {result.lane: result for result in workers.run(lanes[:3], "off", watch)}
    assert (found["lane 1"].status, len(found["lane 1"].history)) == ("pruned", 2)
    same(found["lane 0"], expected["lane 0"])
    for record in expected["lane 0"].history:
        assert heard["lane 0", record["epoch"]] == (os.getpid(), record["validation"])


def test_limits_that_come_too_late_are_said(two, lanes):
    """The workers have trained before, and JAX is in them."""
    said = []
    with DaskCluster(two.address, Limits(threads=3), say=said.append) as workers:
        list(workers.run(lanes[:1], "off"))
    (late,) = [line for line in said if line.startswith("limits do not bind on the worker tcp://")]
    assert "NPROC=3" in late


def test_trainings_that_nobody_waits_for_any_more_end(two, lanes, expected):
    """As the limit of a stage ends them: the workers are free for others soon."""
    began = time.monotonic()

    def tick():
        if len([key for keys in workers._client.processing().values() for key in keys]) == 2:
            began = time.monotonic()
            while time.monotonic() < began + 5:  # until they train
                time.sleep(0.1)
            raise RunError("it took too long")

    with DaskCluster(two.address, tick=tick) as workers:
        with pytest.raises(RunError, match="it took too long"):
            list(workers.run(long(several(2)), "off"))
        workers._tick = lambda: None
        for result in workers.run(lanes[:2], "off"):
            same(result, expected[result.lane])
    assert time.monotonic() - began < 60


def test_one_worker_measures_a_group_for_all(two, lanes):
    said = []
    with DaskCluster(two.address, say=said.append) as workers:
        found = list(workers.run(lanes[:4], "auto"))
        assert len(workers.decisions) == 1
    assert sorted(result.lane for result in found) == [f"lane {n}" for n in range(4)]
    assert sum("run as `fused" in line for line in said) == 1


def test_workers_of_other_versions_are_refused(two, monkeypatch):
    monkeypatch.setattr("dync.runtime.checkpoint.package_versions", lambda: iter([("jax", "0.0.1")]))
    with (
        DaskCluster(two.address) as workers,
        pytest.raises(
            RunError, match=r"the worker tcp://.* has .*jax .* instead of 0\.0\.1.*install the same versions"
        ),
    ):
        list(workers.run(several(1), "off"))


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow), pytest.param(2, marks=pytest.mark.slow)])
def test_a_lost_worker_loses_nothing_and_nothing_counts_twice(two, lanes, expected, seed):
    """One is killed at a random moment, another in the middle of a training; others take their places."""
    moments, heard = random.Random(seed), []
    moment, killed = time.monotonic() + moments.uniform(0, 4), []

    def lose():
        worker = moments.choice(two.workers)
        two.add()
        two.kill(worker)
        killed.append(worker)

    def tick():
        if not killed and time.monotonic() > moment:
            lose()

    def watch(report):
        heard.append((report.lane, report.epoch))
        if len(heard) == 4:
            lose()
        return "go on"

    with DaskCluster(two.address, tick=tick) as workers:
        found = list(workers.run(lanes, "exact", watch))
    assert killed
    assert sorted(result.lane for result in found) == sorted(expected)
    for result in found:
        same(result, expected[result.lane])
    assert len(heard) == len(set(heard))


@pytest.mark.slow
def test_a_lane_that_every_worker_is_lost_with_is_given_up(tmp_path, monkeypatch, lanes, expected):
    monkeypatch.setenv("DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES", "0")

    def watch(report):
        if report.lane == "lane 0":
            for worker in list(one.workers):
                one.add()
                one.kill(worker)
        return "go on"

    with cluster(tmp_path, 1) as one, DaskCluster(one.address) as workers:
        found = {result.lane: result for result in workers.run(lanes[:2], "off", watch)}
        assert [attempt.lanes for attempt in workers.attempts] == [("lane 0", "lane 1"), ("lane 0",)]
        assert [attempt.number for attempt in workers.attempts] == [1, 2]
    assert found["lane 0"].status == "failed"
    assert "2 attempts (1: 1 workers were lost that had it to train; 2: " in found["lane 0"].error
    same(found["lane 1"], expected["lane 1"])


def test_no_workers_are_waited_for_and_then_missed(tmp_path):
    said = []
    with cluster(tmp_path, 0) as none, DaskCluster(none.address, say=said.append, patience=1) as workers:
        with pytest.raises(RunError, match=r"had no workers for 1 s: start some, dask worker tcp://127.* --resume"):
            list(workers.run(several(1), "off"))
        assert said[0].startswith("waiting for workers at tcp://127.0.0.1:")

        def too_long():
            raise RunError("too long")

        workers._tick = too_long
        with pytest.raises(RunError, match="too long"):
            list(workers.run(several(1), "off"))


def test_a_lost_scheduler_is_said_with_the_way_out(two):
    """The last of the tests with this cluster."""
    began = time.monotonic()

    def tick():
        if two.scheduler.poll() is None and any(workers._client.processing().values()):
            two.scheduler.kill()
            two.scheduler.wait()

    with DaskCluster(two.address, tick=tick) as workers:
        with pytest.raises(RunError, match=r"the scheduler tcp://.* does not answer any more: .* go on with --resume"):
            list(workers.run(long(several(1)), "off"))
        assert time.monotonic() - began < 60


def test_nobody_at_the_address(monkeypatch):
    monkeypatch.setattr(dask, "CONNECT", 0.5)
    with pytest.raises(RunError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        DaskCluster("tcp://127.0.0.1:9").verify(Need())
    with pytest.raises(RunError, match="no Dask scheduler answers at nonsense"):
        DaskCluster("nonsense://1").verify(Need())


def test_the_extra_is_named_where_it_is_missing(monkeypatch):
    original = builtins.__import__

    def without(name, *arguments, **more):
        if name == "distributed":
            raise ImportError(name)
        return original(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(RunError, match=r"needs the extra `cluster`: pip install 'dync\[cluster\]'"):
        DaskCluster("tcp://127.0.0.1:9").verify(Need())


def test_versions_are_compared_by_name():
    own = worker_versions()
    assert differences(own, dict(own)) == ""
    assert differences(own, own | {"jax": "0.1"}) == f"jax 0.1 instead of {own['jax']}"
    assert own["python"].count(".") == 1
