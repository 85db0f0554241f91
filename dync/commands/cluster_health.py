"""What `dync doctor --cluster ADDRESS` looks at: the scheduler, and whether its workers are what a run needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from dync.commands.doctor import Finding

if TYPE_CHECKING:
    from dync.runtime.executors.survey import WorkerFacts


def cluster(address: str) -> Iterator[Finding]:
    """The scheduler, then its workers: those that are alike on a host together. Takes a bounded time."""
    from dync.runtime.error import RunError
    from dync.runtime.executors.dask import connect
    from dync.runtime.executors.survey import survey

    try:
        with closing(connect(address)) as client:
            found = survey(client)
    except RunError as error:
        yield Finding("missing", "cluster", f"{address}: nothing to be had", str(error))
        return
    except (OSError, TimeoutError) as error:
        advice = f"{str(error) or type(error).__name__}: see whether the scheduler still runs, and start it again"
        yield Finding("missing", "cluster", f"{address}: lost", advice)
        return
    yield scheduler(address, found)
    for alike in _alike(found):
        yield workers(alike)


def scheduler(address: str, found: Sequence[WorkerFacts]) -> Finding:
    """The cluster as a whole."""
    if not found:
        return Finding(
            "missing", "cluster", f"{address}: no workers", f"start some: dask worker {address} --nthreads 1"
        )
    threads = sum(worker.threads for worker in found)
    return Finding("ok", "cluster", f"{address}: {len(found)} workers, {threads} threads")


def workers(alike: Sequence[WorkerFacts]) -> Finding:
    """Workers of one host that are alike."""
    from dync.runtime.memory import gib

    first = alike[0]
    subject = f"worker {first.address}" if len(alike) == 1 else f"{len(alike)} workers on {first.host}"
    if first.trouble:
        return Finding("missing", subject, "no dync", f"{first.trouble}: install the same dync there as here")
    shown = ", ".join(f"{name} {first.versions.get(name)}" for name in ("python", "jax", "dync"))
    room = [] if first.memory is None else [f"{gib(min(w.memory or 0 for w in alike))} free"]
    room += [] if first.allowed is None else [f"{gib(first.allowed)} allowed each"]
    threads = "1 thread" if first.threads == 1 else f"{first.threads} threads"
    found = f"{shown}; {threads} each, {', '.join(room) or 'memory unknown'}"
    if apart := first.apart():
        return Finding(
            "missing", subject, found, f"{apart}: install the same versions there as here ({_way_out(first)})"
        )
    if first.threads > 1:
        advice = "a training uses several cores by itself: start workers with --nthreads 1"
        return Finding("warning", subject, found, advice)
    return Finding("ok", subject, found)


def _way_out(worker: WorkerFacts) -> str:
    """What to do on a worker so that it has the versions of this process."""
    from dync.runtime.executors.dask_task import worker_versions

    apart = {name: own for name, own in worker_versions().items() if worker.versions.get(name) != own}
    python = apart.pop("python", None)
    steps = [] if python is None else [f"run it with Python {python}"]
    steps += [f"pip install {' '.join(f'{name}=={own}' for name, own in apart.items())}"] if apart else []
    return ", ".join(steps)


def _alike(found: Sequence[WorkerFacts]) -> list[list[WorkerFacts]]:
    groups: dict[tuple[object, ...], list[WorkerFacts]] = {}
    for worker in found:
        versions = tuple(sorted(worker.versions.items()))
        groups.setdefault((worker.host, worker.threads, worker.allowed, versions, worker.trouble), []).append(worker)
    return list(groups.values())
