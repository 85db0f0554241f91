"""Random numbers of sources and transforms: every use has a stream of its own, fixed by its seed and its purpose."""

from __future__ import annotations

from numpy.random import PCG64, Generator

from dync.runtime.data.error import DataError


def generator(seed: int, *purpose: str) -> Generator:
    """The stream of `seed` for one purpose (`"flip", "train", "x"`).

    Transforms that share a seed draw independently of each other, and one draws the same whatever stands before it.
    """
    if seed < 0:
        raise DataError(f"the seed {seed} of {purpose[0]} is negative: give a whole number from 0 up")
    return Generator(PCG64([seed, *(int.from_bytes(word.encode()) for word in purpose)]))
