"""What pipelines are built on, settings from beside the file, and shapes that the data have."""

import subprocess
import sys
import time

import pytest

from dync.compiler.driver import Compilation, bind_pipeline, bind_training, compile_source, order_of, plan_of
from dync.compiler.pipeline_plan import (
    BestEntry,
    ComparisonPlan,
    FinalOf,
    SweepPlan,
    TrainedEntry,
    built_on,
)
from dync.grammar.diagnostic import DiagnosticError
from dync.grammar.reader import load_source
from dync.grammar.source import Source
from tests.compiler.study_texts import GOOD, NETWORK, ROOT, compiled, wrong


@pytest.fixture(scope="module")
def good() -> Compilation:
    return compile_source(Source("good.dyn", GOOD.read_text(encoding="utf-8"))).verify()


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
