"""Run folders of strangers: everything is escaped, damage is a clear error, nothing is without bounds."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dync.runtime.error import RunError
from dync.runtime.report import reading
from dync.runtime.report.reading import read_events
from tests.runtime.report.folders import KINDS, training
from tests.runtime.report.pages import Page, change, written

PAYLOAD = """<script>alert(1)</script>"onload=alert(2)'&amp;<!--]]>\u202e\ud800\x00$x^2$"""
KEPT = {"status", "pipeline", "time", "event", "verdict", "decision", "unit", "part", "measure", "timestamp", "kind"}
NAMED = {
    "entries",
    "params",
    "evaluation_results",
    "best_config",
    "entry_measures",
    "further_metrics",
    "versions",
    "mean_ranks",
    "validation",
    "test",
}


def hostile(data, key="", parent=""):
    """The same data with hostile texts and names wherever a run takes them from somebody."""
    match data:
        case dict():
            return {
                name + PAYLOAD * (key in NAMED or parent == "entries"): hostile(value, name, key)
                for name, value in data.items()
            }
        case list():
            return [hostile(item, key, parent) for item in data]
        case str() if key not in KEPT:
            return data + PAYLOAD
    return data


@pytest.mark.parametrize("kind", KINDS)
def test_everything_is_escaped(tmp_path, kind):
    folder = KINDS[kind](tmp_path / kind)
    if (folder / "result.json").exists():
        result = json.loads((folder / "result.json").read_text())
        result = {**result, "outputs": hostile(result["outputs"]), "pipeline_name": PAYLOAD, "errors": [PAYLOAD]}
        (folder / "result.json").write_text(json.dumps(result))
    spec = json.loads((folder / "spec.json").read_text())
    (folder / "spec.json").write_text(json.dumps({**spec, "pipeline": hostile(spec["pipeline"])}))
    (folder / "record.json").write_text(json.dumps(hostile(json.loads((folder / "record.json").read_text()))))
    lines = (folder / "events.jsonl").read_text().splitlines()
    (folder / "events.jsonl").write_text("".join(json.dumps(hostile(json.loads(line))) + "\n" for line in lines))
    (folder / "spec.dyn").write_bytes(b"# \xff\xfe" + PAYLOAD.encode("utf-8", "replace"))
    (folder / "topology.svg").write_text(f"<svg><title>{PAYLOAD!r}</title><script>alert(3)</script></svg>")
    text = written(folder, draw=None)
    page = Page(text)
    assert page.all("script") == []
    assert [name for e in page.elements for name in e if name.startswith("on")] == []
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert not any(sign in text for sign in "\u202e\x00")
    assert "mathdefault" not in text


@pytest.mark.parametrize(
    ("outputs", "place"),
    [
        ({"history": 3}, "outputs.history is a number where a list"),
        ({"history": [1]}, r"outputs.history\[0\] is a number where an object"),
        ({"history": [{"epoch": "x"}]}, r"history\[0\].epoch is a text where a number"),
        ({"history": [{"epoch": 1, "test": {"accuracy": [1]}}]}, "accuracy is a list where a number"),
        ({"trials": {"a": 1}}, "outputs.trials is an object where a list"),
        ({"trials": [{"params": []}]}, r"trials\[0\].params is a list where an object"),
        ({"trials": [{"value": "high"}]}, r"trials\[0\].value is a text where a number"),
        ({"trials": [{"number": 1.5}]}, r"trials\[0\].number is a number where a whole number"),
        ({"trials": [{"intermediate": [[1, 2, 3]]}]}, "is a list where a low and a high number|a low and a high"),
        ({"summary_statistics": []}, "summary_statistics is a list where an object"),
        ({"summary_statistics": {"entries": {"a": {"t": {"values": True}}}}}, "values is true or false where a list"),
        ({"pairwise": [{"a": 1}]}, r"pairwise\[0\].a is a number where a text"),
        ({"claims": [[]]}, r"claims\[0\] is a list where an object"),
        ({"leaderboard": "x"}, "leaderboard is a text where a list"),
        ({"further_metrics": [1]}, "further_metrics is a list where an object"),
        ({"further_metrics": {"test.mse": {"pairwise": 1}}}, "pairwise is a number where a list"),
        ({"entry_measures": {"a": {"t": 1}}}, "entry_measures.a.t is a number where an object"),
        ({"evaluation_results": {"test": 1}}, "evaluation_results.test is a number where an object"),
    ],
)
def test_outputs_of_other_kinds_are_told_with_their_place(tmp_path, outputs, place):
    folder = training(tmp_path / "fit", epochs=1)
    change(folder, **outputs)
    with pytest.raises(RunError, match=place):
        written(folder)


@pytest.mark.parametrize("name", ["result.json", "spec.json", "record.json"])
@pytest.mark.parametrize(
    "text", ["", "{", "[" * 100_000, '{"a": ' * 50_000, "9" * 10_000, "[]", "3", '"x"', "\udcff\x00"], ids=range(9)
)
def test_damaged_files_are_clear_errors(tmp_path, name, text):
    folder = training(tmp_path / "fit", epochs=1)
    (folder / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    try:
        written(folder)
    except RunError as error:
        assert name in str(error)
    else:
        assert name == "record.json"


def test_a_giant_result_is_not_read(tmp_path):
    folder = training(tmp_path / "fit", epochs=1)
    with (folder / "result.json").open("ab") as file:
        file.truncate(65 * 2**20)
    with pytest.raises(RunError, match="larger than 64 MiB"):
        written(folder)


def log_of(folder, events):
    """The folder with this log and no result."""
    (folder / "result.json").unlink(missing_ok=True)
    with (folder / "events.jsonl").open("w") as file:
        file.writelines(json.dumps({"time": "2026-01-02T03:04:05+00:00", **event}) + "\n" for event in events)
    return read_events(folder / "events.jsonl")


@pytest.mark.parametrize("letter", ["\x00", "\x7f", "\u202e", "\ud800", "\x1b"])
def test_events_are_cleaned_however_they_are_written(tmp_path, letter):
    """Escaped by JSON or as they are."""
    log = tmp_path / "events.jsonl"
    raw = f'{{"event": "a{letter}b", "time": "t"}}\n'.encode("utf-8", "replace")
    escaped = json.dumps({"event": f"a{letter}b", "time": "t"}).encode()
    for line in (escaped, raw) if letter in "\x7f\u202e" else (escaped,):
        log.write_bytes(line + b"\n" * (line is escaped))
        assert [event["event"].text() for event in read_events(log).first] == ["a\ufffdb"]


def test_of_a_very_long_log_the_beginning_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "LARGEST_LOG", 5_000)
    folder = training(tmp_path / "fit", epochs=1)
    found = log_of(folder, ({"event": "epoch", "epoch": n} for n in range(1, 1000)))
    assert found.cut
    assert 50 < found.total < 100
    assert "The log is too long to be read whole" in written(folder)


def test_what_is_kept_of_a_log_has_bounds(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "MOST_TOLD", 20_000)
    monkeypatch.setattr(reading, "MOST_OF_A_KIND", 50)
    folder = training(tmp_path / "fit", epochs=1)
    trials = [{"event": "trial", "number": n, "params": {}, "status": "complete", "value": 0.5} for n in range(60)]
    giant = {"event": "trial", "number": 99, "params": {"k": "x" * 100_000}, "status": "complete", "value": 0.9}
    kinds = [{"event": f"kind_{n}"} for n in range(1000)]
    found = log_of(folder, [giant, *trials, *kinds, {"event": "stage_failed", "stage": "s", "error": "y" * 100_000}])
    assert [trial["number"].value for trial in found.trials] == list(range(10, 60))
    assert "facts" in found.first[0].value
    assert found.stages[-1].value["facts"] == "too long to be shown"
    assert len(found.counts) <= reading.MOST_KINDS + 1
    assert found.total == 1062


def test_a_log_of_deep_values_is_a_clear_error(tmp_path):
    folder = training(tmp_path / "fit", epochs=1)
    (folder / "events.jsonl").write_text('{"event": "trial", "params": ' + "[" * 100_000 + "\n")
    with pytest.raises(RunError, match="line 1 is no event"):
        written(folder)


@pytest.mark.parametrize(
    ("event", "place"),
    [
        ({"event": "trial", "number": "x"}, "number is a text where a number"),
        ({"event": "trial", "number": 1, "params": [1]}, "params is a list where an object"),
        ({"event": "score", "entry": [], "status": "complete"}, "entry is a list where a text"),
        ({"event": "claims_registered", "claims": 3}, "claims is a number where a list"),
        ({"event": "stage_started", "stage": 3}, "stage is a number where a text"),
    ],
)
def test_events_of_other_kinds_are_told_with_their_place(tmp_path, event, place):
    folder = training(tmp_path / "fit", epochs=1)
    log_of(folder, [event])
    with pytest.raises(RunError, match=place):
        written(folder)


def test_numbers_that_are_none_are_left_out(tmp_path):
    folder = training(tmp_path / "fit", epochs=3)
    text = (folder / "result.json").read_text()
    for odd in ("NaN", "Infinity", "-1e999", "1" + "0" * 400):
        (folder / "result.json").write_text(re.sub(r'"accuracy": [0-9.]+', f'"accuracy": {odd}', text, count=2))
        assert "nan" not in Page(written(folder)).all("body")[0]["text"].lower().replace("finance", "")


def test_a_damaged_log_is_a_clear_error_but_a_torn_end_is_none(tmp_path):
    folder = training(tmp_path / "fit", epochs=2)
    log = folder / "events.jsonl"
    whole = log.read_bytes()
    log.write_bytes(whole + b'{"time": "2026')
    assert "run finished" in written(folder)
    log.write_bytes(b"nonsense\n" + whole)
    with pytest.raises(RunError, match="line 1 is no event"):
        written(folder)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = ("history", "trials", "summary_statistics", "pairwise", "claims", "power", "ranks", "leaderboard", "scores",
        "evaluation_results", "best_config", "best_value", "further_metrics", "entry_measures", "comparison_results",
        "map", "fused", "objective")  # fmt: skip


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return training(tmp_path_factory.mktemp("scratch") / "fit", epochs=1)


@settings(max_examples=12, deadline=None)
@given(outputs=st.dictionaries(st.sampled_from(KEYS), JSON, min_size=1, max_size=3))
def test_whatever_stands_in_the_outputs_there_is_a_page_or_a_clear_error(scratch, outputs):
    result = json.loads((scratch / "result.json").read_text())
    (scratch / "result.json").write_text(json.dumps({**result, "outputs": outputs}))
    try:
        Page(written(scratch, draw=None))
    except RunError as error:
        assert "result.json: " in str(error) or "result.json.outputs" in str(error)
