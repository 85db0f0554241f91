"""Attempts at stages, as events tell them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dync.compiler.expression import JSON
from dync.runtime.store import Attempt, AttemptLog

TIMES = [f"2031-01-01T00:00:0{n}.000+00:00" for n in range(10)]


def heard(*events: dict[str, JSON]) -> AttemptLog:
    log = AttemptLog()
    for event, time in zip(events, TIMES, strict=False):
        log.hear({"time": time, **event})
    return log


def stage(kind: str, name: str = "training", **more: JSON) -> dict[str, JSON]:
    return {"event": kind, "stage": name, **more}


def test_stages_begin_and_end() -> None:
    log = heard(stage("stage_started"), {"event": "epoch"}, stage("stage_completed"), stage("stage_started", "save"))
    assert log.attempts == (
        Attempt(1, "training", TIMES[0], TIMES[2], "completed"),
        Attempt(1, "save", TIMES[3]),
    )


def test_retries_are_attempts_with_their_causes() -> None:
    log = heard(
        stage("stage_started"), stage("attempt", attempt=1, of=3, error="a"),
        stage("attempt", attempt=2, of=3, error="b"), stage("stage_completed"),
    )  # fmt: skip
    assert log.attempts == (
        Attempt(1, "training", TIMES[0], TIMES[1], "failed", "a"),
        Attempt(2, "training", TIMES[1], TIMES[2], "failed", "b"),
        Attempt(3, "training", TIMES[2], TIMES[3], "completed"),
    )


def test_the_last_failure_is_told_twice_and_counts_once() -> None:
    log = heard(
        stage("stage_started"), stage("attempt", attempt=1, of=2, error="a"),
        stage("attempt", attempt=2, of=2, error="a"), stage("stage_failed", error="a"),
    )  # fmt: skip
    assert [(a.number, a.status, a.cause) for a in log.attempts] == [(1, "failed", "a"), (2, "failed", "a")]
    assert [a.status for a in heard(stage("stage_started"), stage("stage_failed", error="a")).attempts] == ["failed"]


def test_a_killed_attempt_has_no_end() -> None:
    log = heard(
        {"event": "run_started"}, stage("stage_started"), {"event": "run_resumed"}, stage("stage_started"),
        stage("stage_completed"),
    )  # fmt: skip
    assert log.attempts == (
        Attempt(1, "training", TIMES[1], None, "interrupted", "its process ended"),
        Attempt(2, "training", TIMES[3], TIMES[4], "completed"),
    )
    assert not log.interrupted


def test_ctrl_c_is_an_interruption() -> None:
    for kind in ("stage_interrupted", "stage_failed"):
        log = heard(stage("stage_started"), stage(kind, error="KeyboardInterrupt()"))
        assert log.attempts[0].status == "interrupted"
        assert log.interrupted


def test_what_changed_is_given_back() -> None:
    log = AttemptLog()
    assert [a.status for a in log.hear(stage("stage_started"))] == ["running"]
    assert log.hear({"event": "epoch"}) == ()
    assert [a.status for a in log.hear(stage("stage_completed"))] == ["completed"]
    assert [a.status for a in AttemptLog([Attempt(1, "x", TIMES[0])]).hear({"event": "run_resumed"})] == ["interrupted"]


KINDS = [
    "run_started",
    "run_resumed",
    "stage_started",
    "stage_completed",
    "stage_failed",
    "attempt",
    "epoch",
    "nonsense",
]
ANY = st.one_of(st.none(), st.integers(), st.text(max_size=3), st.just([]), st.sampled_from(["training", "save"]))
EVENTS = st.fixed_dictionaries(
    {"event": st.sampled_from([*KINDS, None, 3])}, optional={"stage": ANY, "error": ANY, "time": ANY}
)


@given(st.lists(EVENTS, max_size=30))
def test_whatever_is_heard_numbers_count_up_and_one_attempt_a_stage_runs(events: list[dict[str, JSON]]) -> None:
    log, seen = AttemptLog(), {}
    for event in events:
        seen |= {(a.stage, a.number): a for a in log.hear(event)}
    stages = {a.stage for a in log.attempts}
    for name in stages:
        mine = [a for a in log.attempts if a.stage == name]
        assert [a.number for a in mine] == list(range(1, len(mine) + 1))
        assert sum(a.status == "running" for a in mine) <= 1
    assert set(seen.values()) == set(log.attempts), "what was given back on the way is all there is"
