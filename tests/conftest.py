"""How tests run.

A machine under load is no fault, so no drawn case has a deadline. The same cases are drawn each time;
`DYNC_HYPOTHESIS=explore` draws others.
"""

import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

slow_is_fine = [HealthCheck.too_slow]
settings.register_profile("dync", deadline=None, suppress_health_check=slow_is_fine, derandomize=True)
settings.register_profile("explore", deadline=None, suppress_health_check=slow_is_fine)
settings.load_profile(os.environ.get("DYNC_HYPOTHESIS", "dync"))


@pytest.fixture
def interruptible() -> Iterator[None]:
    """SIGINT interrupts, what the test starts too: who is started in the background by a shell ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
