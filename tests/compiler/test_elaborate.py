"""From the syntax of a network to its model."""

import pytest

from dync.compiler.driver import bind, check, compile_source
from dync.compiler.expression import Apply, Parameter, Symbol
from dync.compiler.model import NetworkModel
from dync.compiler.pipeline_plan import TrainingPlan
from dync.grammar.diagnostic import DiagnosticError
from dync.grammar.source import Source

HEAD = "input x (4) layer h[1..3] (4) tanh output y (4) edge x -> h[1] dense edge h[3] -> y dense "
CHAIN = "for i in 1..2 { edge h[i] -> h[i + 1] dense } "


def text(items: str) -> Source:
    return Source("network.dyn", f"network N {{ {items} }}")


def model(items: str, **arguments: float) -> NetworkModel:
    return bind(compile_source(text(items)), "N", arguments)


def codes(items: str) -> list[str]:
    return [diagnostic.code for diagnostic in check(text(items)) if diagnostic.severity == "error"]


def arcs(network: NetworkModel) -> list[tuple[str, str]]:
    return [(edge.sender, edge.receiver) for edge in network.edges]


def test_layers_stand_in_the_order_of_declaration() -> None:
    network = model(HEAD + CHAIN)
    assert [layer.name for layer in network.layers] == ["x", "h[1]", "h[2]", "h[3]", "y"]
    assert [layer.array for layer in network.layers] == [None, "h", "h", "h", None]
    assert [layer.role for layer in network.layers] == ["input", "layer", "layer", "layer", "output"]


def test_an_output_is_identity_unless_it_says_otherwise() -> None:
    network = model("input x (4) output y (2) output z (2) sign edge x -> y dense edge x -> z dense")
    names = [layer.activation.definition.name for layer in network.layers if layer.activation]
    assert names == ["identity", "sign"]


def test_for_unrolls_with_nested_variables() -> None:
    loops = "for i in 1..2 { for j in i + 1..3 { edge h[i] -> h[j] dense(strength = 10 * i + j) } }"
    network = model(HEAD + loops)
    assert arcs(network)[2:] == [("h[1]", "h[2]"), ("h[1]", "h[3]"), ("h[2]", "h[3]")]
    assert [edge.strength for edge in network.edges[2:]] == [12, 13, 23]


def test_an_empty_for_repeats_nothing() -> None:
    assert len(model(HEAD + CHAIN + "for i in 1..0 { edge h[i] -> h[i] dense }").edges) == 4


def test_parameters_bind_in_order_and_arguments_replace_defaults() -> None:
    items = "param a = 2 param b = 2 * a input x (b) output y (a) edge x -> y dense"
    assert model(items).parameters == {"a": 2, "b": 4}
    assert model(items, a=3.0).layers[0].shape == (6,)
    assert model(items, b=5).layers[0].shape == (5,)


def test_arguments_are_checked() -> None:
    items = "param a = 2 in 1..4 param c = 8 in { 8, 16 } input x (a) output y (c) edge x -> y dense"
    for arguments, code in ({"a": 5}, "E0601"), ({"c": 9}, "E0601"), ({"a": 1.5}, "E0605"), ({"b": 1}, "E0602"):
        with pytest.raises(DiagnosticError) as raised:
            model(items, **arguments)
        assert [d.code for d in raised.value.diagnostics] == [code]


def test_kinds_take_arguments_by_place_and_by_name() -> None:
    edges = "edge h[2] -> h[2] dense(2, diagonal = 0.5, density = 0.25) edge h[3] -> h[2] one_to_one(-0.5)"
    *_, dense, one = model(HEAD + CHAIN + edges).edges
    assert (dense.kind, dense.strength, dense.density, dense.diagonal) == ("dense", 2, 0.25, 0.5)
    assert (one.kind, one.strength, one.diagonal) == ("one_to_one", -0.5, None)
    assert model(HEAD + CHAIN + "edge h[1] -> h[1] dense(diagonal = none)").edges[-1].diagonal is None


def test_learning_takes_rate_and_decay() -> None:
    edge = model("input x (4) output y (2) edge x -> y dense learn perceptron(2) rate 0.5 decay 1e-3").edges[0]
    assert edge.rule is not None
    assert edge.rule.arguments == {"margin": 2}
    assert (edge.rate, edge.decay) == (0.5, 1e-3)


def test_sends_reads_parameters_and_variables() -> None:
    items = "param gain = 3 " + HEAD + "for i in 1..2 { edge h[i] -> h[i + 1] dense sends gain * state + i }"
    first, second = model(items).edges[-2:]
    assert first.sends == second.sends
    assert isinstance(first.sends, Apply)
    assert first.sends_arguments == {"gain": 3, "i": 1}
    assert second.sends_arguments == {"gain": 3, "i": 2}
    assert model(HEAD + CHAIN).edges[0].sends == Symbol("state")
    assert Parameter("gain") in first.sends.operands[0].operands  # type: ignore[union-attr]


def test_groups_accumulate_in_a_for_and_an_array_means_all() -> None:
    groups = "group odd { h[1] } for i in 2..3 { group odd { h[i], h[1] } } group all { h, y }"
    network = model(HEAD + CHAIN + groups)
    assert [(g.name, g.layers) for g in network.groups] == [
        ("odd", ("h[1]", "h[2]", "h[3]")),
        ("all", ("h[1]", "h[2]", "h[3]", "y")),
    ]


def test_a_group_stands_for_its_layers_in_lists() -> None:
    layers = "input x (2) layer h[1..3] (2) tanh output y (2) group early { h[1], h[2] }"
    edges = "edge x -> h[1] dense for i in 1..2 { edge h[i] -> h[i+1] dense } edge h[3] -> y dense learn delta"
    phases = "phase a { steps 2 clamp early, x } phase b { steps 1 messages all except early } train a, b infer b"
    named = f"{layers} {edges} {phases}"
    clamp, silence = (model(f"{layers} {edges} {phases.replace('early', 'h[1], h[2]')}").phases[p] for p in (0, 1))
    assert [phase.clamped for phase in model(named).phases] == [clamp.clamped, silence.clamped]
    assert [phase.silent for phase in model(named).phases] == [clamp.silent, silence.silent] == [(), ("h[1]", "h[2]")]
    loose = text(named.replace("early, x", "x").replace(" except early", ""))
    assert [d.code for d in (*check(text(named)), *check(loose))] == ["W0202"]
    fit = "pipeline fit training { network N data prototypes(classes = 2, units = 2, samples = 4, flip = 0.1)"
    fit += " epochs 1 batch 2 optimizer sgd(learning_rate = 0.1) record early every 5 }"
    compilation = compile_source(Source("n.dyn", loose.text + fit))
    assert compilation.diagnostics == ()
    found = compilation.pipelines["fit"].plan
    assert isinstance(found, TrainingPlan) and found.record is not None
    assert found.record.layers == ("h[1]", "h[2]")


def test_phases_and_protocols() -> None:
    items = (
        "phase a { steps 3 } phase b { until settled max 50 messages forward except y, h clamp x }"
        "phase c { until settled within 0.5 max 9 messages backward clamp x, h[2] } train a, b, a infer c"
    )
    network = model(HEAD + CHAIN + items)
    a, b, c = network.phases
    assert (a.steps, a.within, a.messages, a.silent, a.clamped) == (3, None, "all", (), ("x", "y"))
    assert (b.steps, b.within, b.messages) == (50, 1e-6, "forward")
    assert (b.silent, b.clamped) == (("y", "h[1]", "h[2]", "h[3]"), ("x",))
    assert (c.steps, c.within, c.messages, c.clamped) == (9, 0.5, "backward", ("x", "h[2]"))
    assert (network.train, network.infer) == (("a", "b", "a"), ("c",))


def test_constants_never_need_a_clamp() -> None:
    items = "constant one (1) = 0.5 edge one -> h[1] dense phase a { steps 1 clamp x, one } infer a"
    network = model(HEAD + CHAIN + items)
    assert network.layers[-1].value == 0.5
    assert network.phases[0].clamped == ("x",)


def test_start_may_name_an_input_that_is_declared_later() -> None:
    network = model("layer m[1..2] (4) sign start x input x (2, 2) output y (1) for i in 1..2 { edge m[i] -> y dense }")
    assert [layer.start for layer in network.layers] == ["x", "x", None, None]


def test_schedules() -> None:
    assert model(HEAD + CHAIN).schedule.kind == "sequential"
    grouped = model(HEAD + CHAIN + "group a { h[1], h[3] } group b { h[2] } schedule grouped(b, a)").schedule
    assert (grouped.kind, grouped.groups) == ("grouped", ("b", "a"))


def test_rule_messages_are_forward_unless_the_network_says_otherwise() -> None:
    assert model(HEAD + CHAIN).rule_messages == "forward"
    assert model(HEAD + CHAIN + "rule_messages all").rule_messages == "all"


def test_one_wrong_name_makes_no_other_mistakes() -> None:
    wrong = "input x (4) layer h (4) tanh layer g (4) tanh output y (4) edge x -> h dense "
    assert codes(wrong + "edge h -> gg dense edge g -> y dense") == ["E0201"]
    assert codes(wrong + "edge h -> g dense edge gg -> y dense") == ["E0201"]
    assert codes(wrong + "edge h -> g[1] dense edge g -> y dense") == ["E0210"]


def test_a_broken_layer_is_not_reported_at_each_use() -> None:
    items = "input x (4) layer h[1..nn] (4) tanh output y (4) edge x -> h[1] dense edge h[9] -> y one_to_one"
    assert codes(items) == ["E0202"]
    items = "input x (4) layer h (4.5) tanh output y (4) edge x -> h one_to_one edge h -> y one_to_one"
    assert codes(items) == ["E0605"]


def test_a_for_says_a_mistake_once() -> None:
    assert codes(HEAD + CHAIN + "for i in 1..3 { edge h[i] -> zz dense(density = 2) }") == ["E0201", "E0610"]


@pytest.mark.parametrize(
    "items",
    [
        "layer h[1..10 ** 12] (1) tanh",
        "layer h (10 ** 12) tanh",
        "layer h (100000, 100000) tanh",
        "for i in 1..10 ** 15 { group g { x } }",
        "for i in 1..10 ** 4 { for j in 1..10 ** 4 { for k in 1..10 ** 4 { group g { x } } } }",
        "layer h[1..50000] (1) tanh for i in 1..40000 { group g { h } }",
    ],
)
def test_sizes_are_refused_before_they_are_built(items: str) -> None:
    assert "E0305" in codes("input x (1) output y (1) edge x -> y dense " + items)
