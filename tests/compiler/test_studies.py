"""Trainings built on others, sweeps, comparisons and benchmarks: what their texts mean, and what is refused."""

import pytest

from dync.compiler.driver import Compilation, compile_source
from dync.compiler.pipeline_plan import (
    BaselineEntry,
    BenchmarkPlan,
    BestEntry,
    CallPlan,
    Choices,
    ClaimPlan,
    ComparisonPlan,
    Condition,
    FinalOf,
    Interval,
    Limits,
    Metric,
    RecordPlan,
    SavedEntry,
    SavedIn,
    SearchPlan,
    StopPlan,
    SweepPlan,
    TrainedEntry,
)
from dync.grammar.source import Source
from tests.compiler.study_texts import GOOD, NETWORK, compiled, sweep, training, wrong, wrong_sweep


@pytest.fixture(scope="module")
def good() -> Compilation:
    return compile_source(Source("good.dyn", GOOD.read_text(encoding="utf-8"))).verify()


# --- trainings --------------------------------------------------------------------------------------------------------


def test_every_setting_of_a_training(good: Compilation) -> None:
    plan = good.trainings["fit"].plan
    assert plan.stop == StopPlan(3, Metric("validation", "accuracy"))
    assert plan.checkpoint_best == Metric("validation", "accuracy")
    assert plan.record == RecordPlan(("h[1]", "y"), 10)
    assert plan.repeat == 2
    assert plan.limits == Limits(2, 0.5, 1, 600.0, 2, True)
    assert plan.metrics == (Metric("validation", "accuracy"), Metric("validation", "accuracy"))


def test_a_base_gives_all_settings_and_own_ones_count_more() -> None:
    found = training("base fit  batch 32  data prototypes(10, 64, 5)  network Net(depth = 2)")
    base = compiled().trainings["fit"].plan
    assert (found.name, found.epochs, found.batch, found.optimizer) == ("more", 5, 32, base.optimizer)
    assert found.data.source.name == "prototypes"


def test_a_base_of_a_base_and_changes() -> None:
    found = compiled(
        "pipeline a training { base fit with { optimizer.learning_rate = 0.5, network.depth = 3, epochs = 1 + 1 } }",
        "pipeline b training { base a  updates 7  with { data.split.test = 0.4 } }",
    ).verify()
    model = found.trainings["b"]
    assert (model.plan.epochs, model.plan.updates) == (None, 7)
    assert model.plan.optimizer.named == {"learning_rate": 0.5}
    assert model.plan.data.transforms[0].named == {"test": 0.4, "validation": 0.1}
    assert model.network.parameters == {"hidden": 8, "depth": 3}


def test_parts_of_a_setting_come_after_the_whole_one() -> None:
    found = training("base fit with { optimizer.b1 = 0.8, optimizer = adam(0.01) }")
    assert found.optimizer == CallPlan("adam", (), {"learning_rate": 0.01, "b1": 0.8})


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("from fit", FinalOf("fit", "final")),
        ("from tune.best", FinalOf("tune", "best")),
        ('from checkpoint "runs/a/final"', SavedIn("runs/a/final")),
    ],
)
def test_where_weights_come_from(text: str, start: object) -> None:
    tune = "pipeline tune sweep { base fit  search batch in { 8, 16 }  objective maximize test.accuracy }"
    found = compiled(tune, f"pipeline more training {{ base fit  {text} }}").verify()
    assert found.trainings["more"].plan.start == start


def test_changes_are_wrong_where_they_are_written() -> None:
    text = "pipeline more training { base fit with { batch = 0, hidden = 100, optimizer.lr = 1, epochs = two + } }"
    assert [code for code, _ in wrong(text)] == ["E0101"]
    text = text.replace("two +", "2")
    assert wrong(text) == [("E0818", "optimizer.lr")]
    assert wrong(text.replace("lr", "learning_rate")) == [("E0811", "0"), ("E0601", "100")]


# --- sweeps -----------------------------------------------------------------------------------------------------------


def test_every_setting_of_a_sweep(good: Compilation) -> None:
    plan = good.pipelines["tune"].plan
    assert isinstance(plan, SweepPlan)
    assert plan.search == (
        SearchPlan("optimizer.learning_rate", Interval(0.001, 1.0, True, None, False)),
        SearchPlan("network.hidden", Choices(("10", "20", "40"))),
        SearchPlan("margin", Interval(0.5, 2.0, False, 0.5, False)),
        SearchPlan("network.depth", Interval(1.0, 3.0, False, None, True)),
        SearchPlan("optimizer", Choices(("sgd(0.1)", "adam(0.01)"))),
        SearchPlan("optimizer.b1", Interval(0.8, 0.95, False, None, False), Condition("optimizer", "adam(0.01)")),
    )
    assert (plan.base, plan.changes, plan.start) == ("fit", {"epochs": "1", "from": "fit"}, FinalOf("fit", "final"))
    assert (plan.strategy, plan.trials) == (CallPlan("tpe", (), {"startup": 4}), 8)
    assert (plan.seeds, plan.seed, plan.together, plan.compare_best, plan.fused) == (2, 1, 2, 2, "auto")
    assert (plan.objective, plan.direction) == (Metric("validation", "accuracy"), "maximize")
    assert plan.prune == CallPlan("median", (), {"warmup": 1})


def test_what_a_sweep_does_where_nothing_is_said() -> None:
    found = sweep("search batch in { 8, 16 }")
    assert (found.strategy.name, found.trials, found.objective) == ("grid", None, None)
    endless = sweep("search optimizer.learning_rate in 0.1..1 trials 5")
    assert (endless.strategy.name, endless.trials) == ("tpe", 5)
    assert sweep("search batch in 8..64 step 8").strategy.name == "grid"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("search optimizer.lr in { 1, 2 }", [("E0818", "optimizer.lr")]),
        ("search hidden in { 8, 80, 16 }", [("E0601", "80")]),
        ("search hidden in 8..80 trials 3", [("E0601", "80")]),
        ("search batch in 0..8", [("E0811", "0")]),
        ("search optimizer in { sgd(0.1), sgdd(0.1) }", [("E0806", "sgdd")]),
        ("search optimizer.b1 in { 0.8, 0.9 }", [("E0818", "optimizer.b1")]),
        ("search data.split.test in 0.1..0.95 step 0.1", [("E0817", "split(test = 0.2, validation = 0.1)")]),
        ("search hidden in log(0..8) trials 3", [("E0830", "0")]),
        ("search hidden in 8..4", [("E0829", "8..4")]),
        ("search hidden in 1..8 step 0", [("E0829", "1..8 step 0")]),
        ("search batch in { 8, 16 } strategy random", [("E0804", "tune")]),
        ("search optimizer.learning_rate in 0.1..1 strategy grid", [("E0828", "0.1..1")]),
        ("search batch in { 8, 16 } prune median", [("E0826", "prune median")]),
        ("search batch in { 8, 16 } when hidden == 8", [("E0836", "hidden")]),
        ("search batch in { 8, 16 } objective maximize noisy.accuracy", [("E0824", "noisy")]),
        ("search batch in { 8, 16 } objective minimize test.loss", [("E0825", "loss")]),
        ("search batch in { 8, 16 } with { epoch = 3 }", [("E0818", "epoch")]),
        ("search batch in { 8, 16 } with { epochs = 3 } batch 3", [("E0820", "batch 3")]),
    ],
)
def test_sweeps_are_refused_before_anything_runs(text: str, expected: list[tuple[str, str]]) -> None:
    if expected[0][0] == "E0817":
        expected = [("E0843", "0.95")]  # the split is in the base: the value is what is wrong
    assert wrong_sweep(text) == expected


def test_a_value_that_makes_a_mistake_elsewhere_is_named() -> None:
    text = NETWORK.replace("(hidden) sign", "(10 - hidden) sign") + (
        "pipeline tune sweep { base fit  search hidden in { 4, 8, 12 } }"
    )
    (found,) = compile_source(Source("some.dyn", text)).diagnostics
    assert (found.code, found.span.text) == ("E0843", "12")
    assert found.notes[0].span is not None
    assert found.notes[0].span.text == "10 - hidden"


def test_conditions_hold_while_values_are_tried() -> None:
    found = sweep(
        "search optimizer.b1 in { 0.8, 0.9 } when optimizer == adam(0.1)  search optimizer in { sgd(0.1), adam(0.1) }"
    )
    assert found.search[0].condition == Condition("optimizer", "adam(0.1)")


def test_the_best_needs_an_objective() -> None:
    tune = "pipeline tune sweep { base fit  search batch in { 8, 16 } }"
    assert wrong(tune, "pipeline more training { base fit  from tune.best }") == [("E0826", "tune.best")]
    assert wrong(tune, "pipeline duel comparison { entry a tune.best  entry b fit }") == [("E0826", "tune.best")]


# --- comparisons and benchmarks ---------------------------------------------------------------------------------------


def test_every_setting_of_a_comparison(good: Compilation) -> None:
    plan = good.pipelines["duel"].plan
    assert isinstance(plan, ComparisonPlan)
    assert plan.entries == {
        "deep": TrainedEntry("fit", {"network.depth": "2", "optimizer.learning_rate": "0.05"}),
        "tuned": BestEntry("tune", {"epochs": "2"}),
        "saved": SavedEntry("runs/fit/final"),
        "packed": SavedEntry("digits.artefact"),
        "twin": BaselineEntry(CallPlan("mlp", (), {"hidden": 30})),
    }
    assert list(plan.tasks) == ["digits", "wine"]
    assert (plan.seeds, plan.seed, plan.rope, plan.folds) == (5, 3, 0.01, 5)
    assert plan.metric == Metric("test", "accuracy")
    assert plan.claims == (
        ClaimPlan("deep", "twin", Metric("test", "accuracy")),
        ClaimPlan("tuned", "deep", Metric("test", "accuracy"), 0.01),
    )


def test_a_benchmark_adds_baselines(good: Compilation) -> None:
    plan = good.pipelines["suite"].plan
    assert isinstance(plan, BenchmarkPlan)
    assert (plan.name, plan.package_best, list(plan.baselines)) == ("suite", True, ["mlp", "linear"])
    taken = compiled(
        "pipeline s benchmark { entry mlp fit  against baselines  task d digits then split(test = 0.2) }"
    ).verify()
    other = taken.pipelines["s"].plan
    assert isinstance(other, BenchmarkPlan)
    assert list(other.baselines) == ["mlp_baseline", "linear"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("entry a fit  entry a fit", [("E0203", "a")]),
        ("entry a fit  claim a > b on test.accuracy", [("E0838", "b")]),
        ("entry a fit  claim a > a on test.accuracy", [("E0839", "a")]),
        ("entry a fit with { network.hiden = 3 }", [("E0818", "network.hiden")]),
        ("entry a fit with { hidden = 300 }", [("E0601", "300")]),
        ("entry a fit with { network.depth = 3, network.depth = 2 }", [("E0203", "network.depth")]),
        ("entry a baseline mlp", [("E0840", "entry a baseline mlp")]),
        ("entry a fit  task t wine", [("E0816", "wine")]),
        ("entry a fitt", [("E0821", "fitt")]),
        ("entry a fit  measure accuracy", [("E0827", "accuracy")]),
        ("entry a fit.best", [("E0822", "fit")]),
        ("seeds 3", [("E0804", "duel")]),
    ],
)
def test_comparisons_are_refused(text: str, expected: list[tuple[str, str]]) -> None:
    assert wrong(f"pipeline duel comparison {{ {text} }}") == expected


def test_measures_of_several_outputs() -> None:
    two = NETWORK.replace("output y (10)", "output y (10)\n  output z (10)").replace(
        "edge h[depth] -> y dense learn perceptron",
        "edge h[depth] -> y dense learn perceptron\n  edge h[depth] -> z dense learn perceptron",
    )
    two = two.replace("data digits", 'data digits { x = "data", y = "target", z = "target" }')
    text = two + "pipeline more training { base fit  checkpoint best validation.z.accuracy }"
    plan = compile_source(Source("two.dyn", text)).verify().trainings["more"].plan
    assert plan.checkpoint_best == Metric("validation", "z.accuracy")
