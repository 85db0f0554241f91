"""What lanes need, against what they really take."""

import jax
import numpy as np
import pytest

import dync
from dync.compiler.pipeline_plan import CallPlan, DataPlan, TrainingPlan
from dync.runtime import environment
from dync.runtime.error import RunError
from dync.runtime.executors.dask_task import worker_versions
from dync.runtime.executors.local import LocalWorkers
from dync.runtime.executors.survey import PROCESS, WorkerFacts, verify_workers
from dync.runtime.lanes.executor import InProcess
from dync.runtime.lanes.need import Need, need_of
from dync.runtime.learner import start_learner
from dync.runtime.optimizers import make_optimizer
from dync.runtime.pipelines.training.parts import read_parts
from dync.runtime.pipelines.training.room import Room, shapes_of
from tests.runtime.pipelines.conftest import a_network, a_plan

MIB = 2**20

FLOWERS = """
network Flowers {
  input x (4)
  output y (3)
  edge x -> y dense learn delta
  phase clamped { steps 1 }
  train clamped
  infer clamped
}
"""


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_the_shapes_are_those_of_the_learner(name):
    network, optimizer = a_network(), make_optimizer(CallPlan(name, (), {"learning_rate": 0.1}))
    real = start_learner(network.init(jax.random.key(0)), optimizer)
    shapes = shapes_of(network, optimizer)
    assert jax.tree.structure(shapes) == jax.tree.structure(real)
    for shape, array in zip(jax.tree.leaves(shapes), jax.tree.leaves(real), strict=True):
        assert (shape.shape, shape.dtype) == (array.shape, array.dtype)


def test_more_side_by_side_need_more_until_the_places_are_full():
    need = Need(64, Room(learner=MIB, weights=MIB, lane=4 * MIB, shared=10 * MIB))
    assert need.peak() == 10 * MIB + 32 * 4 * MIB
    assert need.peak(8) == 10 * MIB + 8 * 4 * MIB
    assert need.peak(width=1) == 14 * MIB
    huge = Need(64, Room(learner=2**29, weights=2**29, lane=2**31, shared=0))
    assert huge.peak() == 2 * 2**31  # two of them fill what learners side by side may take
    assert Need().peak() == Need(0, huge.room).peak() == 0


def test_needs_of_one_after_another_are_those_of_the_largest():
    small, large = Need(3, Room(1, 1, 10, 5), {"a": "1"}), Need(2, Room(2, 2, 20, 5), {"b": "2"})
    assert small.together(large) == Need(5, large.room, {"a": "1", "b": "2"})
    assert Need().together(small) == small


def test_files_are_named_absolutely_with_their_hash(tmp_path):
    np.savez(tmp_path / "some.npz", x=np.zeros((24, 8)), y=np.arange(24) % 2)
    plan: TrainingPlan = a_plan(base=str(tmp_path), data=DataPlan(CallPlan("npz", ("some.npz",), {}), {}, ()))
    network = a_network()
    need = need_of(plan, network.plan, read_parts(plan, network), 2)
    ((path, digest),) = need.files.items()
    assert (path, len(digest)) == (str(tmp_path / "some.npz"), 64)


def test_data_that_come_with_the_package_are_no_files_of_a_worker():
    net = dync.compile_text(FLOWERS).network("Flowers")
    plan = a_plan(data=DataPlan(CallPlan("iris", (), {}), {}, (CallPlan("split", (), {"test": 0.2}),)))
    assert need_of(plan, net.plan, read_parts(plan, net), 2).files == {}


def test_every_process_needs_it_again(monkeypatch):
    need = Need(4, Room(MIB, MIB, 100 * MIB, 100 * MIB))
    monkeypatch.setattr(environment, "available_memory", lambda: 1300 * MIB)
    InProcess().verify(need)
    with LocalWorkers(2) as two:
        two.verify(need)
    with LocalWorkers(4) as four, pytest.raises(RunError, match=r"the work of 4 processes needs about 2\.0 GiB"):
        four.verify(need)
    monkeypatch.setattr(environment, "available_memory", lambda: 300 * MIB)
    with pytest.raises(RunError, match="make the layers or the batch smaller"):
        InProcess().verify(need)


def worker(name, **more):
    return WorkerFacts(**{"address": name, "host": "h", "versions": worker_versions(), **more})


def test_workers_of_a_host_share_its_memory():
    room = PROCESS + 100 * MIB
    verify_workers([worker("a", memory=2 * room), worker("b", memory=2 * room)], {}, 100 * MIB)
    verify_workers([worker("a", memory=room), worker("b", memory=room, host="i")], {}, 100 * MIB)
    verify_workers([worker("a"), worker("b")], {}, 2**50)  # nobody knows
    with pytest.raises(RunError, match=r"its 2 workers need about .* each: start fewer there"):
        verify_workers([worker("a", memory=room), worker("b", memory=room)], {}, 100 * MIB)
    with pytest.raises(RunError, match=r"the worker a may take .* --memory-limit"):
        verify_workers([worker("a", memory=2 * room, allowed=MIB)], {}, 100 * MIB)


def test_workers_have_the_same_data_and_versions():
    digest = "0" * 64
    verify_workers([worker("a", files={"/d": digest})], {"/d": digest}, 0)
    for there, why in (("1" * 64, "another content than here"), ("no such file or directory", "no such file")):
        with pytest.raises(RunError, match=f"does not have the data file /d .{why}.*copy it there"):
            verify_workers([worker("a", files={"/d": there})], {"/d": digest}, 0)
    with pytest.raises(RunError, match=r"jax 0\.1 instead of .*install the same versions"):
        verify_workers([worker("a", versions={**worker_versions(), "jax": "0.1"})], {}, 0)
    with pytest.raises(RunError, match=r"cannot run dync .no module"):
        verify_workers([worker("a", trouble="no module")], {}, 0)
