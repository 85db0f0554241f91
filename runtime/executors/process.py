"""One worker process, seen from the process that started it."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Final

from dync.runtime.executors.frames import Frame, FrameError, read_frame, write_frame

MODULE: Final = "dync.runtime.executors.worker"
GRACE: Final = 5.0
"""Seconds that a worker has to end by itself when its input closes."""


class WorkerProcess:
    """A worker; `heard` gets each of its frames and, when it has ended, None. It is called from another thread."""

    def __init__(self, environment: Mapping[str, str], heard: Callable[[WorkerProcess, Frame | None], None]) -> None:
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - it is open as long as the process lives
        self._process = subprocess.Popen(
            [sys.executable, "-m", MODULE],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, env=dict(environment), cwd=Path.cwd(),
        )  # fmt: skip
        self.ready = False
        threading.Thread(target=self._listen, args=(heard,), daemon=True).start()

    @property
    def number(self) -> int:
        """The process's id."""
        return self._process.pid

    def send(self, frame: Frame) -> None:
        """Give it a frame; where it has ended, that is heard of soon, and nothing is done here."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            write_frame(self._process.stdin, frame)

    def _listen(self, heard: Callable[[WorkerProcess, Frame | None], None]) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream, contextlib.suppress(FrameError, OSError):
            while (frame := read_frame(stream)) is not None:
                heard(self, frame)
        heard(self, None)

    def cause(self) -> str:
        """Why it ended, in a few words, with the last line that it wrote."""
        self.kill()
        status = self._process.returncode
        self._errors.seek(max(0, self._errors.seek(0, 2) - 10_000))
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        last = f": {lines[-1].strip()[:300]}" if lines else ""
        if status == -signal.SIGKILL:
            return f"killed by SIGKILL, as the system does where memory runs out{last}"
        if status < 0:
            return f"ended by {_signal_name(-status)}{last}"
        return f"ended with status {status}{last}"

    def kill(self) -> None:
        """End it now, whatever it does."""
        with contextlib.suppress(OSError):
            self._process.kill()
        self._process.wait()
        self._close_input()

    def close(self) -> None:
        """Let it end by itself, or end it when it takes too long."""
        self._close_input()
        try:
            self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self.kill()
        self._errors.close()

    def _close_input(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
