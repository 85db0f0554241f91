"""Lanes trained by a Dask cluster (`--cluster ADDRESS`), an optional extra."""

from __future__ import annotations

import json
import logging
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cached_property
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Final, Self

from dync.compiler.pipeline_plan import Limits
from dync.runtime.error import RunError
from dync.runtime.executors.agenda import Agenda
from dync.runtime.executors.attempts import Attempt, Portion, Verdicts, given_up, verify_names
from dync.runtime.executors.dask_task import train_on_worker
from dync.runtime.executors.frames import Frame, frame_from_bytes
from dync.runtime.executors.local import WorkerMistakeError
from dync.runtime.executors.messages import Work, decisions_from_json, report_from, result_from, work_frame
from dync.runtime.executors.survey import survey, verify_workers
from dync.runtime.lanes.checked_files import ChangedDataError
from dync.runtime.lanes.decision import Choice
from dync.runtime.lanes.lane import Lane, LaneResult, Watch
from dync.runtime.lanes.need import Need
from dync.runtime.lanes.train import Decisions, watch_nothing
from dync.runtime.limits import variables

CONNECT: Final = 10.0
"""Seconds for the scheduler to answer."""

PATIENCE: Final = 120.0
"""Seconds without any worker before a run gives up."""

TICK: Final = 0.5
LOOK: Final = 5.0
"""Seconds between two looks at whether there are workers."""


class DaskCluster:
    """An executor whose lanes are trained by the workers of a Dask scheduler.

    They need no disk in common: lanes go there as JSON and arrays, weights come back as bytes. A worker's lanes that
    had not come back when it was lost are trained again by another, which makes the same of them. Whatever a cluster
    does twice, every lane has one result here. `say` and `tick` are as those of `LocalWorkers`. The scheduler is called
    when it is first needed.
    """

    def __init__(
        self,
        address: str,
        limits: Limits | None = None,
        *,
        say: Callable[[str], None] = lambda text: None,
        tick: Callable[[], None] = lambda: None,
        decisions: Decisions | None = None,
        total: int = 0,
        patience: float = PATIENCE,
    ) -> None:
        self.address, self.limits = address, limits or Limits()
        self.attempts: list[Attempt] = []
        self._say, self._tick, self.total, self._patience = say, tick, total, patience
        self.decisions: Decisions = {} if decisions is None else decisions
        self._heard: SimpleQueue[tuple[Any, Any]] = SimpleQueue()
        self._need = Need()
        self._checked: set[str] = set()
        self._seen = time.monotonic()

    @property
    def name(self) -> str:
        """A cluster, wherever it is."""
        return "a cluster"

    @cached_property
    def _client(self) -> Any:
        """Raises RunError where the extra is not installed or no scheduler answers."""
        return connect(self.address)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Take leave of the scheduler."""
        if "_client" in self.__dict__:
            self._client.close(timeout=2)

    def verify(self, need: Need) -> None:
        """Wait for workers; raises RunError where none comes, and where one of them cannot train such lanes."""
        self._need = need
        self._wait_for_workers()

    def run(self, lanes: Sequence[Lane], mode: Choice, watch: Watch = watch_nothing) -> Iterator[LaneResult]:
        """The result of every lane, portion by portion, in the order in which they come.

        Raises RunError where no worker comes, where workers have other versions, and where the scheduler is lost.
        """
        verify_names(lanes)
        if not lanes:
            return
        workers = self._wait_for_workers()
        topic = f"dync-{uuid.uuid4().hex}"
        verdicts, watched = Verdicts(watch), watch is not watch_nothing
        pending: dict[Any, Portion] = {}
        suspects: deque[Portion] = deque()
        agenda = Agenda(lanes, mode, workers, self.decisions, self._say)
        with self._asking():
            self._client.subscribe_topic(topic, lambda event: self._heard.put((None, event[1])))

        def submit(portion: Portion) -> None:
            pending[self._submit(portion, mode, watched, topic, workers)] = portion

        try:
            while pending or suspects or agenda:
                while (portion := agenda.next()) is not None:
                    submit(portion)
                if not pending:
                    submit(suspects.popleft())
                future, found = self._next()
                if future is None:
                    self._answer(found, verdicts)
                elif future in pending:
                    portion = pending.pop(future)
                    if isinstance(found, BaseException):
                        yield from self._failed(portion, found, suspects, agenda)
                    else:
                        yield from self._results(portion, found, agenda)
        finally:
            self._leave(topic, list(pending))

    # --- workers ---

    def _wait_for_workers(self) -> int:
        """How many workers there are, when there is one; all have the versions of this process."""
        until, said = time.monotonic() + self._patience, 0.0
        while not (there := self._there()):
            self._tick()
            if time.monotonic() > until:
                raise RunError(
                    f"the scheduler {self.address} had no workers for {self._patience:g} s: start some,"
                    f" dask worker {self.address}, and go on with --resume"
                )
            if time.monotonic() > said + LOOK:
                said = time.monotonic()
                self._say(f"waiting for workers at {self.address}, {until - said:.0f} s more")
            time.sleep(TICK / 2)
        self._verify_versions()
        return len(there)

    def _there(self) -> set[str]:
        """The addresses of the workers; raises RunError where the scheduler does not answer."""
        client = self._client
        with self._asking():
            return set(client.nthreads())

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """For all that the scheduler is asked: it can be lost at any moment, and then RunError is raised."""
        from concurrent.futures import CancelledError

        from distributed.comm import CommClosedError

        try:
            yield
        except (OSError, TimeoutError, CommClosedError, CancelledError, RuntimeError) as error:
            raise self._lost() from error

    def _verify_versions(self) -> None:
        """Raise RunError where a worker cannot train such lanes; one that is lost meanwhile counts for nothing."""
        with self._asking():
            found = survey(self._client, list(self._need.files))
        processes = max(1, self._need.processes(len(found)))
        verify_workers(found, self._need.files, self._need.peak(processes))
        self._checked |= {worker.address for worker in found}

    def _verify_there(self) -> None:
        """Now and then: whether there are workers at all, and whether new ones have the right versions."""
        now, there = time.monotonic(), self._there()
        if there:
            self._seen = now
            if there - self._checked:
                self._verify_versions()
        elif now - self._seen > self._patience:
            raise RunError(
                f"all workers of {self.address} are gone for {self._patience:g} s: start some and go on with --resume"
            )

    def _lost(self) -> RunError:
        return RunError(
            f"the scheduler {self.address} does not answer any more: what came back before is kept; start a scheduler"
            " and workers again, and go on with --resume"
        )

    # --- work ---

    def _submit(self, portion: Portion, mode: Choice, watched: bool, topic: str, workers: int) -> Any:
        share, measures = self.total // workers, portion.measures is not None
        work = Work(portion.lanes, mode, watched, dict(self.decisions), share, measures)
        environment, key = json.dumps(variables(self.limits)), f"{topic}-{uuid.uuid4().hex}"
        with self._asking():
            future = self._client.submit(
                train_on_worker, work_frame(work).to_bytes(), topic, environment, key,
                key=key, pure=False, retries=self.limits.retries,
            )  # fmt: skip
        future.add_done_callback(lambda done: threading.Thread(target=self._fetch, args=(done,), daemon=True).start())
        return future

    def _fetch(self, future: Any) -> None:
        """Get a result, in a thread of its own: one lost with its worker is waited for until it is made again."""
        try:
            self._heard.put((future, future.result()))
        except BaseException as error:  # it is raised again, or judged, by the thread that runs
            self._heard.put((future, error))

    def _next(self) -> tuple[Any, Any]:
        """The next report (with no future), or what became of a future."""
        looked = self._seen = time.monotonic()
        while True:
            self._tick()
            if self._client.status in ("closed", "closing"):
                raise self._lost()
            try:
                return self._heard.get(timeout=TICK)
            except Empty:
                if time.monotonic() > looked + LOOK:
                    looked = time.monotonic()
                    self._verify_there()

    def _answer(self, event: Any, verdicts: Verdicts) -> None:
        """Tell the training that asked what becomes of it."""
        from distributed import Variable

        verdict = verdicts(report_from(Frame(event["report"])))
        with self._asking():
            Variable(event["answer"], client=self._client).set(verdict)

    def _results(self, portion: Portion, frames: list[bytes], agenda: Agenda) -> Iterator[LaneResult]:
        for frame in map(frame_from_bytes, frames):
            match frame.kind:
                case "result":
                    yield result_from(frame)
                case "said":
                    self._say(str(frame.says["text"]))
                case "changed":
                    raise ChangedDataError(str(frame.says["text"]))
                case "done" if portion.measures is not None:
                    agenda.measured(portion, decisions_from_json(frame.says["decisions"]))

    def _failed(
        self, portion: Portion, error: BaseException, suspects: deque[Portion], agenda: Agenda
    ) -> tuple[LaneResult, ...]:
        """What becomes of a portion that workers were lost with: each lane is tried once more, alone in the cluster.

        A cluster puts a lost worker down to all that it had been given, so only then is it known whose fault it was.
        Gives the result of a lane that is given up; raises an error for anything else that can happen to a portion.
        """
        from concurrent.futures import CancelledError

        from distributed import KilledWorker
        from distributed.comm import CommClosedError

        if isinstance(error, CancelledError | CommClosedError) or self._client.status != "running":
            raise self._lost() from error
        if not isinstance(error, KilledWorker):
            raise WorkerMistakeError(f"{type(error).__name__}: {error}") from error
        cause = f"{error.allowed_failures + 1} workers were lost that had it to train"
        self.attempts.append(Attempt(tuple(lane.name for lane in portion.lanes), len(portion.causes) + 1, cause))
        causes = (*portion.causes, cause)
        if portion.measures is not None:
            agenda.unmeasured(replace(portion, causes=causes))
            return ()
        if len(causes) > 1:
            return given_up(Portion(portion.lanes, causes))
        self._say(f"{cause}: {len(portion.lanes)} trainings are tried again, one by one, after the others")
        suspects.extend(Portion((lane,), causes) for lane in portion.lanes)
        return ()

    def _leave(self, topic: str, pending: list[Any]) -> None:
        """Nobody waits for these any more; where the scheduler is lost, nobody need be told."""
        with suppress(RunError), self._asking():
            if self._client.status == "running":
                self._client.unsubscribe_topic(topic)
                if pending:
                    self._client.cancel(pending)


def connect(address: str) -> Any:
    """A client of the scheduler there; raises RunError where the extra is not installed or nobody answers.

    Dask's own log of this process is silenced: what it has to tell of a lost scheduler is a traceback.
    """
    try:
        from distributed import Client
    except ImportError:
        raise RunError("a cluster needs the extra `cluster`: pip install 'dync[cluster]'") from None
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        return Client(address, timeout=CONNECT, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise RunError(
            f"no Dask scheduler answers at {address} ({str(error) or type(error).__name__}): start one, dask scheduler,"
            " and give its address, such as tcp://192.168.0.1:8786"
        ) from None
