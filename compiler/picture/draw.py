"""What `dync graph` writes: one network in one of five forms."""

from __future__ import annotations

from typing import Final, Literal, assert_never, get_args

from dync.compiler.model import NetworkModel
from dync.compiler.picture.dot import dot
from dync.compiler.picture.graphml import graphml
from dync.compiler.picture.mermaid import mermaid
from dync.compiler.picture.page import page
from dync.compiler.picture.scene import scene
from dync.compiler.picture.svg import svg
from dync.compiler.plan import Plan
from dync.compiler.planning.planner import plan

Format = Literal["svg", "html", "dot", "mmd", "graphml"]

FORMATS: Final[tuple[Format, ...]] = get_args(Format)
"""The forms, which are also what their files end in."""


def draw(network: NetworkModel | Plan, form: Format) -> str:
    """The text of a picture of a network. Equal plans give equal texts.

    `svg` and `html` need nothing from elsewhere; in these, `dot` and `mmd` the middle of long arrays is folded, while
    `graphml` has every layer and every edge.
    """
    planned = network if isinstance(network, Plan) else plan(network)
    match form:
        case "svg":
            return svg(scene(planned))
        case "html":
            return page(scene(planned), planned)
        case "dot":
            return dot(scene(planned))
        case "mmd":
            return mermaid(scene(planned))
        case "graphml":
            return graphml(planned)
        case _:
            assert_never(form)
