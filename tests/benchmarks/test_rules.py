"""The hand-written rules are those of the standard library: both give the same updates."""

import jax
import numpy as np

from benchmarks.handwritten.rules import RULES
from benchmarks.rules import pair_of
from dync.compiler.library import build_library


def test_every_standard_rule_is_measured():
    assert RULES.keys() == build_library([])[0].rules.keys()


def test_ours_are_the_handwritten_updates():
    pairs = {rule: pair_of(rule, units=6, rows=5) for rule in RULES}

    def both(given):
        return {rule: (pairs[rule].ours(a), pairs[rule].handwritten(*b)) for rule, (a, b) in given.items()}

    given = {rule: (pair.arrays, (pair.ends, pair.weights)) for rule, pair in pairs.items()}
    for rule, (ours, handwritten) in jax.jit(both)(given).items():  # one program, for each takes time to compile
        np.testing.assert_allclose(ours, handwritten, rtol=1e-4, atol=1e-5, err_msg=rule)
