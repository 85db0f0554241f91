"""How tests run: drawn cases without a deadline, one store of compiled programs, caches that are emptied.

A machine under load is no fault, so no drawn case has a deadline. The same cases are drawn each time;
`DYNC_HYPOTHESIS=explore` draws others.
"""

import gc
import os
import signal
import sys
from collections.abc import Iterator
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings

slow_is_fine = [HealthCheck.too_slow]
settings.register_profile("dync", deadline=None, suppress_health_check=slow_is_fine, derandomize=True)
settings.register_profile("explore", deadline=None, suppress_health_check=slow_is_fine)
settings.load_profile(os.environ.get("DYNC_HYPOTHESIS", "dync"))


def pytest_configure(config: pytest.Config) -> None:
    """What one process of a run has compiled, the others read from a folder that ends with the run.

    What is read is the code that was compiled, by the same options: no bit depends on it. Two thirds of the time of a
    test that runs a network are its compilation, and many tests start processes that run a network of another test.
    """
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        folder = TemporaryDirectory(prefix="dync-compiled-")
        config.add_cleanup(folder.cleanup)
        os.environ["JAX_COMPILATION_CACHE_DIR"] = folder.name  # workers and what tests start inherit it
        os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"


def pytest_collection_finish() -> None:
    """The tests themselves, thousands of them, stay to the end: no collection of garbage needs to look at them."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module", autouse=True)
def forget_programs() -> Iterator[None]:
    """Programs that JAX keeps, of networks that no other module has, fill gigabytes by the end of a run."""
    yield
    if "jax" in sys.modules:
        sys.modules["jax"].clear_caches()
        gc.collect()


@pytest.fixture(scope="module")
def hardly_optimized(request: pytest.FixtureRequest) -> Iterator[None]:
    """XLA takes a third less of the time of a test where it optimizes little.

    This is for modules that compare within a tolerance with what is known otherwise (the interpreter, NumPy, a program
    written by hand), not for those that speak of bits, times or what is learned. `make test-long` optimizes as always.
    """
    import jax

    jax.config.update("jax_disable_most_optimizations", request.config.getoption("markexpr") == "not slow")
    yield
    jax.config.update("jax_disable_most_optimizations", False)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """SIGINT interrupts, what the test starts too: who is started in the background by a shell ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
