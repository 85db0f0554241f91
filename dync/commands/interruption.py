"""Ctrl-C, wherever it finds the program."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

AGAIN: Final = 0.05
"""Seconds after which an interruption that was lost comes again."""


@contextmanager
def heard_everywhere() -> Iterator[None]:
    """Inside, an interruption ends the work even where Python throws away what is raised.

    That is so in callbacks of the garbage collector, of which JAX has one, and in finalizers: it comes once more a
    moment later, when the program has left them.
    """
    before = sys.unraisablehook

    def hook(lost: UnraisableHookArgs, /) -> None:
        if lost.exc_type is KeyboardInterrupt:
            threading.Timer(AGAIN, os.kill, (os.getpid(), signal.SIGINT)).start()
        else:
            before(lost)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before
