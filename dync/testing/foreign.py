"""Edges of a kind in Python, as the interpreter sees them: what the class says of their messages, and no more."""

from __future__ import annotations

from typing import Any

import numpy as np

from dync.testing.evaluate import Array
from dync.testing.unstacked import Edge


def answer(edge: Edge, weights: Any, sent: Array) -> Array:
    """The message of an edge, `[batch, units of the receiver]`. JAX is loaded here, as the class will do."""
    from dync.runtime.kinds.python_kind import answered

    assert edge.foreign is not None
    found = answered(edge.foreign, edge.receiver.units, np.asarray(weights, np.float32), sent.astype(np.float32))
    return np.asarray(found, np.float64)
