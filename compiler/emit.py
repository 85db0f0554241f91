"""Every stage of the compiler as text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final, Literal, assert_never, get_args

from dync.compiler.elaboration.listing import listing
from dync.compiler.model import NetworkModel
from dync.compiler.plan_json import plan_to_json
from dync.compiler.planning.planner import plan
from dync.compiler.report.model_text import model_text
from dync.compiler.topology import topology
from dync.grammar.reader import read, tokens, tree
from dync.grammar.source import Source

TextStage = Literal["tokens", "tree", "ast"]
"""Stages of a whole file."""

ModelStage = Literal["model", "topology", "plan"]
"""Stages of one network."""

TEXT_STAGES: Final[tuple[TextStage, ...]] = get_args(TextStage)
MODEL_STAGES: Final[tuple[ModelStage, ...]] = get_args(ModelStage)


def emit_text(stage: TextStage, source: Source) -> str:
    """A stage of a file; `tokens` and `tree` raise DiagnosticError where it has syntax errors."""
    match stage:
        case "tokens":
            return tokens(source)
        case "tree":
            return tree(source)
        case "ast":
            return listing(read(source)[0])
        case _:
            assert_never(stage)


def emit_model(stage: ModelStage, model: NetworkModel) -> str:
    """A stage of a network."""
    match stage:
        case "model":
            return model_text(model)
        case "topology":
            return "".join(f"{line}\n" for line in _topology(model))
        case "plan":
            return json.dumps(plan_to_json(plan(model)), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        case _:
            assert_never(stage)


def _topology(model: NetworkModel) -> Iterator[str]:
    """Layers in order, then edges with their directions and whether the receiver hears the sender's new state."""
    graph = topology(model)
    for layer, data in graph.nodes(data=True):
        start = f" start {data['start']}" if data["start"] else ""
        yield f"{data['order']}: {layer} {data['role']} ({', '.join(map(str, data['shape']))}){start}"
    for sender, receiver, data in graph.edges(data=True):
        directions = " ".join(word for word in ("forward", "backward") if data[word])
        state = "new" if data["fresh"] else "old"
        label = f"{data['label']}: " if data["label"] else ""
        learns = f", learns by {data['rule']}" if data["rule"] else ""
        state = f"state {data['delay']} back" if data["delay"] else f"{state} state"
        into = f".{data['into']}" if data["into"] else ""
        yield f"{label}{sender} -> {receiver}{into}: {data['kind']}, {directions}, hears the {state}{learns}"
