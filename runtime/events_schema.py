"""The JSON Schema of the events of a run, which ships with the package."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any


def events_schema() -> dict[str, Any]:
    """The schema of one line of `events.jsonl` (JSON Schema, draft 2020-12), as plain data."""
    found: dict[str, Any] = json.loads((files("dync.runtime") / "events_schema.json").read_text(encoding="utf-8"))
    return found
