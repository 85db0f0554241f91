"""Ctrl-C ends the work wherever it finds it."""

import gc
import os
import signal
import time

import pytest

from dync.commands.interruption import heard_everywhere


def test_an_interruption_in_a_callback_of_the_garbage_collector_comes_again(interruptible):
    def interrupted(phase, info):
        gc.callbacks.remove(interrupted)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)

    gc.callbacks.append(interrupted)
    with pytest.raises(KeyboardInterrupt), heard_everywhere():
        gc.collect()
        time.sleep(5)
