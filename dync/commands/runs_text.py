"""What `dync runs` shows to people: on a terminal with colours, elsewhere as plain text."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from dync.commands.terminal import wants_color
from dync.compiler.report.text_table import table

if TYPE_CHECKING:
    from dync.compiler.expression import JSON
    from dync.runtime.store import Differences, Run, Summary
    from dync.runtime.store.run_data import Measured
    from dync.runtime.store.side_by_side import Values

SHORT_ID = 8
MOST_TEXT = 100
"""Longer values are cut off; `--format json` has them whole."""

MOST_LINES = 200
"""Lines of a part of a page, at most."""

STYLES = {"success": "green", "partial": "yellow", "failed": "red", "running": "cyan", "interrupted": "magenta"}


def as_list(runs: Sequence[Summary], more: int) -> None:
    """Print runs, one a line."""
    if not runs:
        print("no run is like that" if more == 0 else f"{more:,} runs, none of them shown")
        return
    short = _short_ids([run.id for run in runs])
    header = ["id", "name", "kind", "status", "main measure", "when", "seconds", "folder"]
    rows = [
        [short[r.id], r.name, r.kind, r.status, measured(r.main), when(r.created), seconds(r.seconds), near(r.folder)]
        for r in runs
    ]
    print_table([header, *[[printable(cell) for cell in row] for row in rows]], right={6}, status=3)
    if more:
        print(f"  ... and {more:,} more: --limit 0 shows all")


def as_page(run: Run) -> None:
    """Print everything of a run."""
    facts: dict[str, JSON] = {
        "id": run.id,
        "name": run.name,
        "kind": run.kind,
        "status": run.status,
        "main measure": measured(run.main),
        "began": when(run.created),
        "ended": "" if run.ended is None else when(run.ended),
        "seconds": seconds(run.seconds),
        "folder": run.folder,
        "spec": run.spec_hash,
        "plan": run.plan_hash,
        "parents": ", ".join(run.parents),
    }
    print_table([[name, _shown(value, 1000)] for name, value in facts.items() if value])
    _section("errors", [[_shown(error, 1000)] for error in run.errors] if isinstance(run.errors, list) else [])
    _section("measures", _pairs(run.measures))
    attempts = [
        [a.stage, str(a.number), a.status, when(a.started), lasted(a.started, a.ended), _cause(a.cause)]
        for a in run.attempts
    ]
    _section("attempts", [["stage", "number", "status", "began", "seconds", "cause"], *attempts] if attempts else [])
    for name, found in _environment(run).items():
        _section(name, [[_shown(found)]] if isinstance(found, int | str) else _pairs(_flat(found)))
    _section("settings", _pairs(run.settings))
    outputs = run.outputs if isinstance(run.outputs, dict) else {}
    _section("outputs", [[name, _shown(value)] for name, value in outputs.items()])
    _section("spec", [[line] for line in (run.spec_text or "").strip("\n").expandtabs().splitlines()])
    if isinstance(run.left_in_folder, list) and run.left_in_folder:
        print(
            f"\ntoo large for the store, in the folder alone: {_shown(', '.join(map(str, run.left_in_folder)), 1000)}"
        )


def as_comparison(found: Differences) -> None:
    """Print in what runs differ."""
    header = ["", *[printable(f"{run[:SHORT_ID]} {name}") for run, name in zip(found.ids, found.names, strict=True)]]
    parts: dict[str, Mapping[str, Values]] = {
        "measures": found.measures,
        "settings": found.settings,
        "versions": found.versions,
        "other": found.facts,
    }
    for name, values in parts.items():
        rows = [[printable(key), *[_shown(value, 40) for value in row]] for key, row in values.items()]
        if name == "measures" and len(found.ids) == 2:
            rows = [[*row, _change(pair)] for row, pair in zip(rows, values.values(), strict=True)]
            _section(name, [[*header, "difference"], *rows] if rows else [], right={1, 2, 3})
        else:
            _section(name, [header, *rows] if rows else [])
    differing = [name for name, values in parts.items() if values and name != "measures"]
    print(f"\n{found.same:,} settings are the same" + ("" if differing else ", and nothing else differs"))


def print_table(rows: Sequence[Sequence[str]], right: Collection[int] = (), status: int | None = None) -> None:
    """Columns under each other; on a terminal the words of the status have their colours."""
    lines = table(rows, right=right, most=max(MOST_LINES, len(rows)) if status is not None else MOST_LINES)
    if status is None or not wants_color(sys.stdout):
        print("\n".join(lines))
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(soft_wrap=True, highlight=False)
    for number, line in enumerate(lines):
        styled = Text(line, style="bold" if number == 0 else "")
        styled.highlight_regex(rf"\b{rows[number][status]}\b", STYLES.get(rows[number][status], ""))
        console.print(styled)


def printable(text: str) -> str:
    """A text of a file or a name as one line that cannot steer a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def measured(main: Measured | None) -> str:
    """`test.accuracy 80.78%`."""
    return "" if main is None else f"{main.name} {value_of(main.name, main.value)}"


def value_of(name: str, value: float) -> str:
    """A measure as people read it."""
    return f"{value:.2%}" if name.endswith(("accuracy", "agreement")) else f"{value:.4g}"


def when(moment: str) -> str:
    """A time of the store in the zone of the person who reads it."""
    try:
        return f"{datetime.fromisoformat(moment).astimezone():%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError):
        return moment


def lasted(began: str, ended: str | None) -> str:
    """The seconds between two times."""
    try:
        return "" if ended is None else seconds(
            (datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds()
        )  # fmt: skip
    except (ValueError, TypeError):
        return ""


def seconds(count: float | None) -> str:
    """Seconds with a tenth, where they are few."""
    return "" if count is None else f"{count:,.1f}" if count < 1000 else f"{count:,.0f}"


def near(folder: str) -> str:
    """A folder as seen from the current one, where it lies below it."""
    from pathlib import Path

    here = Path.cwd()
    path = Path(folder)
    return str(path.relative_to(here)) if path.is_relative_to(here) else folder


def _environment(run: Run) -> dict[str, JSON]:
    return {
        "git": run.git,
        "device": run.device,
        "flags": run.flags,
        "seeds": _listed(run.seeds),
        "data": run.data,
        "versions": run.versions,
    }


def _listed(seeds: JSON) -> JSON:
    """Several seeds in one line."""
    return ", ".join(map(str, seeds)) if isinstance(seeds, list) else seeds


def _cause(cause: str | None) -> str:
    """Why an attempt ended, as the person knows it who ended it."""
    return "Ctrl-C" if cause is not None and cause.startswith("KeyboardInterrupt") else _shown(cause or "")


def _section(name: str, rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> None:
    """A heading and a table, or nothing where there is nothing to say."""
    if rows:
        print(f"\n{name}")
        print_table([[printable(cell) for cell in row] for row in rows], right)


def _pairs(values: Mapping[str, JSON]) -> list[list[str]]:
    return [[key, _shown(value)] for key, value in values.items()]


def _flat(data: JSON) -> dict[str, JSON]:
    from dync.runtime.store.settings import flat

    return dict(flat(data))


def _shown(value: JSON, most: int = MOST_TEXT) -> str:
    """A value on one line."""
    match value:
        case None:
            return "-"
        case str():
            text = value
        case float():
            text = f"{value:.6g}"
        case _:
            text = json.dumps(value, ensure_ascii=False)
    return printable(text if len(text) <= most else text[: most - 1] + "…")


def _change(pair: Values) -> str:
    """By how much the second is more than the first."""
    match pair:
        case (int() | float() as first, int() | float() as second):
            return f"{second - first:+.4g}"
    return ""


def _short_ids(ids: Sequence[str]) -> dict[str, str]:
    """How each id begins, as far as it takes to tell them all apart."""
    length = SHORT_ID
    while len({run[:length] for run in ids}) < len(ids):
        length += 1
    return {run: run[:length] for run in ids}
