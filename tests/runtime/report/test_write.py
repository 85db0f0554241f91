"""The page as text: what is on it, that it is whole, and that nothing on it came from anywhere or can run."""

import json
import os
import re
import subprocess
import sys

import pytest

from dync.runtime.error import RunError
from dync.runtime.pipelines.result import PipelineResult
from dync.runtime.report import write, write_report
from tests.runtime.report.folders import ENTRIES, KINDS, history, searched, training, write_run
from tests.runtime.report.pages import Page, change, written

SECTIONS = {
    "training": ["Overview", "Learning", "Network", "Spec", "Environment", "Events"],
    "sweep": ["Overview", "Sweep", "The best again, with fresh seeds", "Network", "Spec", "Environment", "Events"],
    "map": ["Overview", "Sweep", "Network", "Spec", "Environment", "Events"],
    "comparison": ["Overview", "Comparison", "Learning", "Network", "Spec", "Environment", "Events"],
    "benchmark": [
        "Overview",
        "Leaderboard",
        "Comparison",
        "Comparison by test.mse",
        "Learning",
        "Network",
        "Spec",
        "Environment",
        "Events",
    ],
    "cut sweep": ["Overview", "Sweep", "Network", "Spec", "Environment", "Events"],
    "cut benchmark": ["Overview", "Comparison", "Learning", "Network", "Spec", "Environment", "Events"],
}
TINY = "Tiny: x 16, h[1] 12, h[2] 12, y 3"
FIGURES = {
    "training": ["accuracy", "mse", TINY, "Time of stages"],
    "sweep": ["validation.accuracy over trials", "validation.accuracy on the way",
              "validation.accuracy over optimizer.learning_rate", "validation.accuracy over network.hidden",
              "validation.accuracy over optimizer", "Parallel coordinates", "validation.accuracy on digits",
              "Critical differences", TINY, "Time of stages"],
    "map": ["test.accuracy over network.hidden and optimizer.learning_rate", TINY, "Time of stages"],
    "comparison": ["test.accuracy on digits", "test.accuracy on wine", "Critical differences", "accuracy on digits",
                   "accuracy on wine", TINY, "Time of stages"],
}  # fmt: skip


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The report of a run of every kind, as text."""
    root = tmp_path_factory.mktemp("runs")
    return {name: written(make(root / name)) for name, make in KINDS.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_sections(pages, kind):
    assert [title["text"] for title in Page(pages[kind]).all("h3")] == SECTIONS[kind]


@pytest.mark.parametrize("kind", FIGURES)
def test_every_kind_has_its_figures(pages, kind):
    page = Page(pages[kind])
    assert [found["text"] for found in page.elements if found.get("class") == "figure-title"] == FIGURES[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_comes_from_elsewhere_and_nothing_can_run(pages, kind):
    text, page = pages[kind], Page(pages[kind])
    addresses = [
        e[name] for e in page.elements for name in ("src", "href", "xlink:href", "data", "action") if name in e
    ]
    assert [address for address in addresses if not address.startswith(("#", "data:"))] == []
    assert page.all("script", "iframe", "object", "embed", "form", "base") == []
    assert [name for e in page.elements for name in e if name.startswith("on")] == []
    assert re.findall(r"url\((?!#)", text) == []
    assert "@import" not in text
    (policy,) = [e["content"] for e in page.all("meta") if e.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_shown_is_said_too(pages, kind):
    page = Page(pages[kind])
    charts = [e for e in page.all("svg") if e.get("class") == "chart"]
    titles = {e.get("id"): e["text"] for e in page.all("title")}
    assert charts
    assert all(e["role"] == "img" and len(titles[e["aria-labelledby"]]) > 20 for e in charts)
    assert all(len(e["alt"]) > 20 for e in page.all("img"))
    assert all(e["alttext"] for e in page.all("math"))
    assert len(page.all("table")) == len(page.all("thead")) == len(page.all("caption"))
    assert {e.get("scope") for e in page.all("th")} == {"col", "row"}
    assert page.all("html")[0]["lang"] == "en"


@pytest.mark.parametrize("kind", KINDS)
def test_addresses_on_the_page_lead_somewhere(pages, kind):
    page = Page(pages[kind])
    names = [e["id"] for e in page.elements if "id" in e]
    assert len(set(names)) == len(names)
    used = {e["href"][1:] for e in page.elements if e.get("href", "").startswith("#")}
    used |= set(re.findall(r"url\(#([^)]*)\)", pages[kind]))
    used |= {name for e in page.elements for name in e.get("aria-labelledby", "").split()}
    assert used - set(names) == set()


def test_a_comparison_shows_verdicts_pairs_and_failures(pages):
    page = Page(pages["comparison"])
    words = [e["text"].strip() for e in page.all("span") if e.get("class", "").startswith("badge")]
    assert {"✓ confirmed", "✕ refuted"} <= set(words)
    rows = [e["text"] for e in page.all("tr")]
    assert any("deep −\u00a0linear" in row and "deep is better" in row for row in rows)
    assert any("linear" in row and "not finite" in row for row in rows)
    assert "Lines are means, bands reach from the lowest to the highest of 10 seeds." in pages["comparison"]


def test_a_sweep_lists_its_trials_the_best_first(pages):
    (table,) = [e for e in Page(pages["sweep"]).all("table") if "All 36 trials" in e["text"]]
    values = [float(found) for found in re.findall(r"complete(\d+\.\d+)%", table["text"])]
    assert len(values) == 25
    assert values == sorted(values, reverse=True)
    assert table["text"].count("the weights are not finite any more") == 3


def test_rules_are_shown_as_formulas_with_their_text(pages):
    said = [e["alttext"] for e in Page(pages["training"]).all("math")]
    assert "Δ weight = (pre * post - strength * post ** 2 * weight) / batch" in said
    assert "h[1] → h[2]; rate 1; strength 0.5" in pages["training"]


def test_the_spec_is_highlighted_and_whole(pages):
    (code,) = Page(pages["training"]).all("pre")
    assert "edge readout: h[2] -> y dense learn perceptron(margin = 2)\n" in code["text"]
    assert '<span class="keyword">network</span> Tiny' in pages["training"]


def test_a_report_made_twice_is_the_same(tmp_path):
    """Also by another process with another hash of texts, elsewhere in time."""
    folder = tmp_path / "runs"
    for kind in ("map", "comparison"):
        KINDS[kind](folder / kind)
    write_report(folder, tmp_path / "one.html")
    script = (
        "import sys; from pathlib import Path; from dync.runtime.report import write_report;"
        "write_report(Path(sys.argv[1]), Path(sys.argv[2]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, folder, tmp_path / "two.html"],
        env={**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


def test_several_runs_are_on_one_page(tmp_path):
    for name in ("one", "two", "three"):
        training(tmp_path / "runs" / name, epochs=3)
    (tmp_path / "runs" / "empty").mkdir()
    page = Page(written(tmp_path / "runs"))
    assert [e["text"] for e in page.all("h2")] == ["fit", "fit", "fit"]
    assert len(page.all("article")) == 3
    names = [e["id"] for e in page.elements if "id" in e]
    assert len(set(names)) == len(names)


def test_huge_histories_are_thinned(tmp_path):
    epochs = 20_000
    folder = training(tmp_path / "fit", epochs=2)
    change(folder, history=[{"epoch": n, "test": {"accuracy": n / epochs}} for n in range(1, epochs + 1)])
    text = written(folder)
    assert len(text) < 400_000
    assert "150 of 20,000 epochs, evenly spaced." in text


def test_a_run_without_a_result_shows_what_there_is(tmp_path):
    folder = training(tmp_path / "fit", epochs=5)
    (folder / "result.json").unlink()
    page = Page(text := written(folder))
    assert "This run did not finish: it is still under way, or it was interrupted." in text
    assert "Learning" in [e["text"] for e in page.all("h3")]


def words_of(page):
    """The texts of badges, in the order in which they stand."""
    return [e["text"].strip() for e in page.all("span") if e.get("class", "").startswith("badge")]


def test_an_interrupted_sweep_shows_its_trials_and_how_to_go_on(pages):
    text = pages["cut sweep"]
    page = Page(text)
    assert words_of(page)[:3] == ["interrupted", "✓ completed", "! interrupted"]
    assert "This run was interrupted and did not finish" in text
    assert "--resume --out FOLDER" in text
    assert "go on with --resume" not in text  # the words of the log are for the terminal
    best = max(t["value"] for t in searched(20) if t["value"] is not None)
    (tiles,) = page.all("dl")
    assert f"best validation.accuracy so far{best:.2%}" in tiles["text"].replace("\n", "")
    (table,) = [e for e in page.all("table") if "All 20 trials" in e["text"]]
    assert len(re.findall(r"complete|pruned|failed", table["text"])) == 20
    assert "validation.accuracy over trials" in [e["text"] for e in page.all("p")]
    assert "interrupted)." in next(e["text"] for e in page.all("title") if "Bar chart" in e["text"])


def test_a_killed_benchmark_shows_its_scores_and_no_verdict(pages):
    text = pages["cut benchmark"]
    page = Page(text)
    assert words_of(page) == ["unfinished", "✓ completed", "… not finished", "… not judged"]
    assert "37 of 80 trainings have ended. No test is made" in text
    assert "This run did not finish: it is still under way, or it was interrupted." in text
    rows = [re.sub(r"\s+", " ", e["text"]) for e in page.all("tr")]
    assert "deepdigits90.50%86.00%95.00%100" in rows
    assert "twinwine91.70%88.70%94.70%70" in rows
    assert page.all("h2")[0]["text"] == "suite"


def test_the_fresh_trainings_of_a_cut_off_sweep_are_shown(tmp_path):
    folder = KINDS["cut sweep"](tmp_path / "tune")
    lines = (folder / "events.jsonl").read_text().splitlines()
    again = [
        {"time": "2026-01-02T03:09:00+00:00", "event": "compared", "trial": 3, "seed": seed, "status": status,
         "measures": {"validation": {"accuracy": 0.5 + seed / 10}}, "error": None}
        for seed, status in ((2, "complete"), (3, "complete"), (4, "failed"))
    ]  # fmt: skip
    (folder / "events.jsonl").write_text("\n".join([*lines[:-2], *map(json.dumps, again), *lines[-2:]]) + "\n")
    page = Page(written(folder))
    assert "The best again, with fresh seeds" in [e["text"] for e in page.all("h3")]
    assert "trial 3–75.00%70.00%80.00%21" in [e["text"] for e in page.all("tr")]


def test_a_resumed_run_counts_what_was_told_again_once_and_its_old_result_not(tmp_path):
    folder = training(tmp_path / "fit", epochs=5)
    lines = (folder / "events.jsonl").read_text().splitlines()
    again = [json.loads(line) for line in lines if '"epoch": 4' in line or '"epoch": 5' in line]
    more = [{"time": "2026-01-02T04:00:00+00:00", "event": "run_resumed", "pipeline": "fit", "spec": "0"}]
    more += [{**event, "test": {"accuracy": 0.125, "mse": None}} for event in again]
    (folder / "events.jsonl").write_text("\n".join([*lines, *map(json.dumps, more)]) + "\n")
    text = written(folder)
    assert words_of(Page(text))[0] == "unfinished"
    assert "All 5 epochs as numbers" in text
    (table,) = [e for e in Page(text).all("table") if "All 5 epochs" in e["text"]]
    assert table["text"].count("12.50%") == 2


def test_a_failed_run_says_why_and_what_to_do(tmp_path):
    folder = training(tmp_path / "fit", epochs=3)
    result = json.loads((folder / "result.json").read_text())
    why = "training: the training diverged at update 76"
    result |= {
        "status": "failed",
        "stages_completed": [],
        "stages_failed": ["training"],
        "errors": [why],
        "outputs": {},
    }
    (folder / "result.json").write_text(json.dumps(result))
    text = written(folder)
    assert words_of(Page(text))[:2] == ["failed", "✕ failed"]
    assert why in text
    assert "run the mended spec in another folder" in text
    assert "All 3 epochs as numbers" in text


def test_what_was_never_finite_is_said(tmp_path):
    folder = training(tmp_path / "fit", epochs=1)
    change(folder, history=[{"epoch": n, "test": {"accuracy": 0.1, "mse": None}} for n in (1, 2)])
    assert "Not finite at any time, so that nothing can be drawn: test mse." in written(folder)


def test_a_benchmark_shows_all_measures_and_the_further_ones(pages):
    page = Page(pages["benchmark"])
    rows = [e["text"] for e in page.all("tr")]
    assert "deepdigits93.21%0.2594.32%" in rows
    assert "entrytasktest accuracytest msevalidation accuracy" in rows
    (section,) = [e for e in page.all("section") if e["id"].endswith("-further-1")]
    assert "mean test.mse" in section["text"]
    assert "test.mse on wine" in section["text"]
    assert "percentage points" not in section["text"]


def test_entries_have_one_order_and_one_colour(pages):
    """The best first, in the colours of the leaderboard, whatever the order in which the result names them."""
    board = [e["text"] for e in Page(pages["benchmark"]).all("table") if e["text"].strip().startswith("Leaderboard")]
    names = re.findall("|".join(ENTRIES), board[0])
    order = list(dict.fromkeys(names))[: len(ENTRIES)]
    figures = re.findall(r"<figure>.*?</figure>", pages["benchmark"], re.DOTALL)
    strip = next(found for found in figures if "test.accuracy on digits" in found)
    curves = next(found for found in figures if "accuracy on wine" in found and "epoch" in found)
    labels = re.findall(r">(deep|twin|reservoir|linear)</text>", strip)
    assert labels == order
    drawn = re.findall(r">(deep|twin)</text>", curves)
    assert drawn == [name for name in order if name in drawn]
    for name in drawn:
        assert f"--series-{order.index(name)})" in curves


def test_a_text_that_several_runs_share_stands_once(tmp_path):
    for name in ("one", "two"):
        training(tmp_path / "runs" / name, epochs=1)
    text = written(tmp_path / "runs")
    assert len(Page(text).all("pre")) == 1
    assert "The .dyn file is the one that stands at fit, above." in text


def test_a_run_that_writes_its_own_report_shows_what_its_stages_made(tmp_path):
    folder = KINDS["comparison"](tmp_path / "duel")
    outputs = json.loads((folder / "result.json").read_text())["outputs"]
    (folder / "result.json").unlink()
    stages = {
        "comparison": {"outputs": {"scores": outputs.pop("scores")}},
        "statistical_analysis": {"outputs": outputs},
    }
    (folder / "stages.json").write_text(json.dumps(stages))
    lines = (folder / "events.jsonl").read_text().splitlines()[:-2]
    (folder / "events.jsonl").write_text("".join(f"{line}\n" for line in lines))
    text = written(folder)
    assert "The run wrote this report itself, as its last stage." in text
    assert [e["text"] for e in Page(text).all("h3")] == SECTIONS["comparison"]


def test_a_result_can_be_given(tmp_path):
    folder = training(tmp_path / "fit", epochs=2)
    (folder / "result.json").unlink()
    result = PipelineResult(
        "given", "partial", ("training",), ("evaluation",), ("evaluation: no room",), {}, 1.0, "now"
    )
    text = written(folder, result=result)
    assert "<h2" in text
    assert ">given</h2>" in text
    assert "evaluation: no room" in text


def test_a_picture_that_the_front_door_left_is_taken(tmp_path):
    folder = training(tmp_path / "fit", epochs=1)
    (folder / "topology.svg").write_text("<svg><title>Tiny: four layers in a row</title></svg>")
    (image,) = Page(written(folder, draw=None)).all("img")
    assert image["alt"] == "Tiny: four layers in a row"
    assert image["src"].startswith("data:image/svg+xml;base64,")


def test_where_there_is_no_run_it_says_so(tmp_path):
    with pytest.raises(RunError, match="is not the folder of a run, nor does it hold any"):
        written(tmp_path)
    with pytest.raises(RunError, match="no such file"):
        written(tmp_path / "nowhere")


def test_without_the_extra_it_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setattr(write, "find_spec", lambda name: None)
    with pytest.raises(RunError, match=r"jinja2 and matplotlib: pip install 'dync\[report\]'"):
        written(training(tmp_path / "fit", epochs=1))


def test_settings_of_trials_may_be_written_as_texts(tmp_path):
    """As the language writes them: numbers are numbers all the same, and what is not finite is a word."""
    folder = KINDS["sweep"](tmp_path / "tune")
    trials = json.loads((folder / "result.json").read_text())["outputs"]["trials"]
    texts = [{**t, "params": {k: str(v) for k, v in t["params"].items()}, "seeds": [None, *t["seeds"]]} for t in trials]
    texts[0]["params"]["network.hidden"] = "inf"
    change(folder, trials=texts)
    page = Page(written(folder))
    (chart,) = [
        e for e in page.all("figure") if e["text"].strip().startswith("validation.accuracy over optimizer.learn")
    ]
    assert "0.001" in chart["text"]
    assert "inf" in page.all("body")[0]["text"]


def test_a_sparse_run_has_a_page_too(tmp_path):
    """Nothing but a result with nothing in it."""
    folder = write_run(tmp_path / "bare", "bare", {}, ("environment_check", "training"), {})
    for name in ("spec.json", "spec.dyn", "record.json", "events.jsonl"):
        (folder / name).unlink()
    assert [e["text"] for e in Page(written(folder)).all("h3")] == ["Overview"]


def test_bands_need_several_seeds(tmp_path):
    events = [{"event": "score", "entry": "a", "task": "t", "seed": 0, "history": history(3, 0)}]
    folder = write_run(tmp_path / "one", "one", {}, ("environment_check", "comparison"), {}, events)
    assert "bands" not in written(folder)
