"""Whether a process lives, its number given out again or not."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from dync.runtime.store.process import ProcessMark, lives, this_process

HAS_PROC = Path("/proc/self/stat").exists()


def test_this_process_lives() -> None:
    assert lives(this_process()) is True
    assert this_process().process == os.getpid()


def test_a_process_that_ended_is_dead_even_while_nobody_has_asked_for_its_status() -> None:
    mark = "from dync.runtime.store.process import this_process as t; m = t(); print(m.host, m.process, m.start)"
    process = subprocess.Popen([sys.executable, "-c", mark], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    host, number, start = process.stdout.read().split()
    found = ProcessMark(host, int(number), None if start == "None" else start)
    if HAS_PROC:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert lives(found) is False
    process.communicate()
    assert lives(found) is False


@pytest.mark.skipif(not HAS_PROC, reason="the system does not tell when a process began")
def test_a_number_that_was_given_out_again_is_another_process() -> None:
    assert lives(replace(this_process(), start="1@before")) is False


def test_other_machines_cannot_be_asked() -> None:
    assert lives(replace(this_process(), host="elsewhere")) is None


@pytest.mark.parametrize("number", [0, -1, 2**31, 2**70])
def test_numbers_that_no_process_has(number: int) -> None:
    assert lives(replace(this_process(), process=number, start=None)) is False
