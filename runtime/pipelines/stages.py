"""Running stages in order: each gives outputs, what is made stays, what is done is not done again."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dync.compiler.pipeline_plan import Limits
from dync.runtime.error import RunError
from dync.runtime.pipelines.clock import StageClock, StageTimeoutError
from dync.runtime.pipelines.ledger import Basis, Ledger
from dync.runtime.pipelines.result import PipelineResult, Status
from dync.runtime.reporter import Reporter
from dync.runtime.run_folder import RunFolder


class _ChangedError(RunError):
    """What a stage began with is another now. Trying again does not help."""


def _always() -> bool:
    return True


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Stage:
    """A named piece of a pipeline's work; gives outputs by name. `essential` ones make what the pipeline is for.

    `basis` says what the outcome depends on, asked when the stage's turn comes: a resumed run does not do a stage again
    that ended well on the same basis and whose work still `stands`. One that ended well on another basis is done again,
    after `anew` has put away what must not be taken for its work. `bound` are the words of the basis that may not
    change between the beginning of a stage and its end (`data`: half a training on other data is no training): then the
    run refuses to go on. What a stage made is kept for the next time, unless it is `logged`: then the stage finds in
    the log of the run what is done, and does the rest. `needs` are the stages without which it cannot be done; None:
    all before it.
    """

    name: str
    work: Callable[[], Mapping[str, Any]]
    essential: bool = False
    basis: Callable[[], Basis] | None = None
    stands: Callable[[], bool] = _always
    bound: frozenset[str] = frozenset()
    needs: tuple[str, ...] | None = None
    anew: Callable[[], None] = _nothing
    logged: bool = False


def run_stages(
    name: str,
    stages: Sequence[Stage],
    folder: RunFolder,
    reporter: Reporter,
    *,
    limits: Limits | None = None,
    clock: StageClock | None = None,
    resume: bool = False,
) -> PipelineResult:
    """All stages in order, recorded as events; the result is written to the folder whatever happens.

    A RunError fails the stage with its sentence, after as many further attempts as `limits.retries` allows; the
    cause of each is an event and stands in the result's errors. After a failed stage the run ends, or with
    `limits.continue_on_failure` goes on with the stages that do not need it. Ctrl-C ends the run, with a result.
    Anything else is a bug of ours: it is recorded and raised again. Bodies call `clock.check()` between their steps.
    """
    return _Run(name, stages, folder, reporter, limits or Limits(), clock or StageClock(), resume).all()


class _Run:
    """The stages of one run, and what became of them."""

    def __init__(
        self, name: str, stages: Sequence[Stage], folder: RunFolder, reporter: Reporter,
        limits: Limits, clock: StageClock, resume: bool,
    ) -> None:  # fmt: skip
        self.name, self.stages, self.folder, self.reporter = name, stages, folder, reporter
        self.limits, self.clock, self.resume = limits, clock, resume
        self.ledger = Ledger(folder)
        self.began = time.monotonic()
        self.done: list[Stage] = []
        self.failed: list[Stage] = []
        self.errors: list[str] = []
        self.outputs: dict[str, Any] = {}

    def all(self) -> PipelineResult:
        for number, stage in enumerate(self.stages):
            if self.failed and not self._possible(number):
                continue
            if self._again(stage):
                continue
            self._start(stage)
            if not self._attempts(stage) and not self.limits.continue_on_failure:
                break
        return self.folder.finish(self._result())

    def _possible(self, number: int) -> bool:
        """Whether nothing failed or was left out that a stage needs."""
        stage = self.stages[number]
        needs = stage.needs if stage.needs is not None else [before.name for before in self.stages[:number]]
        return {done.name for done in self.done} >= set(needs)

    def _again(self, stage: Stage) -> bool:
        """Whether a stage was done by a run that is resumed; raises RunError where it stands on something else now."""
        before = self.ledger[stage.name] if self.resume else None
        if before is None or stage.basis is None:
            return False
        changed = before.changed(stage.basis())
        if before.outputs is None:
            if changed and set(changed) <= {"versions"}:
                self.reporter.message(
                    f"{stage.name} began with other versions of its packages: the last bits may differ"
                )
            return False
        if changed or stage.logged or not stage.stands():
            return False
        self.outputs |= before.outputs
        self.done.append(stage)
        self.folder.event("stage_skipped", stage=stage.name, key=before.key)
        return True

    def _start(self, stage: Stage) -> None:
        self.folder.event("stage_started", stage=stage.name)
        self.reporter.stage_started(stage.name)
        self.clock.start()

    def _attempts(self, stage: Stage) -> bool:
        """Do a stage, more than once where it may be; whether it ended well."""
        allowed = 1 + self.limits.retries
        for attempt in range(1, allowed + 1):
            try:
                self._complete(stage, self._work(stage))
                return True
            except RunError as error:
                self.outputs |= error.outputs
                last = attempt == allowed or isinstance(error, StageTimeoutError | _ChangedError)
                self._note(stage, attempt, allowed, error, last)
                if last:
                    self.failed.append(stage)
                    return False
            except BaseException as error:
                self._cut_off(stage, error)
                raise
        raise AssertionError("a stage is tried at least once")

    def _work(self, stage: Stage) -> Mapping[str, Any]:
        basis = stage.basis() if stage.basis is not None else None
        if basis is not None:
            self._compare(stage, basis)
            self.ledger.put(stage.name, basis)
        made = stage.work()
        if basis is not None:
            self.ledger.put(stage.name, basis, {} if stage.logged else made)
        return made

    def _compare(self, stage: Stage, basis: Basis) -> None:
        """Refuse to go on with half a stage where what it began with has changed; begin anew with a whole one."""
        before = self.ledger[stage.name] if self.resume else None
        changed = () if before is None else before.changed(basis)
        if before is None or not changed:
            return
        if before.outputs is not None:
            self.reporter.message(f"{stage.name} is done again, for these changed: {before.said(changed, basis)}")
            stage.anew()
            self.folder.event("stage_outdated", stage=stage.name, key=before.key, changed=list(changed))
            return
        refused = [word for word in changed if word in stage.bound]
        if refused:
            raise _ChangedError(
                f"the {' and the '.join(refused)} of this run changed since it began: put back what it began with, or"
                " begin another run with --out"
            )

    def _complete(self, stage: Stage, made: Mapping[str, Any]) -> None:
        self.outputs |= made
        self.done.append(stage)
        self.folder.event("stage_completed", stage=stage.name, seconds=round(self.clock.seconds, 3))
        self.reporter.stage_completed(stage.name)

    def _note(self, stage: Stage, attempt: int, allowed: int, error: RunError, last: bool) -> None:
        """Record why an attempt failed."""
        which = f" (attempt {attempt} of {allowed})" if allowed > 1 else ""
        self.errors.append(f"{stage.name}{which}: {error}")
        if allowed > 1:
            self.folder.event("attempt", stage=stage.name, attempt=attempt, of=allowed, error=str(error))
        if last:
            self.folder.event("stage_failed", stage=stage.name, error=str(error))
            self.reporter.stage_failed(stage.name, str(error))
        else:
            self.reporter.message(f"{stage.name}, attempt {attempt} of {allowed}: {error}; once more")

    def _cut_off(self, stage: Stage, error: BaseException) -> None:
        """Leave a result of a run that was interrupted or met a bug."""
        interrupted = isinstance(error, KeyboardInterrupt)
        why = "interrupted; go on with --resume" if interrupted else f"{type(error).__name__}: {error}"
        self.failed.append(stage)
        self.errors.append(f"{stage.name}: {why}")
        kind = "stage_interrupted" if interrupted else "stage_failed"
        self.folder.event(kind, stage=stage.name, error=repr(error))
        self.folder.finish(self._result())

    def _result(self) -> PipelineResult:
        return PipelineResult(
            pipeline_name=self.name,
            status=_status(self.done, self.failed),
            stages_completed=tuple(stage.name for stage in self.done),
            stages_failed=tuple(stage.name for stage in self.failed),
            errors=tuple(self.errors),
            outputs=self.outputs,
            total_time_seconds=round(time.monotonic() - self.began, 3),
            timestamp=datetime.now(UTC).isoformat(timespec="seconds"),
        )


def _status(done: Sequence[Stage], failed: Sequence[Stage]) -> Status:
    if not failed:
        return "success"
    return "partial" if any(stage.essential for stage in done) else "failed"
