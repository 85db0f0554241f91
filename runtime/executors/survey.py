"""What the workers of a cluster are and have, and whether that is what a run needs. Workers import no JAX for it."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final

from dync.runtime.error import RunError
from dync.runtime.executors.dask_task import differences, worker_versions
from dync.runtime.memory import available_memory, gib

ANSWER: Final = 60.0
"""Seconds for all workers to answer; they import dync first."""

PROCESS: Final = 320 * 2**20
"""Bytes of memory that a worker takes for itself, with JAX and a small program; measured on Linux."""


@dataclass(frozen=True)
class WorkerFacts:
    """A worker. `memory` is what is free for it in bytes (None: nobody knows), together with others of its `host`.

    `allowed` is its own limit. `files` says of those that were asked for what hash they have there, or why none;
    `trouble`, why it cannot run dync at all.
    """

    address: str
    host: str = ""
    threads: int = 1
    memory: int | None = None
    allowed: int | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    trouble: str = ""

    def apart(self) -> str:
        """In which versions it differs from this process, or why it cannot run dync; nothing where all is well."""
        return self.trouble or differences(worker_versions(), self.versions)


def worker_facts(files: Sequence[str], dask_worker: Any) -> dict[str, Any]:
    """What a worker tells of itself, as JSON. Dask gives the worker to an argument of this name."""
    return {
        "host": socket.gethostname(),
        "threads": dask_worker.state.nthreads,
        "memory": available_memory(),
        "allowed": dask_worker.memory_manager.memory_limit or None,
        "versions": worker_versions(),
        "files": {path: _hash(path) for path in files},
    }


def survey(client: Any, files: Sequence[str] = ()) -> tuple[WorkerFacts, ...]:
    """All workers that a client knows, but for those that are lost meanwhile.

    Raises RunError where they do not answer, and whatever the client does where the scheduler is lost.
    """
    heard: SimpleQueue[Any] = SimpleQueue()

    def ask() -> None:
        try:
            heard.put(client.run(worker_facts, list(files), on_error="return"))
        except BaseException as error:  # it is raised again below, by the thread that waits
            heard.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        found = heard.get(timeout=ANSWER)
    except Empty:
        raise RunError(
            f"the workers do not answer within {ANSWER:g} s: end those that hang, and start others"
        ) from None
    if isinstance(found, BaseException):
        raise found
    return tuple(_facts(*one) for one in found.items() if not isinstance(one[1], OSError | TimeoutError))


def verify_workers(found: Sequence[WorkerFacts], files: Mapping[str, str], peak: int) -> None:
    """Raises RunError where a worker cannot run the same dync, lacks data or the memory for `peak` bytes each."""
    for worker in found:
        if worker.trouble:
            raise RunError(
                f"the worker {worker.address} cannot run dync ({worker.trouble}): install the same dync there as here"
            )
        if apart := worker.apart():
            raise RunError(f"the worker {worker.address} has {apart}: install the same versions there as here")
        _verify_files(worker, files)
    if peak:
        _verify_memory(found, peak + PROCESS)


def _verify_files(worker: WorkerFacts, files: Mapping[str, str]) -> None:
    for path, expected in files.items():
        there = worker.files.get(path, "it was not looked for")
        if there != expected:
            why = "another content than here" if len(there) == len(expected) else there
            raise RunError(
                f"the worker {worker.address} does not have the data file {path} ({why}): copy it there, or put"
                " the data on a disk that all machines share"
            )


def _verify_memory(found: Sequence[WorkerFacts], each: int) -> None:
    hosts: dict[str, list[WorkerFacts]] = {}
    for worker in found:
        hosts.setdefault(worker.host, []).append(worker)
        if worker.allowed is not None and each > worker.allowed:
            raise RunError(
                f"the worker {worker.address} may take {gib(worker.allowed)} of memory and needs about {gib(each)}:"
                " start it with a larger --memory-limit, or make the layers or the batch smaller"
            )
    for host, workers in hosts.items():
        free = min((worker.memory for worker in workers if worker.memory is not None), default=None)
        if free is not None and len(workers) * each > free:
            raise RunError(
                f"{host} has {gib(free)} of memory free and its {len(workers)} workers need about {gib(each)} each:"
                " start fewer there, or make the layers or the batch smaller"
            )


def _facts(address: str, told: Any) -> WorkerFacts:
    if isinstance(told, BaseException):
        return WorkerFacts(address, trouble=str(told) or type(told).__name__)
    return WorkerFacts(address, **told)


def _hash(path: str) -> str:
    """The SHA-256 of a file, or why there is none."""
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError as error:
        return os.strerror(error.errno).lower() if error.errno else str(error)
