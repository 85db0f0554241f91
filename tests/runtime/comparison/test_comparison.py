"""The comparison pipeline: who is scored on what, what is never done twice, what is said in the end."""

import dataclasses
import json

import numpy as np
import pytest
from msgspec.structs import replace

from dync.compiler.pipeline_plan import (
    BaselineEntry,
    BestEntry,
    ClaimPlan,
    Limits,
    Metric,
    SavedEntry,
    TrainedEntry,
)
from dync.runtime.lanes.executor import InProcess
from dync.runtime.pipelines.comparison import run_comparison
from dync.runtime.pipelines.result import PipelineResult
from dync.runtime.reporter import Reporter
from tests.runtime.comparison.conftest import TEXT, WINE, Door, OneByOne, call, comparison

STAGES = ("environment_check", "comparison", "statistical_analysis", "report_generation")
WIDE = TrainedEntry("fit", {"network.hidden": "24"})
NARROW = TrainedEntry("fit", {"network.hidden": "1"})
ACCURACY = Metric("test", "accuracy")


def events(folder, kind):
    lines = (folder / "events.jsonl").read_text().splitlines()
    return [event for event in map(json.loads, lines) if event["event"] == kind]


def settled(result):
    """What of a result depends on nothing but the spec: seconds do not count."""
    outputs = json.loads(json.dumps(dict(result.outputs)))
    for score in outputs["scores"]:
        score["seconds"] = None
    return outputs


@pytest.fixture(scope="module")
def whole(tmp_path_factory, door):
    """A whole comparison of three entries with three seeds: its folder, its executor, its result."""
    from dync.runtime.pipelines.comparison import ComparisonJob
    from dync.runtime.run_folder import RunFolder

    folder, executor = tmp_path_factory.mktemp("whole"), OneByOne()
    claims = (ClaimPlan("wide", "narrow", ACCURACY), ClaimPlan("narrow", "wide", Metric("test", "mse"), 0.1))
    plan = comparison(claims=claims)
    return folder, executor, plan, run_comparison(ComparisonJob(plan, RunFolder(folder), door.bind, executor=executor))


def test_a_comparison_that_succeeds(whole):
    folder, executor, _, result = whole
    assert (result.status, result.stages_completed, result.errors) == ("success", STAGES, ())
    assert PipelineResult.from_json((folder / "result.json").read_text()) == PipelineResult.from_json(result.to_json())
    scores = result.outputs["scores"]
    assert [(s["entry"], s["task"], s["seed"]) for s in scores] == [
        (entry, "wine", seed) for entry in ("wide", "narrow", "twin") for seed in range(3)
    ]
    assert all(s["status"] == "complete" and 0 < s["measures"]["test"]["accuracy"] <= 1 for s in scores)
    assert executor.modes == {"exact"}  # a score must not depend on which seeds run beside it
    assert len(events(folder, "score")) == 9
    summary = result.outputs["summary_statistics"]["entries"]
    values = [s["measures"]["test"]["accuracy"] for s in scores if s["entry"] == "wide"]
    assert summary["wide"]["wine"]["values"] == values
    assert summary["wide"]["wine"]["mean"] == pytest.approx(np.mean(values))
    assert summary["wide"]["wine"]["seeds"] == 3
    assert {(pair["a"], pair["b"]) for pair in result.outputs["pairwise"]} == {
        ("wide", "narrow"), ("wide", "twin"), ("narrow", "twin")
    }  # fmt: skip
    assert "report" in result.outputs


def test_claims_are_registered_before_anything_and_come_back_in_their_order(whole):
    folder, _, _, result = whole
    lines = [json.loads(line)["event"] for line in (folder / "events.jsonl").read_text().splitlines()]
    assert lines.index("claims_registered") < lines.index("score")
    (registered,) = events(folder, "claims_registered")
    assert len(registered["hash"]) == 64
    texts = ["wide > narrow on test.accuracy", "narrow > wide by 0.1 on test.mse"]
    assert registered["claims"] == texts
    assert [claim["text"] for claim in result.outputs["claims"]] == texts
    assert list(result.outputs["further_metrics"]) == ["test.mse"]
    # Three seeds decide nothing, and that is known and said before the run.
    assert {claim["verdict"] for claim in result.outputs["claims"]} == {"undecided"}
    assert not result.outputs["power"]["can_decide"]
    assert lines.index("power") < lines.index("score")


def test_the_baseline_is_trained_like_the_first_training(whole):
    folder, _, _, _ = whole
    by_entry = {score["entry"]: score for score in events(folder, "score")}
    assert [r["updates"] for r in by_entry["twin"]["history"]] == [r["updates"] for r in by_entry["wide"]["history"]]


def test_a_run_that_is_interrupted_and_resumed_ends_in_the_same_result(whole, tmp_path, job):
    _, _, plan, expected = whole
    first = OneByOne(stop_after=4)
    with pytest.raises(KeyboardInterrupt):
        run_comparison(job(plan, executor=first))
    assert json.loads((tmp_path / "result.json").read_text())["status"] == "failed"
    assert len(events(tmp_path, "score")) == 4
    second = OneByOne()
    result = run_comparison(job(plan, executor=second, resume=True))
    assert result.is_success()
    assert set(first.trained).isdisjoint(second.trained)
    assert len(first.trained) + len(second.trained) == 9  # the baseline's seeds, too, are work for the executor
    mine, whole_outputs = settled(result), settled(expected)
    for outputs in (mine, whole_outputs):  # baselines and trainings alike: the same bits
        outputs.pop("report"), outputs.pop("report_reason", None)
    assert mine == whole_outputs
    assert len(events(tmp_path, "claims_registered")) == 1


def test_seeds_side_by_side_and_one_by_one_are_scored_to_the_same_bits(whole, job):
    _, _, _, expected = whole
    entries = {"wide": WIDE, "narrow": NARROW}
    result = run_comparison(job(comparison(entries), executor=InProcess()))
    assert result.is_success()
    mine = [(s["entry"], s["seed"], s["measures"]) for s in result.outputs["scores"]]
    assert mine == [(s["entry"], s["seed"], s["measures"]) for s in expected.outputs["scores"] if s["entry"] != "twin"]


def test_claims_that_are_changed_after_the_first_results_are_refused(tmp_path, job):
    entries = {"twin": BaselineEntry(call("linear")), "wide": WIDE}
    plan = comparison(entries, seeds=1)
    with pytest.raises(KeyboardInterrupt):
        run_comparison(job(plan, executor=OneByOne(stop_after=1)))
    changed = replace(plan, claims=(ClaimPlan("twin", "wide", ACCURACY),))
    result = run_comparison(job(changed, resume=True))
    assert result.status == "failed"
    assert "registered" in result.errors[0]


def test_a_seed_that_fails_is_kept_as_failed_and_counts_as_the_worst(job, tmp_path):
    entries = {"good": WIDE, "bad": TrainedEntry("fit", {"network.rate": "1e5", "epochs": "20"})}
    result = run_comparison(job(comparison(entries, seeds=2)))
    assert result.is_success()
    bad = [score for score in result.outputs["scores"] if score["entry"] == "bad"]
    assert [(s["status"], s["measures"]) for s in bad] == [("failed", {})] * 2
    assert "diverged" in bad[0]["error"]
    summary = result.outputs["summary_statistics"]["entries"]["bad"]["wine"]
    assert (summary["failed"], summary["seeds"], summary["values"], summary["mean"]) == (2, 2, [None, None], 0)


def test_where_nothing_can_be_scored_the_run_fails_and_says_why(job):
    entries = {"bad": TrainedEntry("fit", {"network.rate": "1e5", "epochs": "20"})}
    result = run_comparison(job(comparison(entries, seeds=1)))
    assert (result.status, result.stages_failed) == ("failed", ("comparison",))
    assert "diverged" in result.errors[0]
    assert result.outputs["scores"][0]["status"] == "failed"


def test_what_failed_is_tried_again_as_often_as_the_limits_allow(job, tmp_path):
    class Flaky(OneByOne):
        def run(self, lanes, mode, watch):
            for result in super().run(lanes, mode, watch):
                lost = result.lane.endswith("/1") and self.trained.count(result.lane) == 1
                yield (
                    dataclasses.replace(result, status="failed", evaluation={}, error="lost a worker")
                    if lost
                    else result
                )

    executor = Flaky()
    result = run_comparison(job(comparison({"wide": WIDE}, seeds=2, limits=Limits(retries=1)), executor=executor))
    assert [score["status"] for score in result.outputs["scores"]] == ["complete"] * 2
    assert executor.trained == ["wide/wine/0", "wide/wine/1", "wide/wine/1"]
    (attempt,) = events(tmp_path, "attempt")
    assert (attempt["seed"], attempt["error"]) == (1, "lost a worker")


def test_saved_weights_are_evaluated_as_they_are_and_fail_on_tasks_that_they_do_not_fit(job, tmp_path):
    def bind(name, changes, data):
        text = TEXT.replace("x (13)", "x (4)").replace("wine", "iris") if data.source.name == "iris" else TEXT
        return Door(text).bind(name, changes, data)

    def compare(name, **more):
        (tmp_path / name).mkdir()
        return run_comparison(job(folder=tmp_path / name, **more))

    result = compare("a", plan=comparison({"wide": WIDE}, seeds=2), keep_models=True)
    trained = {score["seed"]: score["measures"] for score in result.outputs["scores"]}
    said, nothing = [], OneByOne()
    reporter, nothing.run = Reporter(), lambda lanes, mode, watch: iter(())
    reporter.message = said.append
    entries, iris = {"saved": SavedEntry("a/models/wide-wine-1"), "wide": WIDE}, replace(WINE, source=call("iris"))
    plan = comparison(entries, seeds=2, base=str(tmp_path), tasks={"wine": WINE, "iris": iris})
    again = compare("b", plan=plan, bind=bind, reporter=reporter, executor=nothing)
    assert again.is_success()
    saved = [score for score in again.outputs["scores"] if score["entry"] == "saved"]
    assert [score["measures"] for score in saved] == [trained[1]] * 2 + [{}] * 2
    assert any("the weights of saved do not fit iris" in text for text in said)
    assert again.outputs["summary_statistics"]["entries"]["saved"]["iris"]["failed"] == 2
    alone = compare("c", plan=replace(plan, tasks={"iris": iris}), bind=bind)
    assert "saved on iris" in alone.errors[0]
    assert "shapes alone" in alone.errors[0]


def test_the_best_of_a_sweep_is_trained_with_its_settings(job):
    asked = []

    def best(sweep):
        asked.append(sweep)
        return {"network.hidden": "24"}

    entries = {"best": BestEntry("tune", {}), "changed": BestEntry("tune", {"network.hidden": "1"}), "wide": WIDE}
    result = run_comparison(job(comparison(entries, seeds=1), best=best))
    found = {score["entry"]: score["measures"] for score in result.outputs["scores"]}
    assert set(asked) == {"tune"}
    assert found["best"] == found["wide"] != found["changed"]


def test_seeds_take_folds_in_turn(job, tmp_path):
    seen = []

    class Looking(OneByOne):
        def run(self, lanes, mode, watch):
            seen.extend(lane.pipeline for lane in lanes)
            return iter(())

    plan = comparison({"wide": WIDE}, seeds=4, seed=5, folds=3, tasks={"wine": replace(WINE, transforms=())})
    result = run_comparison(job(plan, executor=Looking()))
    assert "never came back" in result.errors[0]  # and such a seed is no seed that was left out
    firsts = [pipeline.data.transforms[0] for pipeline in seen]
    assert [(c.name, c.named["k"], c.named["fold"], c.named["seed"]) for c in firsts] == [
        ("folds", 3, fold, 5) for fold in (0, 1, 2, 0)
    ]
    assert [pipeline.seed for pipeline in seen] == [5, 6, 7, 8]


def test_a_validation_part_is_made_where_the_metric_asks_for_one(job):
    plan = comparison(
        {"wide": WIDE, "twin": BaselineEntry(call("linear"))}, seeds=1, metric=Metric("validation", "mse")
    )
    result = run_comparison(job(plan))
    assert result.is_success()
    assert all(set(score["measures"]) == {"validation", "test"} for score in result.outputs["scores"])


def test_without_tasks_every_entry_has_its_own_data(job):
    result = run_comparison(job(comparison({"wide": WIDE}, tasks={}, seeds=1)))
    assert [score["task"] for score in result.outputs["scores"]] == ["data"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"metric": Metric("tets", "accuracy")}, "no part 'tets'; did you mean 'test'"),
        ({"metric": Metric("test", "acuracy")}, "did you mean 'accuracy'"),
        ({"entries": {"twin": BaselineEntry(call("mlp"))}}, "there is none"),
        ({"entries": {"wide": WIDE, "twin": BaselineEntry(call("mpl"))}}, "did you mean 'mlp'"),
        ({"entries": {"best": BestEntry("tune", {})}}, "tune has not run"),
        ({"entries": {"old": SavedEntry("nowhere")}}, "no checkpoint at"),
        ({"entries": {"old": SavedEntry("nowhere")}, "tasks": {}}, "name a task"),
        ({"claims": (ClaimPlan("wide", "wode", ACCURACY),)}, "wode, which is no entry"),
        ({"tasks": {"iris": replace(WINE, source=call("iris"))}}, "13"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_trained(job, changes, words):
    executor = OneByOne()
    result = run_comparison(job(comparison(**{"entries": None, **changes}), executor=executor))
    assert (result.status, result.stages_failed) == ("failed", ("environment_check",))
    assert words in result.errors[0]
    assert executor.trained == []


def test_every_score_is_told(job):
    said = []

    class Listening(Reporter):
        def message(self, text):
            said.append(text)

    run_comparison(job(comparison({"wide": WIDE}, seeds=2), reporter=Listening()))
    assert sum("wide on wine, seed" in text for text in said) == 2
    assert any(text.startswith("2/2") for text in said)
