"""The parent's side of `benchmarks.measure`."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
from collections.abc import Mapping

from benchmarks.case import Case

MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(2**20)}
"""Large buffers go back to the system when they are freed. How many of them the C library keeps otherwise depends on
which thread frees one first: the peak of one and the same program then differs by a fifth from run to run."""


class TooSlowError(Exception):
    """A child did not answer in time."""


class Child:
    """A running program. `answer` waits for its next line, `repeat` has it train once more."""

    def __init__(self, module: str, case: Case) -> None:
        command = [sys.executable, "-m", "benchmarks.measure", module, case.to_json()]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | MEMORY)
        self.selector = selectors.DefaultSelector()
        assert self.process.stdout is not None
        self.selector.register(self.process.stdout, selectors.EVENT_READ)

    def answer(self, seconds: float) -> Mapping[str, float]:
        """The child's next line; raises TooSlowError after so many seconds and RuntimeError where the child died."""
        assert self.process.stdout is not None
        if not self.selector.select(seconds):
            self.stop()
            raise TooSlowError
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"a measured program ended with status {self.process.wait()}: {self.process.args!r}")
        facts: Mapping[str, float] = json.loads(line)
        return facts

    def repeat(self, seconds: float) -> Mapping[str, float]:
        """Time one more repetition."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"again\n")
        self.process.stdin.flush()
        return self.answer(seconds)

    def stop(self) -> None:
        """End the child."""
        self.process.kill()
        self.process.communicate()
