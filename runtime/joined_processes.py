"""Several processes for one training, each with devices of its own, joined by `jax.distributed`.

All of them run the same command on the same data; the first, which leads, is the one that people see: it writes the
run's folder and shows the progress. The others write to folders that go when they end.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final

import jax
import numpy as np

from dync.compiler.expression import JSON
from dync.compiler.pipeline_plan import Limits
from dync.runtime.error import RunError

ADDRESS: Final = "JAX_COORDINATOR_ADDRESS"
COUNT: Final = "JAX_NUM_PROCESSES"
NUMBER: Final = "JAX_PROCESS_ID"
PATIENCE: Final = 300
"""Seconds for all processes to arrive."""
_PIECE: Final = 2**26


def join_processes(environ: Mapping[str, str] = os.environ, patience: int = PATIENCE) -> bool:
    """Join the processes that the environment speaks of; whether it speaks of any. Before JAX is first used.

    `JAX_COORDINATOR_ADDRESS` is `HOST:PORT` of the first process, for all to find it, with `JAX_NUM_PROCESSES` and
    `JAX_PROCESS_ID` (from 0), or `auto` where JAX can tell by itself, as under SLURM's `srun` and Open MPI. Raises
    RunError where these do not fit together or the others do not come within `patience` seconds.
    """
    address = environ.get(ADDRESS)
    if not address:
        return False
    jax.config.update("jax_cpu_collectives_implementation", "gloo")  # type: ignore[no-untyped-call]
    try:
        if address == "auto":
            jax.distributed.initialize(initialization_timeout=patience)
        else:
            count, number = _numbers(environ)
            jax.distributed.initialize(address, count, number, initialization_timeout=patience)
    except (RuntimeError, ValueError, OSError) as error:
        raise RunError(
            f"the processes of this training did not find each other through {address} ({_first_line(error)}):"
            f" {ADDRESS} is HOST:PORT of the first process, reachable from all of them (docs/clusters.md)"
        ) from None
    return True


def _numbers(environ: Mapping[str, str]) -> tuple[int, int]:
    try:
        count, number = int(environ[COUNT]), int(environ[NUMBER])
    except (KeyError, ValueError):
        raise RunError(
            f"with {ADDRESS} also set {COUNT} (how many processes) and {NUMBER} (which one this is, from 0),"
            f" or set {ADDRESS}=auto under SLURM or Open MPI"
        ) from None
    if not 0 <= number < count:
        raise RunError(f"{NUMBER} counts from 0 to {count - 1}, for {COUNT} is {count}: it cannot be {number}")
    return count, number


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def leads() -> bool:
    """Whether this is the process that writes and shows; one that is alone is."""
    return jax.process_index() == 0


def verify_limits_of_joined(name: str, limits: Limits) -> None:
    """Raises RunError for limits that several processes cannot keep together: each would read its own clock."""
    if jax.process_count() > 1 and limits.stage_seconds is not None:
        raise RunError(
            f"{name} has `limit stage_seconds {limits.stage_seconds:g}`, which {jax.process_count()} processes with a"
            " clock each would not reach at the same update: take it out, and limit the time of the job where it is"
            " started; a run that is ended there goes on with --resume"
        )


def verify_joined_alike(depends: Mapping[str, JSON]) -> None:
    """Raises RunError, in all of them, where the processes differ in something that the training depends on, by name.

    All processes have to come here together.
    """
    if jax.process_count() == 1:
        return
    from jax.experimental.multihost_utils import process_allgather

    own = [sha256(json.dumps(value, sort_keys=True).encode()).digest() for value in depends.values()]
    every = np.asarray(process_allgather(np.array([list(digest) for digest in own], np.uint8)))
    apart = [name for n, name in enumerate(depends) if (every[:, n] != every[0, n]).any()]
    if apart:
        raise RunError(
            f"the {jax.process_count()} processes of this training differ in: {', '.join(apart)}. Give all of them the"
            " same command, files of the same content and the same versions"
        )


@contextmanager
def folder_of_process(path: Path, *, resume: bool = False) -> Iterator[Path]:
    """The folder that this process runs in: `path` for the one that leads, for others one that goes in the end.

    With `resume` the others find there what the leader's has, whether or not they can see its disk, so that all go on
    from the same checkpoint. All processes have to come here together.
    """
    if jax.process_count() == 1:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="dync-") as own:
        copy = Path(own) / path.name
        if resume:
            _share_folder(path, copy)
        yield path if leads() else copy


def _share_folder(path: Path, copy: Path) -> None:
    """Files of the leader's folder, in the folders of the others; what is being written is left out."""
    names = [str(file.relative_to(path)) for file in _files(path)] if leads() else []
    for name in json.loads(shared_bytes(json.dumps(names).encode())):
        content = shared_bytes((path / name).read_bytes() if leads() else b"")
        if not leads():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes(content)


def _files(path: Path) -> list[Path]:
    every = sorted(path.rglob("*")) if path.is_dir() else []
    depth = len(path.parts)
    return [f for f in every if f.is_file() and not any(part.startswith(".") for part in f.parts[depth:])]


def shared_bytes(data: bytes) -> bytes:
    """What the leader gives here, in every process; what others give does not count."""
    from jax.experimental.multihost_utils import broadcast_one_to_all

    if jax.process_count() == 1:
        return data
    pieces_and_rest = broadcast_one_to_all(np.array(divmod(len(data), _PIECE), np.int32))
    total = int(pieces_and_rest[0]) * _PIECE + int(pieces_and_rest[1])
    own = np.frombuffer(data, np.uint8) if leads() else np.zeros(total, np.uint8)
    pieces = [own[start : start + _PIECE] for start in range(0, total, _PIECE)]
    return b"".join(np.asarray(broadcast_one_to_all(piece)).tobytes() for piece in pieces)
