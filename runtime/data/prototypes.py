"""The source `prototypes`: noisy copies of random patterns, the classic task of an associative memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dync.runtime.data.bounds import verify_bytes
from dync.runtime.data.content import Content
from dync.runtime.data.error import DataError
from dync.runtime.data.randomness import generator


def prototypes(base: Path, classes: int, units: int, samples: int, flip: float = 0.1, seed: int = 0) -> Content:
    """`samples` noisy copies of each of `classes` random ±1 patterns, in random order.

    `data` `[classes * samples, units]` are the copies, each unit flipped with probability `flip`; `target` is the
    number of the pattern; `patterns` the clean pattern of each copy.
    """
    for name, value in {"classes": classes, "units": units, "samples": samples}.items():
        if value < 1:
            raise DataError(f"prototypes has {name} = {value}: give at least 1")
    if not 0 <= flip <= 1:
        raise DataError(f"prototypes has flip = {flip}: give a probability from 0 to 1")
    verify_bytes(4 * classes * samples * units, f"prototypes({classes}, {units}, {samples})")
    clean = generator(seed, "prototypes", "patterns").choice(np.array([-1, 1], dtype=np.float32), (classes, units))
    labels = generator(seed, "prototypes", "order").permutation(np.repeat(np.arange(classes), samples))
    patterns = clean[labels]
    flipped = generator(seed, "prototypes", "flip").random(patterns.shape, dtype=np.float32) < np.float32(flip)
    noisy = np.where(flipped, -patterns, patterns)
    return Content({"data": noisy, "target": labels, "patterns": patterns}, class_counts={"target": classes})
