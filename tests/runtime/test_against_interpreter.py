"""The engine against the naive interpreter, on random networks: what is fast must mean what is plain.

DYNC_NETWORKS says how many networks are drawn (each is compiled, which takes seconds).
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dync.testing import assert_agrees, networks

pytestmark = pytest.mark.usefixtures("hardly_optimized")

COUNT = int(os.environ.get("DYNC_NETWORKS", "8"))


@settings(
    max_examples=COUNT,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # every attempt at shrinking would compile a network
)
@given(
    drawn=networks(series=True, stochastic=True),
    messages=st.sampled_from(["all", "forward", "backward"]),
    mute=st.booleans(),
)
def test_engine_and_interpreter_agree(drawn, messages, mute):
    """Steps, protocols, measures, updates, series; networks in which rounding may decide are passed over."""
    outputs = [layer.name for layer in drawn.plan().structure.layers if layer.role == "output"]
    assert_agrees(drawn, messages=messages, silent=outputs[:1] if mute else ())
