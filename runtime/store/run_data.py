"""What the store knows of a run, as plain data."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from dync.compiler.expression import JSON
from dync.runtime.store.condition import Condition
from dync.runtime.store.process import ProcessMark

RunStatus = Literal["running", "success", "partial", "failed", "interrupted"]
"""`running` is what a run says of itself until it ends; where its process is dead, it is shown as `interrupted`."""

AttemptStatus = Literal["running", "completed", "failed", "interrupted"]

KINDS: Final = ("training", "sweep", "comparison", "benchmark")

_ID: Final = re.compile(r"[0-9a-f]{12}")


def new_run_id() -> str:
    """A name for a run that no other has: twelve hexadecimal digits."""
    return secrets.token_hex(6)


def is_run_id(value: object) -> bool:
    """Whether a value looks like what `new_run_id` gives."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def now() -> str:
    """The present moment as the store writes it: ISO 8601 in UTC with milliseconds, so that texts sort as times."""
    return instant(datetime.now(UTC))


def instant(moment: datetime) -> str:
    """A moment as the store writes it; one without a zone is taken as local."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def moment(text: object) -> str | None:
    """A time that was read from a file as the store writes it; None for what is no time."""
    try:
        return instant(datetime.fromisoformat(text)) if isinstance(text, str) else None
    except (ValueError, OverflowError, OSError):
        return None


@dataclass(frozen=True)
class NewRun:
    """What is known when a run begins.

    `folder` is the run's own. `resolved` is what its `spec.json` holds under `pipeline` and `plan`, `spec_hash` its
    digest. `parents` are the ids of runs, or the folders, that it starts from. `id` stays the same when it is resumed.
    """

    name: str
    kind: str
    folder: Path
    spec_hash: str
    resolved: Mapping[str, JSON] = field(repr=False)
    plan_hash: str | None = None
    spec_text: str | None = field(default=None, repr=False)
    parents: tuple[str, ...] = ()
    id: str = field(default_factory=new_run_id)
    created: str = field(default_factory=now)


@dataclass(frozen=True)
class Attempt:
    """One attempt at a stage, the `number`th from 1 up. Times as `now` gives them; `cause` says why it did not work."""

    number: int
    stage: str
    started: str
    ended: str | None = None
    status: AttemptStatus = "running"
    cause: str | None = None


@dataclass(frozen=True)
class Measured:
    """A measure by its name: `test.accuracy`."""

    name: str
    value: float


@dataclass(frozen=True)
class Summary:
    """A run in a list. `folder` is where it lies, absolute; `seconds` how long it took, as far as that is known."""

    id: str
    name: str
    kind: str
    status: RunStatus
    main: Measured | None
    created: str
    seconds: float | None
    folder: str


@dataclass(frozen=True)
class Run(Summary):
    """Everything that is recorded of a run.

    `relative` is its folder as seen from that of the store. `settings` are those of the pipeline and the numbers of the
    network by dotted keys, `measures` what came out, by dotted keys too. `git`, `versions`, `device`, `flags`, `seeds`
    and `data` (digest and files with their hashes) are those of `record.json`. `resolved` and `outputs` lack parts that
    are too large for an index; these are named in `left_in_folder`.
    """

    updated: str
    ended: str | None
    relative: str
    spec_hash: str
    plan_hash: str | None
    spec_text: str | None
    resolved: JSON
    settings: Mapping[str, JSON]
    git: JSON
    versions: JSON
    device: JSON
    flags: JSON
    seeds: JSON
    data: JSON
    parents: tuple[str, ...]
    attempts: tuple[Attempt, ...]
    errors: JSON
    outputs: JSON
    measures: Mapping[str, JSON]
    left_in_folder: JSON
    process: ProcessMark | None


@dataclass(frozen=True)
class RunFilter:
    """Which runs are wanted: all conditions hold.

    `name` is a pattern with `*`, `?` and `[…]`, `since` a time as `now` gives it, `where` a condition on measures,
    settings and the columns of the list, `limit` how many at most, the newest first (None: all).
    """

    kind: str | None = None
    status: str | None = None
    name: str | None = None
    since: str | None = None
    where: Condition | None = None
    limit: int | None = None
