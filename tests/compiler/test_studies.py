"""Trainings built on others, sweeps, comparisons and benchmarks: what their texts mean, and what is refused."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from dync.compiler.driver import Compilation, bind_pipeline, bind_training, compile_source, order_of, plan_of
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
    TrainingPlan,
    built_on,
)
from dync.grammar.diagnostic import DiagnosticError
from dync.grammar.reader import load_source
from dync.grammar.source import Source

ROOT = Path(__file__).parents[2]
GOOD = ROOT / "tests" / "good" / "pipelines.dyn"
NETWORK = """network Net {
  param hidden = 8 in 1..64
  param depth = 1 in 1..3
  input x (64)
  layer h[1..depth] (hidden) sign
  output y (10)
  edge x -> h[1] dense learn perceptron
  for i in 1..depth-1 { edge h[i] -> h[i+1] dense learn perceptron }
  edge h[depth] -> y dense learn perceptron
  phase p { steps 1 }
  train p
  infer p
}
pipeline fit training {
  network Net
  data digits then split(test = 0.2, validation = 0.1)
  epochs 5
  optimizer sgd(0.1)
}
"""


@pytest.fixture(scope="module")
def good() -> Compilation:
    return compile_source(Source("good.dyn", GOOD.read_text(encoding="utf-8"))).verify()


def compiled(*pipelines: str) -> Compilation:
    return compile_source(Source("specs/some.dyn", NETWORK + "\n".join(pipelines)))


def training(text: str, name: str = "more") -> TrainingPlan:
    plan = compiled(f"pipeline {name} training {{ {text} }}").verify().pipelines[name].plan
    assert isinstance(plan, TrainingPlan)
    return plan


def sweep(text: str) -> SweepPlan:
    plan = compiled(f"pipeline tune sweep {{ base fit {text} }}").verify().pipelines["tune"].plan
    assert isinstance(plan, SweepPlan)
    return plan


def wrong(*pipelines: str) -> list[tuple[str, str]]:
    return [(d.code, d.span.text) for d in compiled(*pipelines).diagnostics if d.severity == "error"]


def wrong_sweep(text: str) -> list[tuple[str, str]]:
    return wrong(f"pipeline tune sweep {{ base fit {text} }}")


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


# --- what is built on what --------------------------------------------------------------------------------------------


def test_the_order_of_pipelines(good: Compilation) -> None:
    plans = {name: model.plan for name, model in good.pipelines.items()}
    assert {name: built_on(plan, plans) for name, plan in plans.items()} == {
        "fit": (),
        "longer": (),
        "on": ("tune",),
        "tune": ("fit",),
        "duel": ("tune",),
        "suite": (),
    }
    assert order_of(plans) == ("fit", "longer", "tune", "on", "duel", "suite")
    assert order_of({name: plans[name] for name in ("on", "duel")}) == ("on", "duel")


@pytest.mark.parametrize(
    "pipelines",
    [
        ("pipeline a training { base a }",),
        ("pipeline a training { base b }", "pipeline b training { base c }", "pipeline c training { base a }"),
        ("pipeline a training { base fit  from a }",),
        ("pipeline a training { base fit  from b }", "pipeline b training { base fit  from a }"),
        (
            "pipeline a training { base fit  from tune.best }",
            "pipeline tune sweep { base a  search batch in { 8, 16 }  objective maximize test.accuracy }",
        ),
    ],
)
def test_nothing_is_built_on_itself(pipelines: tuple[str, ...]) -> None:
    assert [code for code, _ in wrong(*pipelines)] == ["E0823"]


def test_what_is_only_read_is_not_run_before() -> None:
    """A base gives its settings; where its start is replaced, it is no reason to run anything."""
    found = compiled("pipeline a training { base fit  from b }", 'pipeline b training { base a  from checkpoint "c" }')
    assert found.diagnostics == ()


# --- settings from beside the file ------------------------------------------------------------------------------------


def test_settings_of_a_sweep(good: Compilation) -> None:
    settings = {"trials": "4", "seeds": "1", "epochs": "3", "network.hidden": "5", "strategy": "random", "retries": "1"}
    plan = bind_pipeline(good, "tune", settings).plan
    assert isinstance(plan, SweepPlan)
    assert (plan.trials, plan.seeds, plan.strategy.name, plan.limits.retries) == (4, 1, "random", 1)
    assert plan.changes == {"epochs": "3", "network.hidden": "5", "from": "fit"}
    assert bind_pipeline(good, "tune").plan == good.pipelines["tune"].plan


def test_settings_of_a_comparison(good: Compilation) -> None:
    plan = bind_pipeline(good, "duel", {"seeds": "2", "epochs": "1", "optimizer.learning_rate": "0.2"}).plan
    assert isinstance(plan, ComparisonPlan)
    assert plan.seeds == 2
    assert plan.entries["deep"] == TrainedEntry(
        "fit", {"network.depth": "2", "epochs": "1", "optimizer.learning_rate": "0.2"}
    )
    assert plan.entries["tuned"] == BestEntry("tune", {"epochs": "1", "optimizer.learning_rate": "0.2"})


@pytest.mark.parametrize(
    ("name", "settings", "expected"),
    [
        ("tune", {"trial": "4"}, [("E0818", "trial")]),
        ("tune", {"trials": "many+"}, [("E0819", "many+")]),
        ("tune", {"trials": "4 seeds 2"}, [("E0819", "4 seeds 2")]),
        ("tune", {"epochs": "-1"}, [("E0811", "-1")]),
        ("tune", {"epochs": "1 } } network N { input x (1) } pipeline q training { with { a = 1"}, None),
        ("duel", {"network.hidden": "4000"}, [("E0601", "4000")]),
        ("suite", {"trials": "4"}, [("E0818", "trials")]),
    ],
)
def test_wrong_settings(
    good: Compilation, name: str, settings: dict[str, str], expected: list[tuple[str, str]] | None
) -> None:
    with pytest.raises(DiagnosticError) as raised:
        bind_pipeline(good, name, settings)
    found = [(d.code, d.span.text) for d in raised.value.diagnostics if d.severity == "error"]
    assert found == (expected or [("E0819", settings["epochs"])])


def test_a_training_with_changes_is_bound_fast() -> None:
    found = compile_source(load_source(ROOT / "specs" / "digits.dyn")).verify()
    bind_training(found, "fit", {})
    times = []
    for number in range(20):
        changes = {
            "optimizer.learning_rate": f"0.{number + 1}",
            "network.hidden": str(16 + number),
            "seed": str(number),
        }
        began = time.perf_counter()
        model = bind_training(found, "fit", changes)
        times.append(time.perf_counter() - began)
        assert (model.network.parameters["hidden"], model.plan.seed) == (16 + number, number)
    assert min(times) < 0.03


def test_many_trainings_can_be_bound_one_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dync.compiler.elaboration.elaborations.MOST", 30)
    found = compiled()
    for hidden in range(1, 60):
        assert bind_training(found, "fit", {"hidden": str(hidden)}).network.parameters["hidden"] == hidden


def test_changes_of_where_weights_come_from(good: Compilation) -> None:
    assert bind_training(good, "fit", {"from": "tune.best"}).plan.start == FinalOf("tune", "best")
    with pytest.raises(DiagnosticError):
        bind_training(good, "fit", {"from": "tun.best"})


# --- shapes that the data have ----------------------------------------------------------------------------------------


def test_a_network_without_shapes_is_checked_but_has_no_plan(good: Compilation) -> None:
    model = good.trainings["fit"]
    assert model.without_shape == ("x", "y")
    for network in (model.network, good.networks["Digits"]):
        with pytest.raises(DiagnosticError, match="E0841"):
            plan_of(network)


def test_a_network_with_the_shapes_of_data(good: Compilation) -> None:
    model = bind_training(good, "fit", {}, {"x": (8, 8), "y": (10,)})
    assert model.without_shape == ()
    shapes = {layer.name: layer.shape for layer in model.network.layers}
    assert shapes == {"x": (8, 8), "h[1]": (30,), "y": (10,)}
    assert plan_of(model.network).digest
    other = bind_training(good, "fit", {}, {"x": (13,), "y": (3,)})
    assert plan_of(other.network).digest != plan_of(model.network).digest


def test_shapes_that_do_not_fit_are_refused() -> None:
    text = NETWORK.replace("input x (64)", "input x (*)").replace(
        "edge x -> h[1] dense learn perceptron", "edge x -> h[1] one_to_one"
    )
    found = compile_source(Source("some.dyn", text)).verify()
    assert bind_training(found, "fit", {"hidden": "13"}, {"x": (13,)}).network
    with pytest.raises(DiagnosticError, match="E0301"):
        bind_training(found, "fit", {}, {"x": (13,)})


def test_a_check_of_all_kinds_loads_neither_jax_nor_networkx() -> None:
    program = (
        "import sys; from dync.compiler.driver import compile_source; from dync.grammar.reader import load_source;"
        f"c = compile_source(load_source({str(GOOD)!r})); assert c.ok and len(c.pipelines) == 6;"
        "assert not {'jax', 'networkx', 'lark', 'numpy'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
