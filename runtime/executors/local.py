"""Lanes trained by worker processes of this machine (`--jobs N`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Final, Self

from dync.compiler.pipeline_plan import Limits
from dync.runtime.environment import verify_memory
from dync.runtime.error import RunError
from dync.runtime.executors.agenda import Agenda
from dync.runtime.executors.attempts import SPARE, Attempt, Portion, Verdicts, given_up, verify_names
from dync.runtime.executors.environment import worker_environment
from dync.runtime.executors.frames import Frame
from dync.runtime.executors.messages import Work, decisions_from_json, report_from, result_from, work_frame
from dync.runtime.executors.process import WorkerProcess
from dync.runtime.executors.survey import PROCESS
from dync.runtime.lanes.checked_files import ChangedDataError
from dync.runtime.lanes.decision import Choice
from dync.runtime.lanes.lane import Lane, LaneResult, Watch
from dync.runtime.lanes.need import Need
from dync.runtime.lanes.train import Decisions, watch_nothing

TICK: Final = 0.5
"""Seconds between two calls of `tick` while nothing is heard."""

STARTS: Final = 3
"""Workers in a row that end before they are ready: then something is wrong with all of them."""


class LocalWorkers:
    """An executor of `jobs` processes, which start with the first lanes and stay until `close`.

    A worker that ends in the middle is replaced, and what it had not finished is tried again, `limits.retries` times
    and twice more; what came to nothing is kept in `attempts`, and `say` tells of it. Results are given by the process
    that calls `run`, once a lane. `tick` is called while it waits, and may raise an error to end the wait: then, as
    whenever `run` is left before its end, the workers that were at work are ended. `total` and `decisions` are those
    of an `Executor`.
    """

    def __init__(
        self,
        jobs: int,
        limits: Limits | None = None,
        *,
        say: Callable[[str], None] = lambda text: None,
        tick: Callable[[], None] = lambda: None,
        decisions: Decisions | None = None,
        total: int = 0,
    ) -> None:
        if jobs < 1:
            raise RunError(f"at least one worker process is needed, not {jobs}")
        self.jobs, self.limits = jobs, limits or Limits()
        self.attempts: list[Attempt] = []
        self._say, self._tick, self.total = say, tick, total
        self.decisions: Decisions = {} if decisions is None else decisions
        self._environment = worker_environment(self.limits, jobs)
        self._heard: SimpleQueue[tuple[WorkerProcess, Frame | None]] = SimpleQueue()
        self._idle: list[WorkerProcess] = []
        self._busy: dict[WorkerProcess, Portion] = {}
        self._stillborn = 0

    @property
    def name(self) -> str:
        """How many processes there are."""
        return f"{self.jobs} processes"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    @property
    def processes(self) -> tuple[int, ...]:
        """The ids of the workers that live."""
        return tuple(worker.number for worker in (*self._busy, *self._idle))

    def close(self) -> None:
        """End all workers."""
        for worker in self._busy:
            worker.kill()
        for worker in (*self._busy, *self._idle):
            worker.close()
        self._busy, self._idle = {}, []

    def verify(self, need: Need) -> None:
        """Raises RunError where the device has not the memory for what all processes do at once."""
        processes = need.processes(self.jobs)
        advice = "take fewer, --jobs, or make the layers or the batch smaller"
        needed = processes * (need.peak(processes) + PROCESS)
        verify_memory(needed, f"the work of {processes} processes", advice)

    def run(self, lanes: Sequence[Lane], mode: Choice, watch: Watch = watch_nothing) -> Iterator[LaneResult]:
        """The result of every lane, in the order in which they come.

        In the modes `exact` and `off` they do not depend on the number of workers. `watch` is asked in this process.
        Raises RunError where workers do not even start, and where data files are not those that were checked.
        """
        verify_names(lanes)
        agenda = Agenda(lanes, mode, self.jobs, self.decisions, self._say)
        verdicts = Verdicts(watch)
        try:
            while agenda or self._busy:
                self._give_out(agenda, mode, watch is not watch_nothing)
                worker, frame = self._next()
                if frame is None:
                    yield from self._ended(worker, agenda)
                elif frame.kind == "report":
                    worker.send(Frame({"kind": "verdict", "verdict": verdicts(report_from(frame))}))
                elif frame.kind == "result":
                    result = result_from(frame)
                    self._busy[worker] = self._busy[worker].without(result.lane)
                    yield result
                else:
                    self._hear(worker, frame, agenda)
        finally:
            for worker in tuple(self._busy):
                self._drop(worker)

    def _give_out(self, agenda: Agenda, mode: Choice, watched: bool) -> None:
        """Give every free worker something to do, and start those that there may be."""
        while len(self._busy) < self.jobs and (portion := agenda.next()) is not None:
            worker = self._idle.pop() if self._idle else WorkerProcess(self._environment, self._note)
            self._busy[worker] = portion
            share, measures = self.total // self.jobs, portion.measures is not None
            worker.send(work_frame(Work(portion.lanes, mode, watched, dict(self.decisions), share, measures)))

    def _note(self, worker: WorkerProcess, frame: Frame | None) -> None:
        self._heard.put((worker, frame))

    def _next(self) -> tuple[WorkerProcess, Frame | None]:
        """The next frame of a worker that still counts."""
        while True:
            self._tick()
            try:
                worker, frame = self._heard.get(timeout=TICK)
            except Empty:
                continue
            if worker in self._busy:
                return worker, frame
            if frame is None and worker in self._idle:
                self._idle.remove(worker)
                worker.close()

    def _hear(self, worker: WorkerProcess, frame: Frame, agenda: Agenda) -> None:
        match frame.kind:
            case "ready":
                worker.ready, self._stillborn = True, 0
            case "said":
                self._say(str(frame.says["text"]))
            case "done":
                portion = self._busy.pop(worker)
                self._idle.append(worker)
                if portion.measures is not None:
                    agenda.measured(portion, decisions_from_json(frame.says["decisions"]))
            case "changed":
                raise ChangedDataError(str(frame.says["text"]))
            case "mistake":
                raise WorkerMistakeError(str(frame.says["traceback"]))
            case kind:
                raise WorkerMistakeError(f"a worker sent a frame of the kind {kind}")

    def _ended(self, worker: WorkerProcess, agenda: Agenda) -> Iterator[LaneResult]:
        """A worker ended before its time: try again what is left, or give it up."""
        portion, cause = self._busy[worker], worker.cause()
        self._stillborn += not worker.ready
        self._drop(worker)
        if self._stillborn >= STARTS:
            raise RunError(f"the worker processes end before they can start; the last one {cause}")
        if not portion.lanes:
            return
        attempt = Attempt(tuple(lane.name for lane in portion.lanes), len(portion.causes) + 1, cause)
        self.attempts.append(attempt)
        further = attempt.number <= self.limits.retries + SPARE
        self._say(
            f"a worker {cause}; attempt {attempt.number} at {len(portion.lanes)} trainings came to nothing,"
            f" {'they are tried again' if further else 'they are given up'}"
        )
        ended = replace(portion, causes=(*portion.causes, cause))
        if further:
            agenda.add(portion.again(cause))
        elif portion.measures is not None:
            agenda.unmeasured(ended)
        else:
            yield from given_up(ended)

    def _drop(self, worker: WorkerProcess) -> None:
        self._busy.pop(worker, None)
        worker.kill()
        worker.close()


class WorkerMistakeError(Exception):
    """An error in a worker that is a bug of dync; its text is the traceback there."""
