"""What a run depended on, and what happened when."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal

from dync.runtime.report.blocks import Block, Cell, Section, Table, head
from dync.runtime.report.charts.stage_chart import StageTime, stage_times
from dync.runtime.report.fields import Field
from dync.runtime.report.reading import Events
from dync.runtime.report.run_data import RunData
from dync.runtime.report.wording import counted, shown

MOST_FACTS: Final = 250
MOST_STAGES: Final = 24
MOST_IN_A_ROW: Final = 3
_ENDS: Final[dict[str, Literal["completed", "failed", "interrupted"]]] = {
    "stage_completed": "completed", "stage_failed": "failed", "stage_interrupted": "interrupted",
}  # fmt: skip


def environment(run: RunData) -> Section | None:
    """The record: versions, device, data, seeds, git."""
    facts = _facts("", run.record.value, 0)
    if not facts:
        return None
    rows = tuple((Cell(name), Cell(shown(value), form="code")) for name, value in facts[:MOST_FACTS])
    note = f"The first {MOST_FACTS} of {len(facts):,}." if len(facts) > MOST_FACTS else ""
    table = Table("What the run depended on", head("", "value"), rows, note, folded=True)
    return Section("environment", "Environment", (table,))


def _facts(name: str, value: Any, depth: int) -> list[tuple[str, Any]]:
    """Facts by their names joined with dots; what is nested deeply stays in one piece."""
    if isinstance(value, dict) and depth < 4:
        inner = ((f"{name}.{key}" if name else str(key), item) for key, item in value.items())
        return [fact for key, item in inner for fact in _facts(key, item, depth + 1)]
    if isinstance(value, list) and depth < 4 and any(isinstance(item, dict) for item in value):
        numbered = enumerate(value[:MOST_FACTS], start=1)
        return [fact for place, item in numbered for fact in _facts(f"{name}[{place}]", item, depth + 1)]
    return [] if value is None or value == {} else [(name, value)]


def timeline(run: RunData) -> Section | None:
    """The stages along time, and the events; of a long log the beginning and the end."""
    events = run.events
    if not events.first:
        return None
    blocks: list[Block] = []
    stages = _stage_times(events)
    if stages:
        blocks.append(stage_times(stages[:MOST_STAGES]))
    blocks.append(_table(events))
    return Section("events", "Events", tuple(blocks))


def _table(events: Events) -> Table:
    start = _seconds(events.first[0])
    rows = [_row(event, start) for event in _without_runs(events.first)]
    if events.left_out:
        rows.append((Cell("…"), Cell(f"{counted(events.left_out, 'event')} not shown", "soft"), Cell("")))
    rows += [_row(event, start) for event in _without_runs(events.last)]
    counts = ", ".join(f"{count:,} {kind.replace('_', ' ')}" for kind, count in events.counts[:20])
    names = head("after", "event", "facts", numbers=(0,))
    return Table(f"{counted(events.total, 'event')}", names, tuple(rows), f"In all: {counts}.", folded=True)


def _without_runs(events: tuple[Field, ...]) -> list[Field | int]:
    """The events, where in place of the middle of a long row of one kind stands how many there were."""
    shown_events: list[Field | int] = []
    row: list[Field] = []
    for event in (*events, None):
        if event is None or (row and event["event"].value != row[0]["event"].value):
            if len(row) <= 2 * MOST_IN_A_ROW + 1:
                shown_events += row
            else:
                shown_events += [*row[:MOST_IN_A_ROW], len(row) - 2 * MOST_IN_A_ROW, *row[-MOST_IN_A_ROW:]]
            row = []
        if event is not None:
            row.append(event)
    return shown_events


def _row(event: Field | int, start: float | None) -> tuple[Cell, ...]:
    if isinstance(event, int):
        return Cell("…"), Cell(f"{event:,} more of these", "soft"), Cell("")
    at = _seconds(event)
    after = f"{at - start:.2f} s" if at is not None and start is not None else shown(event["time"].value, 40)
    kind = event["event"].text()
    facts = {key: value for key, value in event.value.items() if key not in ("time", "event")}
    tone = "bad" if "failed" in kind else ""
    return (
        Cell(after, form="number"),
        Cell(kind.replace("_", " "), "bad" if tone else ""),
        Cell(shown(facts) if facts else "", form="long"),
    )


def _stage_times(events: Events) -> list[StageTime]:
    start = _seconds(events.first[0])
    found: list[StageTime] = []
    began: dict[str, float] = {}
    for event in events.stages:
        at, name = _seconds(event), event["stage"].text()
        if at is None or start is None or not name:
            continue
        if event["event"].value == "stage_started":
            began[name] = at - start
        elif name in began:
            state = _ENDS.get(event["event"].text(), "failed")
            found.append(StageTime(name, began.pop(name), max(at - start, 0.0), state))
    latest = _seconds(events.last[-1] if events.last else events.first[-1])
    if start is not None and latest is not None:
        found += [StageTime(name, at, max(latest - start, at), "not finished") for name, at in began.items()]
    return found


def _seconds(event: Field) -> float | None:
    """The time of an event in seconds."""
    try:
        return datetime.fromisoformat(event["time"].text()).timestamp()
    except (ValueError, OverflowError):
        return None
