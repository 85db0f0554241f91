"""What a picture of a network shows: its layers and edges, the middle of long arrays folded into one place."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from dync.compiler.plan import Plan, Role, Structure
from dync.compiler.report.folding import fold_names, split_name
from dync.compiler.report.report_data import FamilyReport, Report, report_data
from dync.compiler.report.text_table import about, counted

LONGEST_ARRAY = 6
"""Arrays of more layers are folded: their first two layers, the rest but one, the last."""

_WITHIN = re.compile(r"(.*)\.[^\W\d]")
"""The name of a layer in a network within this one, and that network's: no point of `h[3..11]` is one between names."""

Direction = Literal["forward", "feedback", "self", "start"]


class Node(Struct, frozen=True):
    """A layer, or `count` layers of an array. `name` and `caption` are what stands in it, `details` what hovers."""

    name: str
    caption: str
    role: Role
    count: int
    details: str


class Link(Struct, frozen=True):
    """An edge between nodes by their numbers, or `count` edges that the folding makes one.

    `rule` is None where nothing learns. A `start` is no edge: the receiver starts from the sender's value.
    """

    sender: int
    receiver: int
    direction: Direction
    kind: str
    rule: str | None
    label: str | None
    count: int
    details: str


class Scene(Struct, frozen=True):
    """Nodes in the order of the layers, and the links between them. `rules` are those that some edge learns by."""

    network: str
    summary: str
    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    rules: tuple[str, ...]


def boxes(scene: Scene) -> dict[str, list[int]]:
    """The nodes within each network in the place of a layer, by its name; under `""` those of the network itself."""
    found: dict[str, list[int]] = {"": []}
    for number, node in enumerate(scene.nodes):
        within = _WITHIN.match(node.name.partition(", ")[0])
        found.setdefault(within[1] if within else "", []).append(number)
    return found


def scene(plan: Plan) -> Scene:
    """What to draw of a plan."""
    structure, data = plan.structure, report_data(plan)
    places = _places(structure)
    nodes = _nodes(structure, places)
    links = _links(structure, data, places, nodes)
    return Scene(
        network=structure.network,
        summary=_summary(data),
        nodes=nodes,
        links=links,
        rules=tuple(dict.fromkeys(link.rule for link in links if link.rule is not None)),
    )


def _places(structure: Structure) -> list[int]:
    """The node of each layer."""
    arrays: dict[str, list[int]] = {}
    for number, layer in enumerate(structure.layers):
        base, index = split_name(layer.name)
        if index is not None:
            arrays.setdefault(base, []).append(number)
    folded: dict[int, int] = {}
    for members in arrays.values():
        if len(members) > LONGEST_ARRAY:
            folded |= dict.fromkeys(members[2:-1], members[2])
    drawn: dict[int, int] = {}
    return [drawn.setdefault(folded.get(number, number), len(drawn)) for number in range(len(structure.layers))]


def _nodes(structure: Structure, places: list[int]) -> tuple[Node, ...]:
    members: dict[int, list[int]] = {}
    for number, place in enumerate(places):
        members.setdefault(place, []).append(number)
    return tuple(_node(structure, numbers) for numbers in members.values())


def _node(structure: Structure, numbers: list[int]) -> Node:
    first = structure.layers[numbers[0]]
    activation = structure.blocks[first.block].activation
    shape = "×".join(map(str, first.shape))
    name = ", ".join(fold_names(structure.layers[number].name for number in numbers))
    act = None if activation is None else activation.name
    role = None if first.role == "layer" else first.role
    plain = first.role == "output" and act == "identity"
    caption = " · ".join(word for word in (role, shape, None if plain else act) if word)
    details = f"{first.role} {name} ({shape})" + (f" {act}" if act else "")
    return Node(name, caption if len(numbers) == 1 else f"{len(numbers)} more", first.role, len(numbers), details)


def _links(structure: Structure, data: Report, places: list[int], nodes: tuple[Node, ...]) -> tuple[Link, ...]:
    gathered: dict[Link, list[str]] = {}
    for family, told in zip(structure.families, data.families, strict=True):
        for edge in family.edges:
            sender, receiver = places[edge.sender], places[edge.receiver]
            if sender != receiver or nodes[sender].count == 1:
                label = edge.label or ""
                link = _link(sender, receiver, nodes, told, split_name(label).base or None)
                gathered.setdefault(link, []).append(label)
    for number, layer in enumerate(structure.layers):
        if layer.start is not None:
            sender, receiver = places[layer.start], places[number]
            details = f"{nodes[receiver].name} starts from {nodes[sender].name}"
            gathered.setdefault(Link(sender, receiver, "start", "start", None, None, 1, details), []).append("")
    return tuple(_together(link, labels) for link, labels in gathered.items())


def _link(sender: int, receiver: int, nodes: tuple[Node, ...], told: FamilyReport, label: str | None) -> Link:
    direction: Direction = "self" if sender == receiver else "forward" if sender < receiver else "feedback"
    learning = f"learns by {told.rule}" if told.rule else "fixed"
    parts = [told.kind, _range("density", told.density), _range("diagonal", told.diagonal), learning]
    details = f"{nodes[sender].name} -> {nodes[receiver].name}: {', '.join(part for part in parts if part)}"
    return Link(sender, receiver, direction, told.kind, told.rule, label, 1, details)


def _together(link: Link, labels: list[str]) -> Link:
    """One link for edges that are drawn in one place, whose labels differ in their index alone."""
    label, count = ", ".join(fold_names(labels)) or None, len(labels)
    details = link.details if count == 1 else f"{link.details} ({count:,} edges)"
    return replace(link, label=label, count=count, details=details)


def _range(name: str, values: tuple[float, float] | None) -> str:
    if values is None:
        return ""
    low, high = values
    return f"{name} {low:g}" if low == high else f"{name} {low:g} to {high:g}"


def _summary(data: Report) -> str:
    exact = all(family.density is None for family in data.families)
    return " · ".join(
        (
            counted(sum(row.count for row in data.layers), "layer"),
            counted(sum(family.edges for family in data.families), "edge"),
            f"{about(data.weights.present, exact)} weights",
            data.schedule,
        )
    )
