"""The topology of a network as GraphML, for other programs: every layer and every edge, nothing folded."""

from __future__ import annotations

from dync.compiler.picture.markup import element, escaped
from dync.compiler.plan import FamilyPlan, Plan, Structure
from dync.compiler.report.learning_words import learning_words

_NODE_KEYS = {
    "name": "string",
    "role": "string",
    "shape": "string",
    "units": "int",
    "order": "int",
    "activation": "string",
}
_EDGE_KEYS = {
    "kind": "string", "into": "string", "delay": "int", "label": "string", "rule": "string", "forward": "boolean",
    "backward": "boolean", "fresh": "boolean", "strength": "double", "density": "double", "diagonal": "double",
}  # fmt: skip

_Attributes = dict[str, str | int | float | bool | None]


def graphml(plan: Plan) -> str:
    """A directed graph. Layers are `n0`, `n1`, … in their order; attributes that something lacks are left out."""
    structure = plan.structure
    parts = [
        *(_key("node", name, kind) for name, kind in _NODE_KEYS.items()),
        *(_key("edge", name, kind) for name, kind in _EDGE_KEYS.items()),
        f'<graph id="{escaped(structure.network)}" edgedefault="directed">',
        *(_node(structure, number) for number in range(len(structure.layers))),
        *(line for number, family in enumerate(structure.families) for line in _edges(plan, number, family)),
        "</graph>",
    ]
    inside = "\n" + "\n".join(parts) + "\n"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        + element("graphml", inside, xmlns="http://graphml.graphdrawing.org/xmlns")
        + "\n"
    )


def _key(domain: str, name: str, kind: str) -> str:
    return f'<key id="{domain}-{name}" for="{domain}" attr.name="{name}" attr.type="{kind}"/>'


def _node(structure: Structure, number: int) -> str:
    layer = structure.layers[number]
    activation = structure.blocks[layer.block].activation
    attributes: _Attributes = {
        "name": layer.name,
        "role": layer.role,
        "shape": "x".join(map(str, layer.shape)),
        "units": layer.units,
        "order": number,
        "activation": activation.name if activation else None,
    }
    return f'<node id="n{number}">{_data("node", attributes)}</node>'


def _edges(plan: Plan, number: int, family: FamilyPlan) -> list[str]:
    rule = learning_words(plan.structure, family)
    numbers = {name: plan.numbers.get(f"family.{number}.{name}") for name in ("strength", "density", "diagonal")}
    lines = []
    for place, edge in enumerate(family.edges):
        attributes: _Attributes = {
            "kind": family.kind,
            "into": family.into or None,
            "delay": family.delay or None,
            "label": edge.label,
            "rule": rule,
            "forward": family.forward,
            "backward": family.backward,
            "fresh": family.fresh,
        }
        attributes |= {name: None if values is None else values[place] for name, values in numbers.items()}
        lines.append(f'<edge source="n{edge.sender}" target="n{edge.receiver}">{_data("edge", attributes)}</edge>')
    return lines


def _data(domain: str, attributes: _Attributes) -> str:
    return "".join(
        f'<data key="{domain}-{name}">{_text(value)}</data>' for name, value in attributes.items() if value is not None
    )


def _text(value: str | int | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else escaped(str(value))
