"""What trains the lanes of sweeps and comparisons: this process, worker processes, or a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from dync.jobs import Job
from dync.runtime.lanes.executor import Executor, InProcess
from dync.runtime.pipelines.clock import StageClock
from dync.runtime.reporter import Reporter

Choose = Callable[[Job, Reporter, StageClock], Executor]
"""Gives the executor of a job, which ends its work when the clock says that a stage took too long."""


@contextmanager
def executor_of(jobs: int, cluster: str | None) -> Iterator[Choose]:
    """The executor that a command line asks for; its workers end with this context, or when the next is chosen.

    A pipeline's own `limit parallel_jobs` bounds the number of processes.
    """
    with ExitStack() as stack:

        def choose(job: Job, reporter: Reporter, clock: StageClock) -> Executor:
            stack.close()  # workers of the pipeline before would go on holding their part of a GPU
            if cluster is not None:
                from dync.runtime.executors.dask import DaskCluster

                found = DaskCluster(cluster, job.limits, say=reporter.message, tick=clock.check)
                return stack.enter_context(found)
            most = job.limits.parallel_jobs
            count = jobs if most is None else min(jobs, most)
            if count == 1:
                return InProcess(say=reporter.message, tick=clock.check)
            from dync.runtime.executors.local import LocalWorkers

            return stack.enter_context(LocalWorkers(count, job.limits, say=reporter.message, tick=clock.check))

        yield choose
