"""What every worker does, wherever it is: train the lanes of a frame, and say frame by frame what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from dync.runtime.executors.frames import Frame
from dync.runtime.executors.messages import decisions_to_json, result_frame, work_from
from dync.runtime.lanes.checked_files import ChangedDataError
from dync.runtime.lanes.lane import Watch
from dync.runtime.lanes.prepared import Prepared
from dync.runtime.lanes.timing import measured_decisions
from dync.runtime.lanes.train import train_lanes, watch_nothing

_PREPARED: Final = Prepared()
"""The data of the last few groups: a process that gets more of the same lanes does not read them again."""


def do_work(frame: Frame, ask: Watch, tick: Callable[[], None] = lambda: None) -> Iterator[Frame]:
    """A `result` a lane as soon as it is there, `said` for what people should read, in the end `done`.

    `ask` sends a report to the process that gave the work, and waits for its verdict; `tick` is called on the way. Work
    that only measures gives its decisions with `done`. Where a data file is not the one that was checked, `changed`
    says so in the place of `done`.
    """
    work = work_from(frame)
    if work.measures:
        found = measured_decisions(work.lanes, _PREPARED, work.total)
        yield Frame({"kind": "done", "decisions": decisions_to_json(found)})
        return
    texts = list[str]()
    watch = ask if work.watched else watch_nothing
    results = train_lanes(
        work.lanes, work.mode, watch, decisions=dict(work.decisions), prepared=_PREPARED, total=work.total,
        say=texts.append, tick=tick,
    )  # fmt: skip
    try:
        for result in results:
            yield from _said(texts)
            yield result_frame(result)
    except ChangedDataError as error:
        yield Frame({"kind": "changed", "text": str(error)})
        return
    yield from _said(texts)
    yield Frame({"kind": "done", "decisions": {}})


def _said(texts: list[str]) -> Iterator[Frame]:
    while texts:
        yield Frame({"kind": "said", "text": texts.pop(0)})
