"""Checkpoints: exact, checked, and whole whatever is killed when."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from dync.runtime.checkpoint import (
    ARRAYS,
    MANIFEST,
    CheckpointError,
    DamagedCheckpointWarning,
    latest_checkpoint,
    load_checkpoint,
    save_checkpoint,
    write_checkpoint,
)

DTYPES = [
    "bool",
    "int8",
    "uint8",
    "int16",
    "uint16",
    "int32",
    "uint32",
    "int64",
    "uint64",
    "float16",
    "float32",
    "float64",
]
WEIGHTS = {"weights": np.arange(6, dtype=np.float32).reshape(2, 3), "key": np.array([1, 2], dtype=np.uint32)}


@pytest.mark.parametrize("dtype", DTYPES)
@given(data=st.data())
@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_arrays_come_back_bit_for_bit(dtype: str, data: Any, tmp_path: Path) -> None:
    array = data.draw(arrays(dtype, array_shapes(min_dims=0, min_side=0, max_dims=3, max_side=4)))
    write_checkpoint(tmp_path / "c", {"a": array, "b": array.T}, {"step": 1})
    found = load_checkpoint(tmp_path / "c").arrays
    for name, expected in {"a": array, "b": array.T}.items():
        assert found[name].dtype == expected.dtype
        assert found[name].shape == expected.shape
        assert found[name].tobytes() == expected.tobytes()


def test_facts_come_back(tmp_path: Path) -> None:
    facts: dict[str, Any] = {"step": 3, "seed": 0, "history": [{"loss": 0.1}, None, True], "name": "größe"}
    path = save_checkpoint(tmp_path, WEIGHTS, facts, keep=2)
    assert path.name == "step-00000003"
    assert load_checkpoint(path).facts == facts
    assert sorted(entry.name for entry in path.iterdir()) == [ARRAYS, MANIFEST]
    versions = json.loads((path / MANIFEST).read_text())["versions"]
    assert {"dync", "python", "jax", "numpy", "optax"} <= set(versions)


@pytest.mark.parametrize(
    "array",
    [np.array([None]), np.zeros(2, np.complex64), np.zeros(2, ">f4"), np.array(["a"]), np.zeros(1, ml_dtypes.bfloat16)],
)
def test_types_that_would_not_come_back(array: Any, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="'a' has the type"):
        write_checkpoint(tmp_path / "c", {"a": array}, {})
    assert not list(tmp_path.iterdir())


def test_the_last_ones_are_kept(tmp_path: Path) -> None:
    for step in (1, 2, 3, 10, 20):
        save_checkpoint(tmp_path, WEIGHTS, {"step": step}, keep=2)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["step-00000010", "step-00000020"]
    save_checkpoint(tmp_path, WEIGHTS, {"step": 5}, keep=1)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["step-00000005", "step-00000010", "step-00000020"]


def test_the_same_step_again_replaces_it(tmp_path: Path) -> None:
    for run in (1, 2):
        path = save_checkpoint(tmp_path, WEIGHTS, {"step": 7, "run": run}, keep=1)
    assert load_checkpoint(path).facts["run"] == 2
    assert [entry.name for entry in tmp_path.iterdir()] == ["step-00000007"]


@pytest.mark.parametrize(("facts", "keep"), [({}, 1), ({"step": -1}, 1), ({"step": 1.5}, 1), ({"step": 1}, 0)])
def test_steps_that_are_none(facts: dict[str, Any], keep: int, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="step from 0 up"):
        save_checkpoint(tmp_path, WEIGHTS, facts, keep=keep)


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


@given(where=st.floats(0, 1, exclude_max=True), file=st.sampled_from([ARRAYS, MANIFEST]), bit=st.integers(0, 7))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_flipped_bit_is_noticed(where: float, file: str, bit: int, tmp_path: Path) -> None:
    path = tmp_path / "c"
    write_checkpoint(path, WEIGHTS, {"step": 1, "rate": 0.1})
    content = bytearray((path / file).read_bytes())
    content[int(where * len(content))] ^= 1 << bit
    (path / file).write_bytes(content)
    with pytest.raises(CheckpointError, match=file):
        load_checkpoint(path)


def test_damage_is_named(tmp_path: Path) -> None:
    path = save_checkpoint(tmp_path, WEIGHTS, {"step": 1}, keep=1)
    whole = {name: (path / name).read_bytes() for name in (ARRAYS, MANIFEST)}

    def refused(phrase: str) -> None:
        with pytest.raises(CheckpointError, match=phrase):
            load_checkpoint(path)

    (path / ARRAYS).write_bytes(whole[ARRAYS][:-1])
    refused(f"{ARRAYS} has .* bytes, not")
    (path / ARRAYS).unlink()
    refused(f"{ARRAYS} cannot be read")
    (path / MANIFEST).write_bytes(b"[" * 100_000)
    refused(f"{MANIFEST} is not JSON")
    (path / MANIFEST).write_bytes(b"[]")
    refused(f"{MANIFEST} is damaged")
    (path / MANIFEST).write_bytes(whole[MANIFEST].replace(b'"format":1', b'"format":2'))
    refused("has the format 2; this dync reads format 1")
    (path / MANIFEST).unlink()
    refused(f"{MANIFEST} cannot be read")
    with pytest.raises(CheckpointError, match="no checkpoint at"):
        load_checkpoint(tmp_path / "step-9")


def test_the_latest_that_is_whole(tmp_path: Path) -> None:
    assert latest_checkpoint(tmp_path / "nowhere") is None
    first, second = (save_checkpoint(tmp_path, WEIGHTS, {"step": step}, keep=9) for step in (1, 2))
    (tmp_path / "step-00000099").mkdir()
    (tmp_path / "final").mkdir()
    with pytest.warns(DamagedCheckpointWarning, match="step-00000099 is passed over"):
        assert latest_checkpoint(tmp_path) == second
    (tmp_path / "step-00000099").rmdir()
    flip(second / ARRAYS, -1)
    with pytest.warns(DamagedCheckpointWarning, match=f"step-00000002 is passed over.*{ARRAYS} is damaged"):
        assert latest_checkpoint(tmp_path) == first


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(CheckpointError, match="cannot be written"):
        save_checkpoint(tmp_path / "file" / "checkpoints", WEIGHTS, {"step": 1}, keep=1)
    with pytest.raises(CheckpointError, match="cannot be written"):
        write_checkpoint(tmp_path / "file" / "c", WEIGHTS, {})


SAVER = """
import sys
from pathlib import Path
import numpy as np
from dync.runtime.checkpoint import latest_checkpoint, load_checkpoint, save_checkpoint
folder = Path(sys.argv[1])
last = latest_checkpoint(folder)
step = load_checkpoint(last).facts["step"] if last else 0
print("ready", flush=True)
while True:
    step += int(sys.argv[2])
    arrays = {"a": np.full(300_000, step, dtype=np.float32), "b": np.full(7, step)}
    save_checkpoint(folder, arrays, {"step": step}, keep=1)
    print(step, flush=True)
"""


@pytest.mark.parametrize("advance", [1, 0], ids=["new steps", "the same step again"])
def test_killed_at_random_moments(advance: int, tmp_path: Path) -> None:
    """Five kills while one process saves in a loop: what was last reported as saved, or newer, always loads."""
    moments = random.Random(advance)
    for _ in range(5):
        saver = subprocess.Popen(
            [sys.executable, "-c", SAVER, str(tmp_path), str(advance)], stdout=subprocess.PIPE, text=True
        )
        assert saver.stdout is not None
        assert saver.stdout.readline() == "ready\n"
        reported = saver.stdout.readline()
        time.sleep(moments.uniform(0, 0.05))
        saver.kill()
        reported = [reported, *saver.stdout.readlines()][-1]
        saver.wait()
        saver.stdout.close()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DamagedCheckpointWarning)
            path = latest_checkpoint(tmp_path)
        assert path is not None
        checkpoint = load_checkpoint(path)
        step = checkpoint.facts["step"]
        assert isinstance(step, int)
        assert step >= int(reported)
        assert all(np.all(array == step) for array in checkpoint.arrays.values())
        assert all(entry.name.startswith("step-") for entry in tmp_path.iterdir())
