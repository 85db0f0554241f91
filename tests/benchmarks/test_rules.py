"""The hand-written rules are those of the standard library: both give the same updates."""

import numpy as np
import pytest

from benchmarks.handwritten.rules import RULES
from benchmarks.rules import pair_of
from dync.compiler.library import build_library


def test_every_standard_rule_is_measured():
    assert RULES.keys() == build_library([])[0].rules.keys()


@pytest.mark.parametrize("rule", RULES)
def test_ours_is_the_handwritten_update(rule):
    pair = pair_of(rule, units=6, rows=5)
    np.testing.assert_allclose(pair.ours(), pair.handwritten(), rtol=1e-4, atol=1e-5)
