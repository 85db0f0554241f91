"""Limits that bind: set before JAX is imported, in a process that then has them."""

import os
import subprocess
import sys

import pytest

from dync.compiler.pipeline_plan import Limits
from dync.runtime import environment
from dync.runtime.error import RunError
from dync.runtime.limits import MEMORY, THREADS, apply_limits, unbound, variables


def test_what_the_environment_must_hold():
    assert variables(Limits()) == {}
    assert variables(Limits(gpu_memory_fraction=0.5))[MEMORY] == "0.5"
    assert {variables(Limits(threads=3))[name] for name in THREADS} == {"3"}


def test_what_does_not_bind_is_said():
    limits = Limits(gpu_memory_fraction=0.25, threads=2)
    late = unbound(limits, {})
    assert len(late) == 2
    assert "gpu_memory_fraction 0.25 does not bind" in late[0]
    assert f"{MEMORY}=0.25" in late[0]
    assert "threads 2 does not bind" in late[1]
    assert unbound(limits, variables(limits)) == ()


def test_a_process_that_has_jax_hears_that_it_is_too_late(monkeypatch):
    for name in (MEMORY, *THREADS):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv(name, "old")  # so that what is set below is undone
    assert "jax" in sys.modules
    assert len(apply_limits(Limits(gpu_memory_fraction=0.5))) == 1
    assert os.environ[MEMORY] == "0.5"


COUNTED = """
import sys
from dync.compiler.pipeline_plan import Limits
from dync.runtime.limits import apply_limits
assert apply_limits(Limits(threads=int(sys.argv[1]))) == ()
assert "jax" not in sys.modules
import jax, jax.numpy as jnp
from pathlib import Path
x = jnp.ones((600, 600))
(x @ x).block_until_ready()
print(len(list(Path("/proc/self/task").iterdir())))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="threads are counted in /proc")
def test_threads_are_as_few_as_they_may_be():
    def threads(limit):
        done = subprocess.run(
            [sys.executable, "-c", COUNTED, str(limit)], capture_output=True, text=True, check=True,
            env={**os.environ, "JAX_PLATFORMS": "cpu"},
        )  # fmt: skip
        return int(done.stdout)

    assert threads(1) < threads(8)


def test_a_gpu_whose_memory_is_not_limited_is_refused(monkeypatch):
    monkeypatch.delenv(MEMORY, raising=False)
    for name in THREADS:
        monkeypatch.delenv(name, raising=False)
    limits = Limits(gpu_memory_fraction=0.5, threads=1)
    here = environment.verify_devices(limits)
    assert all("gpu_memory_fraction" not in sentence for sentence in here)
    monkeypatch.setattr(environment.jax, "devices", lambda: [type("Gpu", (), {"platform": "gpu"})])
    with pytest.raises(RunError, match=r"gpu_memory_fraction 0\.5 does not bind"):
        environment.verify_devices(limits)
    monkeypatch.setenv(MEMORY, "0.5")
    assert len(environment.verify_devices(limits)) == 1
