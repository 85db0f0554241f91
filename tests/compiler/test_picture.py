from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import networkx as nx
import pytest
from msgspec.structs import replace

from dync.compiler.picture.curves import curve
from dync.compiler.picture.draw import FORMATS, draw
from dync.compiler.picture.layout import HEIGHT, MOST_LANES, layout
from dync.compiler.picture.scene import boxes, scene
from dync.compiler.planning.planner import plan

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def networks(digits_model: Any, network: Any) -> Any:
    memory = network("Memory", "synchronous").layer("m", 100).edge("m -> m", learn="hebbian", diagonal=0.0)
    many = (
        network("Many").input("a", 2).input("b", (2, 3)).constant("one", 1, 1.0).layer("h", 4).layer("g", 4, start="a")
    )
    many.edge("a -> h").edge("b -> g").edge("one -> g").edge("h -> g", label="p").edge("g -> h", learn="hebbian")
    many.edge("a -> g").output("y", 3).output("z", 3, "sign").edge("g -> y").edge("h -> z").edge("h -> g", label="q")
    return {
        "digits": digits_model(2),
        "digits_8": digits_model(8),
        "memory": memory.model(),
        "many": many.model(),
        "empty": network("Empty").model(),
    }


NAMES = ["digits", "digits_8", "memory", "many", "empty"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", FORMATS)
def test_pictures_are_the_same_each_time_whether_of_model_or_plan(networks: Any, name: Any, form: Any) -> None:
    assert draw(networks[name], form) == draw(plan(networks[name]), form)


def words(svg: str) -> list[str]:
    return [text.text or "" for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_the_picture_says_shape_activation_kind_and_rule(networks: Any) -> None:
    shown = words(draw(networks["digits"], "svg"))
    for word in ("Digits", "x", "h[1]", "h[2]", "y", "input · 64", "200 · sign", "output · 10", "dense", "perceptron"):
        assert word in shown
    assert "readout: dense" in shown and "one_to_one" in shown and "learns by perceptron" in shown and "fixed" in shown


def test_long_arrays_are_folded(networks: Any) -> None:
    drawn = scene(plan(networks["digits_8"]))
    assert [node.name for node in drawn.nodes] == ["x", "h[1]", "h[2]", "h[3..7]", "h[8]", "y"]
    assert [node.count for node in drawn.nodes] == [1, 1, 1, 5, 1, 1]
    assert drawn.nodes[3].caption == "5 more"
    assert list(boxes(drawn)) == [""]
    assert not [link for link in drawn.links if link.sender == link.receiver == 3]


def test_the_size_of_a_picture_does_not_grow_with_an_array(digits_model: Any) -> None:
    assert len(draw(digits_model(1000), "svg")) < len(draw(digits_model(8), "svg")) + 100


def test_edges_that_fold_into_one_are_counted(network: Any) -> None:
    net = network().array("h", 8, 2).output("y", 2)
    for i in range(1, 9):
        net.edge(f"h[{i}] -> y", label=f"out[{i}]")
    drawn = scene(plan(net.model()))
    assert [(link.sender, link.count) for link in drawn.links] == [(0, 1), (1, 1), (2, 5), (3, 1)]
    assert [link.label for link in drawn.links] == ["out[1]", "out[2]", "out[3..7]", "out[8]"]
    assert drawn.links[2].details == "h[3..7] -> y: dense, fixed (5 edges)"


def test_feedback_and_starts_are_told_apart(networks: Any) -> None:
    directions = [(link.sender, link.receiver, link.direction) for link in scene(plan(networks["many"])).links]
    assert (4, 3, "feedback") in directions
    assert (0, 4, "start") in directions


def test_columns_follow_the_forward_edges(networks: Any) -> None:
    assert [box.column for box in layout(scene(plan(networks["digits_8"]))).boxes] == [0, 1, 2, 3, 4, 5]
    assert [box.column for box in layout(scene(plan(networks["many"]))).boxes] == [0, 1, 1, 1, 2, 3, 3]


@pytest.mark.parametrize("name", NAMES)
def test_no_two_boxes_overlap_and_all_is_inside(networks: Any, name: Any) -> None:
    drawn = scene(plan(networks[name]))
    place = layout(drawn)
    boxes = place.boxes
    for n, box in enumerate(boxes):
        for other in boxes[:n]:
            assert abs(box.x - other.x) >= place.width or abs(box.y - other.y) >= HEIGHT
    x, y, width, height = map(float, ElementTree.fromstring(draw(networks[name], "svg")).attrib["viewBox"].split())
    points = [(box.x, box.y) for box in boxes]
    for link, lane in zip(drawn.links, place.lanes, strict=True):
        points += [curve(link, lane, place).at(t / 10) for t in range(11)]
    assert all(x < px < x + width and y < py < y + height for px, py in points)


def test_curves_over_the_same_columns_have_lanes_of_their_own(network: Any) -> None:
    net = network()
    for i in range(5):
        net.layer(f"l{i}", 2)
    for i in range(4):
        net.edge(f"l{i} -> l{i + 1}")
    drawn = scene(
        plan(net.edge("l0 -> l2").edge("l1 -> l3").edge("l0 -> l4").edge("l2 -> l4").edge("l4 -> l0").model())
    )
    place = layout(drawn)
    lanes = {(link.sender, link.receiver): lane for link, lane in zip(drawn.links, place.lanes, strict=True)}
    assert lanes[0, 1] == 0
    assert lanes[0, 2] == lanes[2, 4] == 1 and lanes[1, 3] == 2 and lanes[0, 4] == 3 and lanes[4, 0] == 1


@pytest.mark.parametrize("count", [40, 70])
def test_very_many_curves_share_the_outermost_lane(network: Any, count: Any) -> None:
    net = network()
    for i in range(count):
        net.layer(f"l{i}", 2)
    for i in range(count):
        for j in range(count):
            net.edge(f"l{i} -> l{j}")
    assert max(layout(scene(plan(net.model()))).lanes) == MOST_LANES


HOSTILE = '<script>alert("1")</script>\x00&--]]>'


def hostile(model: Any) -> Any:
    """A plan with markup in every name that a file could bring."""
    made = plan(model)
    structure = made.structure
    layers = tuple(replace(layer, name=f"{HOSTILE}{n}") for n, layer in enumerate(structure.layers))
    families = tuple(
        replace(family, edges=tuple(replace(edge, label=HOSTILE) for edge in family.edges))
        for family in structure.families
    )
    rules = tuple(replace(rule, name=HOSTILE) for rule in structure.rules)
    named = replace(structure, network=HOSTILE, layers=layers, families=families, rules=rules)
    return replace(made, structure=named)


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_foreign_becomes_markup(networks: Any, form: Any) -> None:
    text = draw(hostile(networks["digits"]), form)
    assert "\x00" not in text
    if form == "dot":
        assert re.sub(r'"(?:[^"\\]|\\.)*"', "", text).count("script") == 0
    else:
        assert "<script" not in text
    if form in ("svg", "graphml"):
        ElementTree.fromstring(text.encode())


@pytest.mark.parametrize("form", ["svg", "html"])
def test_pictures_need_nothing_from_elsewhere(networks: Any, form: Any) -> None:
    text = draw(networks["many"], form).replace("http://www.w3.org/2000/svg", "")
    for word in ("http:", "https:", "url(", "<script", "@import", "<link", "src="):
        assert word not in text


def test_colours_follow_the_readers_scheme(networks: Any) -> None:
    assert "prefers-color-scheme:dark" in draw(networks["digits"], "svg")


def test_graphml_has_every_layer_and_every_edge(networks: Any) -> None:
    graph = nx.parse_graphml(draw(networks["digits_8"], "graphml"))
    names = nx.get_node_attributes(graph, "name")
    assert len(graph) == 10 and graph.number_of_edges() == 25
    assert graph.nodes["n1"] == {"name": "h[1]", "role": "layer", "shape": "200", "units": 200, "order": 1,
                                 "activation": "sign"}  # fmt: skip
    found = {(names[s], names[r]): data for s, r, data in graph.edges(data=True)}
    assert found["h[1]", "h[1]"]["diagonal"] == 0.9
    assert found["h[8]", "y"]["label"] == "readout" and found["h[8]", "y"]["fresh"] is True
    assert "rule" not in found["y", "h[8]"]


def test_dot_and_mermaid_of_a_small_network(network: Any) -> None:
    net = network("Small").input("x", 2).layer("h", 3).edge("x -> h", learn="hebbian").edge("h -> h", "one_to_one")
    assert draw(net.model(), "dot").splitlines()[4:-1] == [
        r'  n0 [label="x\ninput · 2", fillcolor="#e6f6f4", tooltip="input x (2)"]',
        r'  n1 [label="h\n3 · sign", fillcolor="#f5f7fa", tooltip="layer h (3) sign"]',
        r'  n0 -> n1 [label="dense\nhebbian", color="#2563eb", fontcolor="#2563eb", '
        r'tooltip="x -> h: dense, learns by hebbian"]',
        r'  n1 -> n1 [label="one_to_one", color="#98a1b0", fontcolor="#98a1b0", '
        r'tooltip="h -> h: one_to_one, fixed"]',
    ]
    assert draw(net.model(), "mmd") == (
        "flowchart LR\n"
        '  n0(["x<br/>input · 2"])\n'
        '  n1["h<br/>3 · sign"]\n'
        '  n0 -->|"dense<br/>hebbian"| n1\n'
        '  n1 -->|"one_to_one"| n1\n'
        "  linkStyle 0 stroke:#2563eb\n"
    )


def test_the_page_has_the_picture_and_the_report(networks: Any) -> None:
    text = draw(networks["digits"], "html")
    assert draw(networks["digits"], "svg") in text
    assert "order of updates: sequential, 4 waves, 2 levels" in text
