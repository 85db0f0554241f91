"""Drawing the edges of a network: their kinds, what they send and into which field, and how they learn."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from hypothesis import strategies as st

from dync.testing.draft import Draft, DrawnLayer, fields_read
from dync.testing.drawn_kinds import DrawnKind, draw_kind, owner_of
from dync.testing.drawn_layers import UNBOUNDED
from dync.testing.local_rules import rules

SENT: Final = (
    "0.5 * state", "tanh(state)", "state**2", "where(state > 0.123, state, 0.25)", "clip(state, -0.7, 0.7)", "state",
    "0.5 * sent", "tanh(state - 2 * sent)", "sent",
)  # fmt: skip

RULES: Final = (
    "hebbian", "oja", "delta", "perceptron", "anti_hebbian", "covariance", "bcm", "instar", "outstar", "lms",
)  # fmt: skip


def draw_array_edges(draft: Draft) -> None:
    """Edges within and along arrays, by `for`."""
    for row in draft.rows:
        numbers = range(1, row.count + 1)
        for low, high, s, r in ((1, row.count, 0, 0), (1, row.count - 1, 0, 1), (1, row.count - 1, 1, 0)):
            if draft.chance():
                places = zip(row.ends, ("n + 1" if shift else "n" for shift in (s, r)), strict=True)
                shown = [row.end(end, place) for end, place in places]
                text, _, _ = _edge_text(draft, shown, *row.ends, loop=s == r and row.sender == row.receiver)
                draft.statements.append(f"for n in {low}..{high} {{ edge {text} }}")
                ends = [(row.end(row.sender, n + s), row.end(row.receiver, n + r)) for n in numbers[: high - low + 1]]
                draft.pairs.update(dict.fromkeys(ends, False))


def draw_edges(draft: Draft) -> None:
    """First one edge into each layer from something that is reached already, then any others."""
    reached = [layer for layer in draft.layers if _begins(draft, layer)]
    hidden, outputs = ([x for x in draft.layers if x.hears and x.role == role] for role in ("layer", "output"))
    waiting = {layer.name for layer in hidden}
    for receiver in [*draft.draw(st.permutations(hidden)), *outputs]:
        _draw_edge(draft, draft.draw(st.sampled_from(reached)), receiver)
        waiting -= {receiver.name}
        reached += _reached_by(draft, receiver, waiting)
    if hidden or outputs:
        senders = [layer for layer in draft.layers if layer.speaks]
        ends = st.tuples(st.sampled_from(senders), st.sampled_from([*hidden, *outputs]))
        for sender, receiver in draft.draw(st.lists(ends, max_size=6 if draft.around is None else 2)):
            _draw_edge(draft, sender, receiver)


def _begins(draft: Draft, layer: DrawnLayer) -> bool:
    """Whether something is there before any message. Within another network no layer starts from an input."""
    if layer.role == "layer":
        return layer.started and draft.around is None
    return layer.speaks and layer.role != "output"


def _reached_by(draft: Draft, receiver: DrawnLayer, waiting: Collection[str]) -> list[DrawnLayer]:
    """What can send once this layer hears: it; the outputs of the network of which it is the last input to wait."""
    if receiver.port is None:
        return [receiver] if receiver.role == "layer" else []
    inside = [layer for layer in draft.layers if layer.place == receiver.place]
    return [] if any(layer.name in waiting for layer in inside) else [x for x in inside if x.port == "output"]


def _draw_edge(draft: Draft, sender: DrawnLayer, receiver: DrawnLayer) -> None:
    """An edge, unless the two have one already that bears no label (which reaches the receiver as well)."""
    pair = (sender.name, receiver.name)
    if draft.pairs.get(pair, True):
        labelled = pair in draft.pairs or draft.chance()
        draft.pairs[pair] = labelled
        number = len(draft.statements)
        label = f"e[{number}]" if number % 2 else f"e{number}"
        text, kind, learns = _edge_text(draft, pair, sender, receiver, loop=sender == receiver)
        draft.statements.append(f"edge {label}: {text}" if labelled else f"edge {text}")
        owner = owner_of(label, kind, sender, receiver, learns) if labelled else None
        draft.owners.extend([owner] if owner is not None else [])
        if labelled and draft.draw(st.integers(0, 3)) == 3:
            _draw_edge(draft, sender, receiver)


def _edge_text(
    draft: Draft, ends: Sequence[str], sender: DrawnLayer, receiver: DrawnLayer, *, loop: bool
) -> tuple[str, DrawnKind, bool]:
    """The edge as it is written, its kind, and whether it learns."""
    gain = "gain * " if draft.chance() else ""
    strength = f"{gain}{draft.number(0.1, 0.4 if receiver.activation in UNBOUNDED else 1.2)}"
    sends = f" sends {draft.one_of(SENT)}" if draft.draw(st.integers(0, 3)) == 3 else ""
    into = draft.one_of(["", *(f".{name}" for name in receiver.fields)])
    kind = draw_kind(draft, sender, receiver, strength, loop=loop)
    learn = _learn_text(draft, receiver, decays=kind.owner is None) if kind.learns else ""
    delay = f" delay {draft.draw(st.integers(1, 4))}" if draft.draw(st.integers(0, 3)) == 3 else ""
    return f"{ends[0]} -> {ends[1]}{into} {kind.text}{delay}{sends}{learn}", kind, bool(learn)


def _learn_text(draft: Draft, receiver: DrawnLayer, *, decays: bool) -> str:
    if not draft.wanted.learning or not draft.chance():
        return ""
    new = f"local{len(draft.declarations)}"
    phase = draft.one_of(draft.train) if draft.train and draft.draw(st.integers(0, 2)) == 2 else None
    contrastive = ["contrastive"] * 8 if {"clamped", "free"} <= set(draft.train) and phase is None else []
    fitting = [name for name in draft.own_rules if _fits(draft, name, receiver, phase)]
    name = draft.one_of([*RULES, *contrastive] if draft.chance() else [*fitting, new])
    if name == new:
        draft.own_rules.append(name)
        modulated = bool(_measures(draft)) and draft.draw(st.integers(0, 2)) == 2
        moments = draft.train if phase is None else ()
        draft.declarations.append(draft.draw(rules(name, moments, receiver.fields, modulated=modulated)))
        draft.fields[name] = fields_read(draft.declarations[-1])
        draft.modulated |= {name} if modulated else set()
        draft.momentary |= {name} if "@" in draft.declarations[-1] else set()
    parameter = {"perceptron": "margin", **dict.fromkeys(draft.own_rules, "k")}.get(name)
    given = [f"reward = {draft.one_of(_measures(draft))}"] if name in draft.modulated else []
    given += [f"{parameter} = {draft.number(0.05, 1.5)}"] if parameter and draft.chance() else []
    arguments = f"({', '.join(given)})" if given else ""
    arguments += "" if phase is None else f" during {phase}"
    rate = f" rate {draft.number(0.1, 3)}" if draft.chance() else ""
    decay = f" decay {draft.number(0.001, 0.1)}" if decays and draft.chance() else ""
    return f" learn {name}{arguments}{rate}{decay}"


def _measures(draft: Draft) -> list[str]:
    """The given measures that its rules can take; within another network there are none."""
    outputs = [layer for layer in draft.layers if layer.role == "output"]
    if draft.around is not None or not outputs:
        return []
    return ["mse", "agreement", *(["accuracy"] if any(layer.units > 1 for layer in outputs) else [])]


def _fits(draft: Draft, rule: str, receiver: DrawnLayer, phase: str | None) -> bool:
    """Whether an edge can learn by a rule that was drawn before, after training or during a phase."""
    known = set(draft.fields[rule]) <= set(receiver.fields) and (rule not in draft.modulated or bool(_measures(draft)))
    return known and (phase is None or rule not in draft.momentary)
