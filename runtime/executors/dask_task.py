"""What a worker of a Dask cluster runs. It imports JAX only when the environment says what JAX has to find there."""

from __future__ import annotations

import json
import os
import sys
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from dync.runtime.lanes.lane import LaneReport

PATIENCE: Final = 600
"""Seconds that a training waits for the verdict on an evaluation: then whoever asked for it is taken to be gone."""

_COUNTED: Final = ("dync", "equinox", "jax", "jaxlib", "numpy", "optax", "safetensors")


def train_on_worker(data: bytes, topic: str, environment: str) -> list[bytes]:
    """Train the lanes of a frame, and give the frames that tell what became of them.

    `environment` is JSON: variables to set before JAX is imported. Reports go to the events of `topic`. It does the
    same whenever and wherever it is called, so a cluster may call it as often as it needs to.
    """
    if "jax" not in sys.modules:
        os.environ.update(json.loads(environment))
    from dync.runtime.executors.frames import frame_from_bytes
    from dync.runtime.executors.work import do_work

    def ask(report: LaneReport) -> Literal["go on", "prune"]:
        return _ask(report, topic)

    return [frame.to_bytes() for frame in do_work(frame_from_bytes(data), ask)]


def _ask(report: LaneReport, topic: str) -> Literal["go on", "prune"]:
    """Send a report to the process that gave the work, and wait for what it answers in a variable of the cluster."""
    from distributed import Variable, get_client, get_worker

    from dync.runtime.executors.messages import report_frame

    name = f"{topic}-{uuid.uuid4().hex}"
    answer = Variable(name, client=get_client())
    get_worker().log_event(topic, {"answer": name, "report": report_frame(report).says})
    verdict = answer.get(timeout=PATIENCE)
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
