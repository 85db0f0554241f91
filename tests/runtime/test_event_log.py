"""The log of events and its torn ends."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dync.compiler.expression import JSON
from dync.runtime.event_log import EventLogError, append_event, read_events

EVENTS: list[dict[str, JSON]] = [
    {"event": "start"},
    {"event": "epoch", "text": "größer\nline"},
    {"event": "end", "n": [1, 2.5]},
]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "events.jsonl"
    for event in EVENTS:
        append_event(path, event)
    return path


def test_events_come_back_in_order(log: Path) -> None:
    assert read_events(log) == EVENTS
    assert len(log.read_bytes().splitlines()) == 3


@given(cut=st.integers(0, 200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_log_cut_anywhere_keeps_its_whole_lines_and_goes_on(cut: int, tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.unlink(missing_ok=True)
    for event in EVENTS:
        append_event(path, event)
    content = path.read_bytes()[:cut]
    path.write_bytes(content)
    whole = content.count(b"\n")
    found = read_events(path)
    assert found in (EVENTS[:whole], EVENTS[: whole + 1])
    append_event(path, {"event": "resumed"})
    assert read_events(path) == [*found, {"event": "resumed"}]
    assert path.read_bytes().count(b"\n") == len(found) + 1


def test_a_long_torn_line_goes(log: Path) -> None:
    with log.open("ab") as file:
        file.write(b'{"a": "' + b"x" * 200_000)
    append_event(log, {"event": "resumed"})
    assert read_events(log) == [*EVENTS, {"event": "resumed"}]


def test_damage_in_the_middle_is_named(log: Path) -> None:
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(lines[0] + b"garbage\n" + lines[2])
    with pytest.raises(EventLogError, match="line 2 is no event"):
        read_events(log)


def test_numbers_that_json_cannot_hold(log: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        append_event(log, {"loss": float("nan")})
    assert read_events(log) == EVENTS
