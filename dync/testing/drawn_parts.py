"""Drawing networks within networks: those that stand in the place of a layer, and those that an edge is."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from hypothesis import strategies as st

from dync.testing.draft import Draft, DrawnLayer, Part, Port, Row, Shape
from dync.testing.wanted import Wanted

DEEPEST: Final = 2
"""How many networks may be around another one."""

MOST: Final = 2
"""How many a file may declare: each that runs to completion takes as long to compile as a network by itself."""

PORTS: Final[dict[str, Port]] = {"input": "input", "output": "output"}


def has_part(draft: Draft, ends: tuple[Shape, Shape] | None = None) -> bool:
    """Whether a network can stand here; `ends` are the shapes that its input and its output have to have."""
    allowed = "network" in draft.wanted.kinds and draft.depth < DEEPEST
    return allowed and (len(draft.parts) < MOST or bool(_fitting(draft, ends, completes=True)))


def draw_instance(draft: Draft, name: str) -> tuple[str, list[DrawnLayer]]:
    """A network in the place of a layer, or an array of them: the statement, and all the layers in it."""
    completes = draft.chance()
    part = _part(draft, None, completes=completes)
    inside = part.layers
    if completes:
        (asked,), (answer,) = part.ends("input"), part.ends("output")
        inside = asked, replace(answer, activation="identity", fields=())
    count = draft.draw(st.sampled_from([None, None, 2]))
    names = [name] if count is None else [f"{name}[{n}]" for n in range(1, count + 1)]
    layers = [_within(place, layer) for place in names for layer in inside]
    ports = [
        [layer for layer in layers if layer.port == port and layer.place == names[0]] for port in ("output", "input")
    ]
    if count is not None and [len(found) for found in ports] == [1, 1]:
        draft.rows.append(Row(name, count, ports[0][0], ports[1][0]))
    members = "" if count is None else f"[1..{count}]"
    return f"layer {name}{members} network {_called(draft, part)}{' to completion' if completes else ''}", layers


def part_between(draft: Draft, sender: DrawnLayer, receiver: DrawnLayer) -> str:
    """A network as an edge between these layers is it, with its parameters."""
    return f"network {_called(draft, _part(draft, (sender.shape, receiver.shape), completes=True))}"


def _fitting(draft: Draft, ends: tuple[Shape, Shape] | None, *, completes: bool) -> list[Part]:
    """The networks that are there already and can stand here."""
    known = [part for part in draft.parts if part.completes or not completes]
    known = [part for part in known if draft.wanted.stochastic or not part.stochastic]
    return [part for part in known if ends is None or part.shapes == ends]


def _part(draft: Draft, ends: tuple[Shape, Shape] | None, *, completes: bool) -> Part:
    """A network that is there already, or a new one."""
    fitting = _fitting(draft, ends, completes=completes)
    if fitting and (len(draft.parts) >= MOST or draft.chance()):
        return draft.draw(st.sampled_from(fitting))
    inner = _draft_within(draft, ends, completes=completes)
    draft.fill(inner)
    stochastic = inner.wanted.stochastic
    part = Part(inner.name, tuple(inner.layers), completes or _can_complete(inner), stochastic, inner.named)
    draft.declarations.append(inner.body)
    draft.parts.append(part)
    return part


def _can_complete(inner: Draft) -> bool:
    ends = [inner.names(role) for role in PORTS]
    return [len(found) for found in ends] == [1, 1] and bool(inner.infer) and not inner.wanted.stochastic


def _draft_within(draft: Draft, ends: tuple[Shape, Shape] | None, *, completes: bool) -> Draft:
    """A network to be drawn within this one. Its `train` is that of all, whose moments its rules read."""
    few = (1, 1) if completes else (1, 2)
    wanted = draft.wanted
    stochastic = wanted.stochastic and not completes
    hidden = (1, 1) if set(wanted.schedules) == {"grouped"} else (0, 1)
    wanted = Wanted(few, hidden, few, wanted.units, wanted.schedules, wanted.kinds, wanted.learning, stochastic)
    return Draft(
        draft.draw,
        wanted,
        draft.fill,
        name=f"{('Part', 'Core')[draft.depth]}{len(draft.parts)}",
        declarations=draft.declarations,
        own_rules=draft.own_rules,
        own_activations=draft.own_activations if stochastic == draft.wanted.stochastic else [],
        fields=draft.fields,
        modulated=draft.modulated,
        momentary=draft.momentary,
        parts=draft.parts,
        around=draft,
        completes=completes,
        usual=draft.usual if ends is None else ends[0],
        ends=ends,
        train=draft.train,
    )


def _called(draft: Draft, part: Part) -> str:
    """The network with its parameters."""
    arguments = [f"gain = {draft.one_of(['gain', str(draft.number(0.5, 1.2))])}"] if draft.chance() else []
    arguments += [f"protocol = {part.protocol}"] if part.protocol is not None and draft.chance() else []
    return f"{part.name}({', '.join(arguments)})" if arguments else part.name


def _within(place: str, layer: DrawnLayer) -> DrawnLayer:
    """A layer of a network as one of the network around it."""
    role = "constant" if layer.role == "constant" else "layer"
    port = PORTS.get(layer.role, "inside")
    return replace(layer, name=f"{place}.{layer.name}", role=role, port=port, started=False)
