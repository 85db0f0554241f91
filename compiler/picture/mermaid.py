"""The picture of a network in the language of Mermaid, which many sites draw inside Markdown."""

from __future__ import annotations

from dync.compiler.picture.scene import Link, Node, Scene, boxes
from dync.compiler.picture.style import HUES

_SHAPES = {"input": ("([", "])"), "output": ("([", "])"), "layer": ("[", "]"), "constant": ("{{", "}}")}


def mermaid(scene: Scene) -> str:
    """A flow chart from left to right."""
    lines = ["flowchart LR"]
    for box, (name, numbers) in enumerate(boxes(scene).items()):
        nodes = [_node(number, scene.nodes[number]) for number in numbers]
        lines += [f'  subgraph b{box}["{_text(name)}"]', *nodes, "  end"] if name else nodes
    lines += [_edge(link) for link in scene.links]
    lines += [
        f"  linkStyle {number} stroke:{HUES[scene.rules.index(link.rule) % len(HUES)][0]}"
        for number, link in enumerate(scene.links)
        if link.rule is not None
    ]
    return "\n".join(lines) + "\n"


def _node(number: int, node: Node) -> str:
    left, right = _SHAPES[node.role]
    return f'  n{number}{left}"{_text(node.name)}<br/>{_text(node.caption)}"{right}'


def _edge(link: Link) -> str:
    arrow = "-.->" if link.direction in ("feedback", "start") else "-->"
    words = "<br/>".join(_text(word) for word in (link.label, link.kind, link.rule) if word)
    return f'  n{link.sender} {arrow}|"{words}"| n{link.receiver}'


def _text(words: str) -> str:
    """Text with every character that could mean something to Mermaid or HTML written as its code."""
    return "".join(
        c if c.isalnum() or c in " ._·×-," else f"#{ord(c)};" if c.isprintable() else "#65533;" for c in words
    )
