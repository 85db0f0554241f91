"""The picture of a network in the language of Graphviz."""

from __future__ import annotations

from dync.compiler.picture.scene import Link, Node, Scene, boxes
from dync.compiler.picture.style import HUES

_FILL = {"input": "#e6f6f4", "output": "#f3ecfe", "layer": "#f5f7fa", "constant": "#fdf4e3"}
_FIXED = "#98a1b0"


def dot(scene: Scene) -> str:
    """A directed graph for `dot`, from left to right; feedback does not push layers apart."""
    lines = [
        f"digraph {_quoted(scene.network)} {{",
        f"  graph [rankdir=LR, label={_quoted(scene.summary)}, fontname=Helvetica]",
        '  node [shape=box, style="rounded,filled", fontname=Helvetica]',
        "  edge [fontname=Helvetica, fontsize=10]",
        *(line for name, numbers in boxes(scene).items() for line in _box(scene, name, numbers)),
        *(_edge(scene, link) for link in scene.links),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _box(scene: Scene, name: str, numbers: list[int]) -> list[str]:
    """The nodes of a network, with a frame around those of one that stands in the place of a layer."""
    nodes = [_node(number, scene.nodes[number]) for number in numbers]
    if not name:
        return nodes
    opening = f"  subgraph {_quoted(f'cluster_{name}')} {{ label={_quoted(name)}; color={_quoted(_FIXED)}"
    return [opening, *(f"  {line}" for line in nodes), "  }"]


def _node(number: int, node: Node) -> str:
    more = ", peripheries=2" if node.count > 1 else ""
    words = _quoted(node.name, node.caption)
    return f"  n{number} [label={words}, fillcolor={_quoted(_FILL[node.role])}, tooltip={_quoted(node.details)}{more}]"


def _edge(scene: Scene, link: Link) -> str:
    colour = _FIXED if link.rule is None else HUES[scene.rules.index(link.rule) % len(HUES)][0]
    words = [word for word in (link.label, link.kind, link.rule) if word]
    style = {"feedback": ", constraint=false", "start": ", style=dotted"}.get(link.direction, "")
    look = f"color={_quoted(colour)}, fontcolor={_quoted(colour)}, tooltip={_quoted(link.details)}{style}"
    return f"  n{link.sender} -> n{link.receiver} [label={_quoted(*words)}, {look}]"


def _quoted(*lines: str) -> str:
    r"""A string of Graphviz, lines parted by `\n`."""
    safe = ("".join(c if c.isprintable() else "\ufffd" for c in line) for line in lines)
    return '"' + r"\n".join(line.replace("\\", "\\\\").replace('"', '\\"') for line in safe) + '"'
