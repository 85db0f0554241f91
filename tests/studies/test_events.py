"""Every line of every log of all four kinds of pipeline is in the schema, with all of its fields and no other."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from dync.runtime.event_log import read_events
from dync.runtime.events_schema import events_schema
from tests.studies.conftest import KINDS, Study, write_data

NOT_HERE = {"stage_failed", "stage_interrupted", "best", "stopped"}
"""Kinds that a study in which nothing goes wrong does not give: `test_events_schema.py` has them."""


def strict(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of one kind with the common fields, in which nothing is allowed that is not listed."""
    common = {name: part for name, part in schema.items() if name in ("properties", "required", "type")}
    return {
        part["if"]["properties"]["event"]["const"]: closed(
            {
                **part["then"],
                "type": common["type"],
                "properties": common["properties"] | part["then"]["properties"],
                "required": [*common["required"], *part["then"]["required"]],
            }
        )
        for part in schema["allOf"]
    }


def closed(schema: Any) -> Any:
    """The same schema, whose objects have no other properties than those that it names."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: closed(part) for name, part in schema.items()}
    return (
        found | {"additionalProperties": False} if schema.get("type") == "object" and "properties" in found else found
    )


def mistakes(path: Path) -> Iterator[str]:
    """What is wrong with the lines of a log."""
    schemas = strict(events_schema())
    for number, event in enumerate(read_events(path), start=1):
        where = f"{path.parent.name}, line {number}, {event['event']}"
        if event["event"] not in schemas:
            yield f"{where} is not in the schema"
            continue
        for error in Draft202012Validator(schemas[event["event"]]).iter_errors(event):
            yield f"{where}: {error.message}"


@pytest.fixture(scope="module")
def told(whole: Study, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The logs of a study that ran, that ran again on other data, and of a comparison of which one training fails."""
    write_data(whole.folder / "more.npz", 5)
    whole.run()
    bad = Study(tmp_path_factory.mktemp("bad"))
    text = bad.path.read_text().replace("adam", "sgd")
    bad.path.write_text(text.replace("best tune.best", "best fit with { optimizer.learning_rate = 1e30 }"))
    bad.run("duel", retries=1)
    return [folder / name / "events.jsonl" for folder in (whole.out, bad.out) for name in KINDS]


def test_every_line_of_every_kind_of_pipeline_is_in_the_schema(told):
    logs = [path for path in told if path.exists()]
    assert {path.parent.name for path in logs} == set(KINDS)
    assert [mistake for path in logs for mistake in mistakes(path)] == []
    kinds = {event["event"] for path in logs for event in read_events(path)}
    assert set(strict(events_schema())) - kinds == NOT_HERE


def test_what_is_not_listed_is_found(told, tmp_path):
    lines = told[2].read_text().splitlines()
    power = next(line for line in lines if '"event": "power"' in line)
    (tmp_path / "log").write_text(
        "\n".join(
            (
                power.replace('"entries"', '"more": 1, "entries"'),
                power.replace('"power",', '"weakness",'),
                power[:-1] + ', "x": 1}',
            )
        )
        + "\n"
    )
    found = list(mistakes(tmp_path / "log"))
    assert len(found) == 3
    assert all("more" in found[0] or "weakness is not in the schema" in text or "'x'" in text for text in found)
