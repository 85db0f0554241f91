"""Training pipelines and the settings that are given beside the file."""

import pytest

from dync.compiler.driver import Compilation, bind_pipeline, bind_settings, compile_source
from dync.compiler.pipeline_plan import CallPlan, DataPlan, TrainingPlan
from dync.grammar.diagnostic import DiagnosticError
from dync.grammar.source import Source

NETWORK = """network Digits {
  param  hidden = 100 in 16..4096
  param  margin = 1
  input  x (64)
  layer  h (hidden) sign
  output y (10)
  edge x -> h dense learn perceptron(margin)
  edge h -> y dense learn perceptron(margin)
  phase relax { steps 3 messages forward }
  train relax
}
"""
PIPELINE = """pipeline fit training {
  network   Digits(hidden = 300)
  data      digits then split(test = 0.2)
  epochs    20
  optimizer sgd(0.1)
  checkpoint every 5
}
"""


def compilation(pipeline: str = PIPELINE) -> Compilation:
    return compile_source(Source("specs/digits.dyn", NETWORK + pipeline))


def plan(settings: dict[str, str] | None = None, pipeline: str = PIPELINE) -> TrainingPlan:
    return bind_pipeline(compilation(pipeline), "fit", settings or {}).plan


def refused(settings: dict[str, str]) -> list[tuple[str, str]]:
    """The codes of what is wrong, each with the text that it points at."""
    with pytest.raises(DiagnosticError) as raised:
        plan(settings)
    return [(d.code, d.span.text) for d in raised.value.diagnostics]


def test_everything_is_resolved() -> None:
    assert compilation().diagnostics == ()
    found = compilation().pipelines["fit"]
    assert found.network.parameters == {"hidden": 300, "margin": 1}
    assert found.plan == TrainingPlan(
        name="fit",
        network="Digits",
        data=DataPlan(CallPlan("digits", (), {}), {}, (CallPlan("split", (), {"test": 0.2}),)),
        epochs=20,
        updates=None,
        batch=16,
        optimizer=CallPlan("sgd", (), {"learning_rate": 0.1}),
        seed=0,
        evaluate_every=0,
        evaluate_on={},
        checkpoint_every=5,
        keep=2,
        base="specs",
    )


def test_values_of_every_sort() -> None:
    data = 'npz("a.npz") { x = "images", y = "none" } then split(0.1, stratify = false) then reshape(8, 8)'
    optimizer = "adam(cosine_decay_schedule(2 * 0.05, 5000), nesterov = true, mu_dtype = none, eps = sqrt(1e-16))"
    found = plan(pipeline=PIPELINE.replace("digits then split(test = 0.2)", data).replace("sgd(0.1)", optimizer))
    assert found.data.source == CallPlan("npz", (), {"file": "a.npz"})
    assert found.data.bindings == {"x": "images", "y": "none"}
    assert found.data.transforms == (
        CallPlan("split", (), {"test": 0.1, "stratify": False}),
        CallPlan("reshape", (8, 8), {}),
    )
    schedule = CallPlan("cosine_decay_schedule", (), {"init_value": 0.1, "decay_steps": 5000})
    assert found.optimizer.named == {"learning_rate": schedule, "nesterov": True, "mu_dtype": None, "eps": 1e-8}


@pytest.mark.parametrize(
    ("settings", "field", "value"),
    [
        ({"epochs": "3"}, "epochs", 3),
        ({"batch": "2 * 8"}, "batch", 16),
        ({"seed": "7"}, "seed", 7),
        ({"updates": "100"}, "epochs", None),
        ({"updates": "100"}, "updates", 100),
        ({"optimizer.learning_rate": "0.01"}, "optimizer", CallPlan("sgd", (), {"learning_rate": 0.01})),
        ({"optimizer": "adam(0.5)"}, "optimizer", CallPlan("adam", (), {"learning_rate": 0.5})),
        ({"evaluate.every": "2"}, "evaluate_every", 2),
        ({"checkpoint.every": "1"}, "checkpoint_every", 1),
        ({"checkpoint.keep": "9"}, "keep", 9),
    ],
)
def test_settings(settings: dict[str, str], field: str, value: object) -> None:
    assert getattr(plan(settings), field) == value


def test_settings_of_data() -> None:
    assert plan({"data.split.test": "0.5"}).data.transforms[0].named == {"test": 0.5}
    assert plan({"data.split.seed": "3"}).data.transforms[0].named == {"test": 0.2, "seed": 3}
    data = plan({"data": "prototypes(10, 64, samples = 5)", "data.flip": "0.25"}).data
    assert data.source.named == {"classes": 10, "units": 64, "samples": 5, "flip": 0.25}


@pytest.mark.parametrize("key", ["hidden", "network.hidden"])
def test_settings_of_the_network(key: str) -> None:
    assert bind_pipeline(compilation(), "fit", {key: "64"}).network.parameters["hidden"] == 64
    assert bind_settings(compilation(), None, {key: "64"}).parameters["hidden"] == 64


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"epoch": "3"}, [("E0818", "epoch")]),
        ({"network.hiden": "3"}, [("E0818", "network.hiden")]),
        ({"optimizer.lr": "3"}, [("E0818", "optimizer.lr")]),
        ({"epochs": "three+"}, [("E0819", "three+")]),
        ({"epochs": "3 batch 4"}, [("E0819", "3 batch 4")]),
        ({"epochs": "3 } network N { input x (3)"}, [("E0819", "3 } network N { input x (3)")]),
        ({"epochs": ""}, [("E0819", "")]),
        ({"epochs": "2.5"}, [("E0605", "2.5")]),
        ({"epochs": "-1"}, [("E0811", "-1")]),
        ({"hidden": "8"}, [("E0601", "8")]),
        ({"optimizer.learning_rate": '"fast"'}, [("E0810", '"fast"')]),
        ({"data.split.test": "2"}, [("E0610", "2")]),
        ({"optimizer": "sgdd(0.1)"}, [("E0806", "sgdd")]),
    ],
)
def test_wrong_settings(settings: dict[str, str], expected: list[tuple[str, str]]) -> None:
    assert refused(settings) == expected


def test_wrong_settings_point_at_the_command_line() -> None:
    with pytest.raises(DiagnosticError) as raised:
        plan({"hidden": "8"})
    (mistake,) = raised.value.diagnostics
    assert mistake.span.source.text == "hidden=8"
    assert mistake.notes[0].span is not None
    assert mistake.notes[0].span.source.name == "specs/digits.dyn"


def test_settings_do_not_change_the_compilation() -> None:
    shared = compilation()
    bind_pipeline(shared, "fit", {"epochs": "3"})
    assert bind_pipeline(shared, "fit").plan.epochs == 20


def test_the_network_is_checked_with_the_parameters_that_it_gets() -> None:
    pipeline = PIPELINE.replace("hidden = 300", "hidden = 8")
    assert [(d.code, d.span.text) for d in compilation(pipeline).diagnostics] == [("E0601", "8")]


def test_pipelines_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dync.compiler.elaboration.elaborations.MOST", 10)
    again = "".join(PIPELINE.replace("fit", f"fit{n}").replace("300", str(n)) for n in range(20, 24))
    codes = {d.code for d in compilation(PIPELINE + again).diagnostics}
    assert codes == {"E0305"}
    assert {d.code for d in compilation(PIPELINE + PIPELINE.replace("fit", "other")).diagnostics} == set()
