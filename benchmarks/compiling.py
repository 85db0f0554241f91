"""A process of its own that takes a `.dyn` text from standard input to a compiled training, and says how long it took.

Nothing was compiled in it before; the libraries are loaded, and the text of a small network has been read.
"""

from __future__ import annotations

import json
import sys
from time import perf_counter
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

import dync
from benchmarks.measure import wait_for
from benchmarks.topologies import CLASSES, UNITS, Topology
from dync.runtime.learner import Feed, learning_program, start_learner

ROWS, BATCHES = 16, 2


def main() -> None:
    """One line of JSON: the seconds for the plan, for drawn weights, and to trace and compile the training."""
    dync.compile_text(Topology("grid", 4, "sequential").text, name="small.dyn").network("Net")
    np.asarray(jnp.zeros(1))  # the device is there
    text, optimizer = sys.stdin.read(), optax.sgd(0.1)
    began = perf_counter()
    network = dync.compile_text(text, name="benchmark.dyn").network("Net")
    network.plan  # noqa: B018 - made when it is asked for
    planned = perf_counter()
    learner = start_learner(network.init(jax.random.key(0)), optimizer)
    wait_for(learner)
    drawn = perf_counter()
    program: Any = learning_program(optimizer)
    program.lower(feed(), learner).compile()
    print(json.dumps({"plan": planned - began, "weights": drawn - planned, "program": perf_counter() - drawn}))


def feed() -> Feed:
    """Some batches."""
    arrays: dict[str, Any] = {
        "x": np.zeros((ROWS * BATCHES, UNITS), np.float32),
        "y": np.zeros((ROWS * BATCHES, CLASSES), np.float32),
    }
    places = np.arange(ROWS * BATCHES, dtype=np.int32).reshape(BATCHES, ROWS)
    return Feed(arrays, places, np.int32(BATCHES), jax.random.key(0))


if __name__ == "__main__":
    main()
