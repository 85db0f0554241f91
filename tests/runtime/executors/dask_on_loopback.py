"""A Dask scheduler and workers as processes of their own on 127.0.0.1, each in its own folder."""

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

SECONDS = 120


class Cluster:
    """A scheduler, and workers that come and go; `close` ends them all by their ids."""

    def __init__(self, folder):
        self.folder = folder
        self.workers = []
        self._count = 0
        file = folder / "scheduler.json"
        self.scheduler = self._start("dask_scheduler", "scheduler", "--port", "0", "--scheduler-file", str(file))
        until = time.monotonic() + SECONDS
        while True:
            with contextlib.suppress(OSError, ValueError):
                self.address = json.loads(file.read_text())["address"]
                return
            assert self.scheduler.poll() is None, "the scheduler ended"
            assert time.monotonic() < until, "the scheduler did not start"
            time.sleep(0.05)

    def add(self, **environment):
        """One more worker."""
        self._count += 1
        name = f"worker-{self._count}"
        self.workers.append(
            self._start(
                "dask_worker", name, self.address, "--nthreads", "1", "--no-nanny", "--name", name, **environment
            )
        )
        return self.workers[-1]

    def kill(self, worker):
        """SIGKILL."""
        worker.kill()
        worker.wait(SECONDS)
        self.workers.remove(worker)

    def close(self):
        """End all processes."""
        for process in (*self.workers, self.scheduler):
            process.kill()
        for process in (*self.workers, self.scheduler):
            process.wait(SECONDS)

    def _start(self, module, name, *arguments, **environment):
        folder = self.folder / name
        folder.mkdir()
        kept = {k: v for k, v in os.environ.items() if "proxy" not in k.lower()}
        command = [
            sys.executable,
            "-m",
            f"distributed.cli.{module}",
            *arguments,
            "--host",
            "127.0.0.1",
            "--no-dashboard",
        ]
        if module == "dask_worker":
            command += ["--local-directory", str(folder), "--death-timeout", "60"]
        with (folder / "log").open("wb") as log:
            return subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env=kept | environment)


@contextlib.contextmanager
def cluster(folder, workers):
    """A cluster that is gone afterwards."""
    found = Cluster(Path(folder))
    try:
        for _ in range(workers):
            found.add()
        yield found
    finally:
        found.close()
