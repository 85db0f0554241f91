"""Which mode a group is trained in."""

from __future__ import annotations

import pytest

from dync.runtime.lanes.decision import Mode, Timing, decide


@pytest.mark.parametrize(
    ("off", "exact", "fast", "expected"), [(3.5, 4, 5, "off"), (5, 4, 3, "fast"), (5, 3, 4, "exact")]
)
def test_the_fastest_is_taken(off: float, exact: float, fast: float, expected: Mode) -> None:
    times = {"off": off, "exact": exact, "fast": fast}
    found = decide(8, 1000, lambda mode: Timing(2.0, times[mode] / 1000))
    assert found.mode == expected
    assert found.seconds == {mode: seconds / 1000 for mode, seconds in times.items()}
    assert f"exact {exact:.3g} ms" in found.why


def test_what_is_soon_over_is_not_worth_another_program() -> None:
    asked: list[Mode] = []

    def measure(mode: Mode) -> Timing:
        asked.append(mode)
        return Timing(2.0, 0.001)

    found = decide(8, 100, measure)
    assert (found.mode, asked) == ("off", ["off"])
    assert "800 ms" in found.why


@pytest.mark.parametrize(("lanes", "batches"), [(1, 1000), (8, 0)])
def test_nothing_is_measured_where_nothing_can_be_gained(lanes: int, batches: int) -> None:
    def measure(mode: Mode) -> Timing:
        raise AssertionError(mode)

    assert decide(lanes, batches, measure).mode == "off"
