"""Which protocol a network goes by, from every place that can say so."""

import pytest

import dync
from dync.compiler.driver import Compilation, bind, bind_settings, bind_training, compile_source, plan_of
from dync.compiler.pipeline_plan import Metric
from dync.grammar.diagnostic import DiagnosticError
from dync.grammar.source import Source

TEXT = """
network Net {
  param hidden = 8
  input  x (4)
  layer  h (hidden) tanh
  output y (3)
  edge x -> h dense learn hebbian
  edge h -> y dense learn delta
  phase short { steps 3 }
  phase long  { steps 30 }
  train short
  infer short
  protocol patient { train short, long  infer long }
  protocol reader { infer long }
  measure size = mean(abs(h)) minimize
}
pipeline fit training {
  network   Net(hidden = 4)
  data      iris then split(test = 0.2, validation = 0.2)
  epochs    1
  optimizer sgd(0.1)
  checkpoint best validation.size
}
pipeline patient training { base fit  with { network.protocol = patient } }
pipeline tune sweep { base fit  search network.protocol in { default, patient }  objective minimize validation.size }
pipeline duel comparison { entry quick fit  entry slow fit with { network.protocol = patient }  measure test.size }
"""


@pytest.fixture(scope="module")
def compilation() -> Compilation:
    return compile_source(Source("net.dyn", TEXT)).verify()


def test_without_a_word_it_is_the_one_without_a_name(compilation: Compilation) -> None:
    model = compilation.networks["Net"]
    assert (model.protocol, model.train, model.infer) == ("default", ("short",), ("short",))
    assert [protocol.name for protocol in model.protocols] == ["default", "patient", "reader"]


def test_python_chooses_it(compilation: Compilation) -> None:
    assert bind(compilation, "Net", {"hidden": 5}, protocol="patient").train == ("short", "long")
    assert bind(compilation, "Net", {}, protocol="reader").train is None


@pytest.mark.parametrize("key", ["protocol", "network.protocol"])
def test_settings_choose_it(compilation: Compilation, key: str) -> None:
    model = bind_settings(compilation, "Net", {key: "patient", "hidden": "6"})
    assert (model.infer, model.parameters) == (("long",), {"hidden": 6.0})
    assert bind_training(compilation, "fit", {key: "patient"}).network.train == ("short", "long")
    assert bind_training(compilation, "patient", {key: "default"}).network.train == ("short",)


def test_with_chooses_it_and_keeps_the_rest(compilation: Compilation) -> None:
    network = compilation.trainings["patient"].network
    assert (network.protocol, network.parameters["hidden"]) == ("patient", 4.0)


def test_a_protocol_that_only_infers_cannot_train(compilation: Compilation) -> None:
    with pytest.raises(DiagnosticError, match="E0812"):
        bind_training(compilation, "fit", {"network.protocol": "reader"})


def test_a_setting_that_names_none_is_told(compilation: Compilation) -> None:
    with pytest.raises(DiagnosticError, match="did you mean `patient`"):
        bind_settings(compilation, "Net", {"protocol": "pateint"})
    with pytest.raises(DiagnosticError, match="E0418"):
        bind_training(compilation, "fit", {"network.protocol": "2"})


def test_each_choice_is_a_structure_of_its_own(compilation: Compilation) -> None:
    plans = {name: plan_of(bind(compilation, "Net", {}, protocol=name)) for name in ("default", "patient", "reader")}
    assert len({plan.structure.digest for plan in plans.values()}) == 3


def test_a_mapping_chooses_it() -> None:
    settings = {"name": "fit", "kind": "training", "network": {"Net": {"protocol": "patient"}}, "epochs": 1}
    assert "Net(protocol = patient)" in dync.pipeline_from_mapping(settings).to_dyn()


def test_metrics_know_the_direction_that_is_declared(compilation: Compilation) -> None:
    plan = compilation.trainings["fit"].plan
    assert plan.checkpoint_best == Metric("validation", "size", minimize=True)
    assert plan.checkpoint_best is not None and not plan.checkpoint_best.larger_is_better
