"""Networks within networks, as far as no weight is drawn: names, pictures, layout, and plans that are damaged."""

from functools import partial

import pytest
from msgspec.structs import replace

import dync
from dync.compiler.driver import bind_pipeline, bind_settings, compile_source
from dync.compiler.picture.draw import draw
from dync.compiler.plan import Plan
from dync.compiler.plan_error import PlanError
from dync.compiler.planning.verify_plan import verify_plan
from dync.compiler.report.folding import fold_names
from dync.grammar.diagnostic import DiagnosticError
from dync.grammar.printer import format_source
from dync.grammar.source import Source

TEXT = """network Part {
  input a (3)
  layer h (3) tanh
  output c (3)
  edge a -> h dense
  edge h -> c dense
  phase go { steps 2 }
  infer go
}

network Outer {
  input x (3)
  layer m[1..2] network Part
  layer w network Part to completion
  output y (3)
  edge x -> m[1].a dense
  edge m[1] -> m[2] dense
  edge m[2].c -> w network Part
  edge w -> y dense
  group inside { m[1].h, w }
  schedule sequential
}
"""


def plan() -> Plan:
    return dync.compile_text(TEXT, name="nested.dyn").network("Outer").plan


def test_the_layout_is_canonical() -> None:
    assert format_source(Source("nested.dyn", TEXT)) == TEXT
    spread = TEXT.replace("m[1].a", "m [ 1 ] . a").replace("network Part to", "network   Part\n  to")
    assert format_source(Source("nested.dyn", spread)) == TEXT


def test_names_are_those_of_the_layer_and_of_what_is_in_it() -> None:
    structure = plan().structure
    names = [layer.name for layer in structure.layers]
    assert names == ["x", "m[1].a", "m[1].h", "m[1].c", "m[2].a", "m[2].h", "m[2].c", "w.a", "w.c", "y"]
    assert [[names[n] for n in group.layers] for group in structure.groups] == [["m[1].h", "w.a", "w.c"]]
    assert fold_names(["m[1].h", "m[2].h", "m[3].h", "m[3].c"]) == ("m[1..3].h", "m[3].c")


def test_a_network_within_another_is_not_meant_where_none_is_named() -> None:
    assert dync.compile_text(TEXT, name="nested.dyn").network().name == "Outer"


def test_pictures_draw_a_frame_around_each_network() -> None:
    found = plan()
    assert draw(found, "dot").count("subgraph ") == 3
    assert 'subgraph b1["m#91;1#93;"]' in draw(found, "mmd")
    assert "network Part" in draw(found, "svg")


def damaged(**changes: object) -> Plan:
    found = plan()
    families = list(found.structure.families)
    place = next(n for n, family in enumerate(families) if family.kind == "network")
    inner = families[place].inner
    assert inner is not None
    families[place] = replace(families[place], inner=replace(inner, **changes))
    return Plan(replace(found.structure, families=tuple(families)), found.numbers)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"infer": None}, "has no protocol of inference"),
        ({"infer": (7,)}, "a phase of infer is 7"),
        ({"waves": ()}, "the waves have to hold all layers"),
        ({"network": ""}, "a network has no name"),
    ],
)
def test_a_damaged_network_within_a_plan_is_refused(changes: dict[str, object], said: str) -> None:
    verify_plan(plan())
    with pytest.raises(PlanError, match=said):
        verify_plan(damaged(**changes))


def test_a_network_without_its_numbers_is_refused() -> None:
    found = plan()
    key = next(key for key in found.numbers if ".network." in key)
    with pytest.raises(PlanError, match=f"the number '{key}' is missing"):
        verify_plan(Plan(found.structure, {k: v for k, v in found.numbers.items() if k != key}))


SET = """network Part {{ param k = 3 in 1..4  input a (3)  output c (3)  edge a -> c dense(k) }}
network Outer {{
  param size = 3 in 1..4
  input x (3)
  layer m network Part({given})
  output y (3)
  edge x -> m dense
  edge m -> y dense learn delta
  phase go {{ steps 1 }}
  train go
}}
pipeline fit training {{ network Outer  data iris  epochs 1  optimizer sgd(0.1) }}
pipeline tune sweep {{ base fit  search network.size in {{ 2, 3 }} }}
"""


@pytest.mark.parametrize("key", ["network.m.k", "m[2].k", "network.Part.k", "k"])
def test_a_setting_of_a_network_within_says_which_parameter_is_handed_on(key: str) -> None:
    for given, fix in (("k = size", "network.size"), ("size", "network.size"), ("k = 2 * size", None), ("k = 2", None)):
        compilation = compile_source(Source("nested.dyn", SET.format(given=given)))
        for bound in (
            partial(bind_settings, compilation, "Outer"),
            partial(bind_pipeline, compilation, "fit"),
            partial(bind_pipeline, compilation, "tune"),
        ):
            with pytest.raises(DiagnosticError) as refused:
                bound({key: "2"})
            (mistake,) = refused.value.diagnostics
            assert mistake.code == "E0844"
            assert (mistake.fix and mistake.fix.replacement) == fix
