"""What a worker of a Dask cluster runs. It imports JAX only when the environment says what JAX has to find there."""

from __future__ import annotations

import json
import os
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from dync.runtime.lanes.lane import LaneReport

PATIENCE: Final = 600
"""Seconds that a training waits for the verdict on an evaluation: then whoever asked for it is taken to be gone."""

LOOK: Final = 2.0
"""Seconds between two looks, while it waits, at whether the work is still wanted."""

_COUNTED: Final = ("dync", "equinox", "jax", "jaxlib", "numpy", "optax", "safetensors")


class WithdrawnError(Exception):
    """Nobody waits for this work any more."""


def train_on_worker(data: bytes, topic: str, environment: str, key: str) -> list[bytes]:
    """Train the lanes of a frame, and give the frames that tell what became of them.

    `environment` is JSON: variables to set before JAX is imported; those that come too late are told of. Reports go to
    the events of `topic`; `key` is the task's own, by which it learns that it was withdrawn. It does the same whenever
    and wherever it is called, so a cluster may call it as often as it needs to.
    """
    late = _late(json.loads(environment))
    from dync.runtime.executors.frames import Frame, frame_from_bytes
    from dync.runtime.executors.work import do_work

    def ask(report: LaneReport) -> Literal["go on", "prune"]:
        return _ask(report, topic, tick)

    def tick() -> None:
        _verify_wanted(key)

    said = [Frame({"kind": "said", "text": late})] if late else []
    return [frame.to_bytes() for frame in (*said, *do_work(frame_from_bytes(data), ask, tick))]


def _late(wanted: Mapping[str, str]) -> str:
    """Set what is wanted; a sentence where JAX was there before it."""
    apart = [f"{name}={value}" for name, value in wanted.items() if os.environ.get(name) != value]
    if not apart or "jax" not in sys.modules:
        os.environ.update(wanted)
        return ""
    from distributed import get_worker

    return (
        f"limits do not bind on the worker {get_worker().address}, which has used JAX before: start it again, or with"
        f" {' '.join(apart)}"
    )


def _verify_wanted(key: str) -> None:
    """Raise WithdrawnError where the cluster has told this worker that nobody waits for a task that it runs."""
    from distributed import get_worker

    task = get_worker().state.tasks.get(key)
    if task is not None and task.state == "cancelled":
        raise WithdrawnError(key)


def _ask(report: LaneReport, topic: str, tick: Callable[[], None]) -> Literal["go on", "prune"]:
    """Send a report to the process that gave the work, and wait for what it answers in a variable of the cluster."""
    from distributed import Variable, get_client, get_worker

    from dync.runtime.executors.messages import report_frame

    name = f"{topic}-{uuid.uuid4().hex}"
    answer = Variable(name, client=get_client())
    get_worker().log_event(topic, {"answer": name, "report": report_frame(report).says})
    until = time.monotonic() + PATIENCE
    while True:
        tick()
        try:
            verdict = answer.get(timeout=LOOK)
        except TimeoutError:
            if time.monotonic() > until:
                raise
        else:
            answer.delete()
            return "prune" if verdict == "prune" else "go on"


def worker_versions() -> dict[str, str]:
    """The versions of this process that have to be those of the process that gives the work; of Python the first two
    numbers."""
    from dync.runtime.checkpoint import package_versions

    found = dict(package_versions())
    return {name: found.get(name, "none") for name in _COUNTED} | {
        "python": ".".join(str(part) for part in sys.version_info[:2])
    }


def differences(own: Mapping[str, str], found: Mapping[str, Any]) -> str:
    """What differs between two sets of versions, in words; nothing where nothing does."""
    apart = [
        f"{name} {found.get(name)} instead of {version}" for name, version in own.items() if found.get(name) != version
    ]
    return ", ".join(apart)
