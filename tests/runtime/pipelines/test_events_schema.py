"""The schema of events, against the events of real runs; and the hooks that hear them."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from dync.compiler.pipeline_plan import Limits, Metric, RecordPlan, StopPlan
from dync.runtime.event_log import read_events
from dync.runtime.events_schema import events_schema
from dync.runtime.reporter import Reporter
from tests.runtime.pipelines.conftest import a_plan, run

DOCS = Path(__file__).resolve().parents[3] / "docs" / "events.md"
MSE = Metric("test", "mse")
ELSEWHERE = {
    "run_started", "run_resumed", "stage_outdated", "fused", "trial", "compared", "claims_registered", "power", "score",
    "claims_judged", "packaged",
}  # fmt: skip
"""Kinds that a training alone, without the command line, does not give; see `tests/studies`."""


class CtrlC(Reporter):
    def epoch(self, progress):
        raise KeyboardInterrupt


@pytest.fixture(scope="module")
def runs(network, tmp_path_factory):
    """What a good run, an interrupted and resumed one, and one that fails twice leave in their logs and tell hooks."""
    out, heard = tmp_path_factory.mktemp("runs"), []
    plan = a_plan(
        checkpoint_every=1, epochs=30, stop=StopPlan(1, MSE), checkpoint_best=MSE, record=RecordPlan(("h",), 4)
    )
    run(plan, out / "good", network=network, on_event=[heard.append])
    with pytest.raises(KeyboardInterrupt):
        run(a_plan(), out / "cut", network=network, reporter=CtrlC())
    run(a_plan(), out / "cut", network=network, resume=True)
    run(a_plan(), out / "cut", network=network, resume=True)
    run(a_plan(batch=400, limits=Limits(retries=1)), out / "bad", network=network)
    return {name: read_events(out / name / "events.jsonl") for name in ("good", "cut", "bad")}, heard


def conditions(schema):
    return {part["if"]["properties"]["event"]["const"]: part["then"] for part in schema["allOf"]}


def test_every_event_of_real_runs_keeps_the_schema(runs):
    schema = events_schema()
    Draft202012Validator.check_schema(schema)
    valid = Draft202012Validator(schema)
    told = [event for events in runs[0].values() for event in events]
    for event in told:
        assert [error.message for error in valid.iter_errors(event)] == [], event
    assert set(conditions(schema)) - {event["event"] for event in told} == ELSEWHERE


def test_the_schema_refuses_what_is_no_event(runs):
    valid = Draft202012Validator(events_schema())
    epoch = next(event for event in runs[0]["good"] if event["event"] == "epoch")
    for change in ({"epoch": 0}, {"updates": "8"}, {"test": {"mse": "small"}}, {"time": "noon"}, {"event": "Epoch"}):
        assert not valid.is_valid(epoch | change), change
    for name in ("time", "event", "seconds"):
        assert not valid.is_valid({key: value for key, value in epoch.items() if key != name})
    assert valid.is_valid({"time": epoch["time"], "event": "something_new", "more": 1})


def test_hooks_hear_every_event_as_it_stands_in_the_file(runs):
    logs, heard = runs
    assert heard == logs["good"]


def test_a_hook_that_raises_is_a_warning_and_the_run_goes_on(network, tmp_path):
    def broken(event):
        if event["event"] == "epoch":
            raise ValueError("no tracker there")

    with pytest.warns(RuntimeWarning, match="on_event: ValueError: no tracker there"):
        assert run(a_plan(epochs=1), tmp_path / "run", network=network, on_event=[broken]).is_success()


def test_the_documentation_has_every_kind_and_shows_a_real_event():
    text = DOCS.read_text()
    for kind in conditions(events_schema()):
        assert f"`{kind}`" in text
    shown = [json.loads(line) for line in text.splitlines() if line.startswith('{"time"')]
    assert shown
    for event in shown:
        Draft202012Validator(events_schema()).validate(event)
