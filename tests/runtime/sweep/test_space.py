"""The values that a sweep can try."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dync.compiler.pipeline_plan import Choices, Condition, Interval, SearchPlan
from dync.runtime.error import RunError
from dync.runtime.sweep.space import Space, value_at, values_of

A = SearchPlan("a", Choices(("x", "y")))
B = SearchPlan("b", Interval(1, 3, False, None, True), Condition("a", "y"))
C = SearchPlan("c", Interval(0.1, 0.4, False, 0.1, False), Condition("b", "2.0"))


def test_a_grid_goes_through_what_is_searched_under_its_conditions() -> None:
    found = list(Space.of((C, B, A)).all())
    assert found == [
        {"a": "x"},
        {"a": "y", "b": "1"},
        *({"a": "y", "b": "2", "c": value} for value in ("0.1", "0.2", "0.3", "0.4")),
        {"a": "y", "b": "3"},
    ]


def test_conditions_that_hang_on_each_other_are_refused() -> None:
    other = SearchPlan("a", A.space, Condition("b", "1"))
    with pytest.raises(RunError, match="the conditions of b, a name no searched setting, or each other"):
        Space.of((B, other))


def test_a_range_without_steps_is_no_grid() -> None:
    with pytest.raises(RunError, match="give the range a `step`"):
        list(Space.of((SearchPlan("r", Interval(0, 1, True, None, False)),)).all())


@given(
    st.floats(0, 1),
    st.floats(1e-6, 1e3),
    st.floats(1.001, 1e3),
    st.booleans(),
    st.sampled_from([None, 0.25]),
)
def test_every_value_lies_in_its_range(u: float, low: float, factor: float, log: bool, step: float | None) -> None:
    high = low * factor
    found = float(value_at(Interval(low, high, log, None if log else step, False), u))
    assert low * (1 - 1e-9) <= found <= high * (1 + 1e-9)


@given(st.floats(0, 1), st.integers(1, 50), st.integers(0, 50), st.booleans())
def test_every_whole_number_lies_in_its_range(u: float, low: int, more: int, log: bool) -> None:
    found = value_at(Interval(low, low + more, log, None, True), u)
    assert found in {str(n) for n in range(low, low + more + 1)}


def test_places_are_shared_out_evenly() -> None:
    points = (np.arange(3000) + 0.5) / 3000
    for space in (Choices(("p", "q", "r")), Interval(4, 6, False, None, True), Interval(0.0, 1.0, False, 0.5, False)):
        values, counts = np.unique([value_at(space, u) for u in points], return_counts=True)
        assert len(values) == 3
        assert counts.tolist() == [1000, 1000, 1000]
        assert sorted(values) == sorted(values_of(SearchPlan("k", space)))


def test_a_logarithmic_range_gives_every_magnitude_the_same_room() -> None:
    found = [float(value_at(Interval(1e-4, 1.0, True, None, False), u)) for u in (0, 0.25, 0.5, 0.75, 1)]
    np.testing.assert_allclose(found, [1e-4, 1e-3, 1e-2, 1e-1, 1])
