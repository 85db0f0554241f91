"""One training on several devices, in one process and in two, against the same training on one device."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from dync.runtime.devices import choose_devices, learning_program_on
from dync.runtime.error import RunError
from dync.runtime.joined_processes import folder_of_process, join_processes, leads, shared_bytes

PROGRAM = Path(__file__).parent / "trained_on_devices.py"
SECONDS = 240
QUICK = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"  # to compile, not to run


def start(folder, names, devices, **environment):
    kept = {k: v for k, v in os.environ.items() if "proxy" not in k.lower() and not k.startswith(("JAX_", "XLA_"))}
    flags = {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices} {QUICK}"}
    return subprocess.Popen(
        [sys.executable, PROGRAM, folder, *names], env=kept | flags | environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def outcome(process):
    try:
        out, error = process.communicate(timeout=SECONDS)
    finally:
        process.kill()
    assert process.returncode == 0, error[-3000:]
    return json.loads(next(line for line in out.splitlines() if line.startswith("FOUND "))[6:])


def check(networks, devices):
    for name, facts in networks.items():
        assert facts["devices"] == devices
        assert facts["same counts"], name
        assert facts["moved"] > 0.01, name
        assert facts["apart"] < 1e-5, name


@pytest.mark.parametrize("names", [["settling"], pytest.param(["sparse"], marks=pytest.mark.slow)])
def test_eight_devices_learn_what_one_does(tmp_path, names):
    """Settling, with an optimizer that draws; stored sparsely and drawing at random, as the two processes do below."""
    found = outcome(start(tmp_path, names, 8))
    check(found["networks"], 8)
    assert list(found["networks"]) == names
    assert found["shares"]
    assert found["leads"]


def test_two_processes_learn_what_one_does(tmp_path):
    """Of two devices each; the one that does not lead has a folder of its own, with what the leader's has."""
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "facts.json").write_text("{}")
    (tmp_path / "checkpoints" / ".dync-0-1-2.partial").write_text("half")
    (tmp_path / "empty").write_text("")
    with socket.socket() as found_free:
        found_free.bind(("127.0.0.1", 0))
        port = found_free.getsockname()[1]
    common = {"JAX_COORDINATOR_ADDRESS": f"127.0.0.1:{port}", "JAX_NUM_PROCESSES": "2"}
    processes = [start(tmp_path, ["sparse"], 2, **common, JAX_PROCESS_ID=str(n)) for n in range(2)]
    try:
        found = [outcome(process) for process in processes]
    finally:
        for process in processes:
            process.kill()
    for facts in found:
        check(facts["networks"], 4)
        assert facts["said"] == "from the leader"
        assert facts["differ"].startswith("the 2 processes of this training differ in: data. ")
    first, second = found
    assert first["leads"]
    assert first["shares"]
    assert not second["leads"]
    assert not second["shares"]
    assert not second["left"]
    assert second["seen"] == {"checkpoints/facts.json": "{}", "empty": ""}


def test_a_single_device_is_the_program_itself():
    import optax

    from dync.runtime.learner import learning_program

    names = {type(learning_program_on(d, optax.sgd(0.1))) for d in (None, choose_devices(1, 3))}
    assert names == {type(learning_program(optax.sgd(0.1)))}


def test_more_devices_than_there_are():
    with pytest.raises(RunError, match="1000 devices were asked for and JAX sees"):
        choose_devices(1000, 1000)
    with pytest.raises(RunError, match="at least one device, not 0"):
        choose_devices(0, 16)


def test_a_batch_that_cannot_be_shared(monkeypatch):
    import jax

    there = jax.devices()
    monkeypatch.setattr(jax, "devices", lambda: there * 8)
    with pytest.raises(RunError, match=r"a batch of 12 cannot be shared evenly among 8 devices: .* ask for 6 devices"):
        choose_devices(8, 12)


@pytest.mark.slow
def test_a_training_on_eight_devices_ends_as_on_one(tmp_path):
    """All of `dync run`, measures and final weights; and a number of devices that the machine does not have."""
    code = """
import sys, json
import numpy as np
from pathlib import Path
import dync
from dync.runtime.checkpoint import load_checkpoint
from dync.runtime.network import Network
from dync.runtime.pipelines.training import TrainingJob, run_training
from dync.runtime.run_folder import RunFolder
from dync.running import jobs

(job,) = jobs(Path(sys.argv[1]), "fit", {"epochs": 2})
found = []
for count in (1, 8, 16):
    out = Path(sys.argv[2]) / str(count)
    out.mkdir()
    found.append(run_training(TrainingJob(job.plan, Network(job.network), RunFolder(out), devices=count)))
one, eight, sixteen = found
assert one.is_success() and eight.is_success(), (one.errors, eight.errors)
assert abs(one.outputs["evaluation_results"]["test"]["mse"] - eight.outputs["evaluation_results"]["test"]["mse"]) < 1e-3
arrays = [load_checkpoint(Path(sys.argv[2]) / n / "final").arrays for n in ("1", "8")]
assert arrays[0].keys() == arrays[1].keys()
assert all(np.allclose(a, arrays[1][name], atol=1e-3) for name, a in arrays[0].items())
print("FOUND " + json.dumps({"errors": sixteen.errors}))
"""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("JAX_", "XLA_"))}
    flags = {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": "--xla_force_host_platform_device_count=8"}
    spec = Path(__file__).parents[2] / "specs" / "digits.dyn"
    done = subprocess.Popen(
        [sys.executable, "-c", code, spec, tmp_path], env=kept | flags, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    (error,) = outcome(done)["errors"]
    assert error.startswith("environment_check: 16 devices were asked for and JAX sees 8 (cpu)")


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({}, "also set JAX_NUM_PROCESSES"),
        ({"JAX_NUM_PROCESSES": "two", "JAX_PROCESS_ID": "0"}, "also set JAX_NUM_PROCESSES"),
        ({"JAX_NUM_PROCESSES": "2", "JAX_PROCESS_ID": "2"}, "counts from 0 to 1"),
    ],
)
def test_an_environment_that_does_not_fit(environment, message):
    with pytest.raises(RunError, match=message):
        join_processes({"JAX_COORDINATOR_ADDRESS": "127.0.0.1:1", **environment})


LIMITED = """
network Net {
  input x (4)
  output y (3)
  edge x -> y dense learn delta
  phase free { steps 1 messages forward }
  train free
  infer free
}
pipeline fit training {
  network Net
  data iris then split(test = 0.2)
  epochs 1
  optimizer sgd(0.1)
  limit stage_seconds 60
}
"""


def test_processes_with_a_clock_each_are_not_given_a_limit_of_time(tmp_path):
    """All of them say so before anything is written."""
    (tmp_path / "fit.dyn").write_text(LIMITED)
    with socket.socket() as found_free:
        found_free.bind(("127.0.0.1", 0))
        port = found_free.getsockname()[1]
    kept = {k: v for k, v in os.environ.items() if "proxy" not in k.lower() and not k.startswith(("JAX_", "XLA_"))}
    common = {"JAX_PLATFORMS": "cpu", "JAX_COORDINATOR_ADDRESS": f"127.0.0.1:{port}", "JAX_NUM_PROCESSES": "2"}
    command = [sys.executable, "-c", "from dync.cli import main; main()", "run", "fit.dyn", "--out", "run"]
    processes = [
        subprocess.Popen(
            [*command, "--devices", "2"], cwd=tmp_path, env=kept | common | {"JAX_PROCESS_ID": str(number)},
            text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for number in range(2)
    ]  # fmt: skip
    try:
        for process in processes:
            _, error = process.communicate(timeout=SECONDS)
            assert process.returncode not in (0, None)
            assert "fit has `limit stage_seconds 60`, which 2 processes with a clock each" in error
            assert "Traceback" not in error
    finally:
        for process in processes:
            process.kill()
    assert not (tmp_path / "run").exists()


def test_nobody_to_join(tmp_path):
    assert not join_processes({})
    assert leads()
    assert shared_bytes(b"this") == b"this"
    with folder_of_process(tmp_path, resume=True) as folder:
        assert folder == tmp_path


@pytest.mark.slow
def test_processes_that_do_not_come(tmp_path):
    """Who joins and finds nobody is told so; JAX ends the process where the leader never answers."""
    code = (
        "from dync.runtime.joined_processes import join_processes\n"
        "from dync.runtime.error import RunError\n"
        "try: join_processes(patience=3)\n"
        "except RunError as error: print(error)\n"
    )
    environment = os.environ | {
        "JAX_COORDINATOR_ADDRESS": "127.0.0.1:1", "JAX_NUM_PROCESSES": "2", "JAX_PROCESS_ID": "1"
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert "did not find each other through 127.0.0.1:1" in done.stdout or done.returncode != 0
