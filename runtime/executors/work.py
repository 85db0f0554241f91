"""What every worker does, wherever it is: train the lanes of a frame, and say frame by frame what becomes of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dync.runtime.executors.frames import Frame
from dync.runtime.executors.messages import decisions_to_json, result_frame, work_from
from dync.runtime.lanes.lane import Watch
from dync.runtime.lanes.train import Prepared, train_lanes, watch_nothing

_PREPARED: Final = Prepared()
"""The data of the last few groups: a process that gets more of the same lanes does not read them again."""


def do_work(frame: Frame, ask: Watch) -> Iterator[Frame]:
    """A `result` a lane as soon as it is there, `said` for what people should read, in the end `done` with decisions.

    `ask` sends a report to the process that gave the work, and waits for its verdict.
    """
    work = work_from(frame)
    known, texts = dict(work.decisions), list[str]()
    watch = ask if work.watched else watch_nothing
    found = train_lanes(
        work.lanes, work.mode, watch, decisions=known, prepared=_PREPARED, total=work.total, say=texts.append
    )
    for result in found:
        yield from _said(texts)
        yield result_frame(result)
    yield from _said(texts)
    new = {key: decision for key, decision in known.items() if key not in work.decisions}
    yield Frame({"kind": "done", "decisions": decisions_to_json(new)})


def _said(texts: list[str]) -> Iterator[Frame]:
    while texts:
        yield Frame({"kind": "said", "text": texts.pop(0)})
