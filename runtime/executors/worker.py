"""A worker process: reads work from its standard input, trains it, and answers on what was its standard output.

Run by `dync.runtime.executors.local` as `python -m dync.runtime.executors.worker`. It ends when its input closes, so
it outlives nobody who started it, however they ended.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from queue import SimpleQueue
from typing import TYPE_CHECKING, BinaryIO, Literal

from dync.runtime.executors.frames import Frame, read_frame, write_frame

if TYPE_CHECKING:
    from dync.runtime.lanes.lane import LaneReport


def main() -> None:
    """Work until the input closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the one that started us ends us
    answers = _take_output()
    heard: SimpleQueue[Frame] = SimpleQueue()
    threading.Thread(target=_listen, args=(heard,), daemon=True).start()
    write_frame(answers, Frame({"kind": "ready"}))
    while True:
        _answer(heard.get(), heard, answers)


def _take_output() -> BinaryIO:
    """The pipe to whoever started us; what else writes to standard output goes to standard error from now on."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def _listen(heard: SimpleQueue[Frame]) -> None:
    """Read frames while something else trains; the end of the input is the end of this process, at once."""
    with os.fdopen(os.dup(0), "rb") as stream:
        while (frame := read_frame(stream)) is not None:
            heard.put(frame)
    os._exit(0)


def _answer(work: Frame, heard: SimpleQueue[Frame], answers: BinaryIO) -> None:
    """Train what a frame asks for. A mistake of ours is sent back as the traceback that it is."""
    try:
        from dync.runtime.executors.work import do_work

        def ask(report: LaneReport) -> Literal["go on", "prune"]:
            from dync.runtime.executors.messages import report_frame

            write_frame(answers, report_frame(report))
            return "prune" if heard.get().says["verdict"] == "prune" else "go on"

        for frame in do_work(work, ask):
            write_frame(answers, frame)
    except Exception:
        write_frame(answers, Frame({"kind": "mistake", "traceback": traceback.format_exc()}))


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:
        sys.exit(0)
