"""Drawing how a network moves: its schedule, phases and protocols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from hypothesis import strategies as st

from dync.testing.draft import Draft

PHASES: Final = ("warm", "clamped", "free", "relax")


def draw_schedule(draft: Draft) -> None:
    """A schedule; groups hold every hidden layer once, and some outputs."""
    hidden, outputs = draft.names("layer"), draft.names("output")
    likely = ["sequential", "synchronous", *(["grouped"] * 2 if hidden else [])]
    kind = draft.one_of([kind for kind in likely if kind in draft.wanted.schedules] or ["sequential"])
    if kind != "grouped":
        draft.statements.append(f"schedule {kind}")
        return
    groups: dict[int, list[str]] = {}
    for name in [*hidden, *(name for name in outputs if draft.chance())]:
        groups.setdefault(draft.draw(st.integers(0, 2)), []).append(name)
    draft.statements += [f"group g{n} {{ {', '.join(members)} }}" for n, members in groups.items()]
    order = ", ".join(f"g{n}" for n in groups)
    draft.statements.append(f"schedule grouped({order})")


def draw_protocol(draft: Draft) -> None:
    """Which phases `train` and `infer` name, `train` each of them once, and as that of the network around it."""
    phases = draft.draw(st.permutations(PHASES))
    if draft.around is None:
        draft.train = tuple(phases[: draft.draw(st.sampled_from([0, 1, 2, 3, 3]))])
    least, most = (1 if draft.completes else 0), (2 if draft.around is not None else 3)
    draft.infer = tuple(draft.draw(st.lists(st.sampled_from(phases), min_size=least, max_size=most)))


def draw_phases(draft: Draft) -> None:
    """The phases that its protocol names, and perhaps another protocol of the same phases."""
    if draft.series:
        _draw_samples(draft)
    for name in dict.fromkeys([*draft.train, *draft.infer]):
        draft.statements.append(_phase_text(draft, name))
    draft.statements += _protocol_texts(draft.train, draft.infer)
    if (draft.train or draft.infer) and draft.draw(st.integers(0, 2)) == 2:
        _draw_other(draft)


def _draw_samples(draft: Draft) -> None:
    """What concerns samples: a phase that runs once, how many samples are skipped, what is between sequences."""
    opening = [name for name in dict.fromkeys([*draft.train, *draft.infer]) if _opens(name, draft.train, draft.infer)]
    if opening and draft.chance():
        draft.once = draft.one_of(opening)
    if draft.chance():
        draft.statements.append(f"skip {draft.draw(st.integers(0, 2))}")
    if draft.chance():
        carries = all(layer.over_time for layer in draft.layers if layer.role in ("input", "output"))
        draft.statements.append(f"between sequences {draft.one_of(['reset', *['carry'] * carries])}")


def _opens(name: str, *parts: Sequence[str]) -> bool:
    """Whether a phase that runs once can stand in these parts: first, and before others."""
    return all(name not in part or (part[0] == name and name not in part[1:] and len(part) > 1) for part in parts)


def _draw_other(draft: Draft) -> None:
    """A protocol with a name, of the same phases in other orders, and mostly the one to go by."""
    train, infer = (tuple(draft.draw(st.permutations(part))) for part in (draft.train, draft.infer))
    train = train if _runs(draft, train) else draft.train
    infer = infer if _runs(draft, infer) else draft.infer
    draft.named = "other"
    draft.statements.append(f"protocol {draft.named} {{ {'  '.join(_protocol_texts(train, infer))} }}")
    draft.protocol = draft.draw(st.sampled_from([draft.named, draft.named, None]))


def _protocol_texts(train: Sequence[str], infer: Sequence[str]) -> list[str]:
    return [f"{word} {', '.join(part)}" for word, part in (("train", train), ("infer", infer)) if part]


def _runs(draft: Draft, phases: Sequence[str]) -> bool:
    """Whether every phase that starts from another comes after it, and one that runs once before all others."""
    follows = _follow(draft.origins, phases)
    return follows and (draft.once is None or _opens(draft.once, phases))


def _follow(origins: Mapping[str, str], phases: Sequence[str]) -> bool:
    return all(name not in origins or origins[name] in phases[:place] for place, name in enumerate(phases))


def _phase_text(draft: Draft, name: str) -> str:
    steps = draft.draw(st.integers(1, 4 if draft.around is None else 2))
    items = [f"steps {steps}"]
    if draft.draw(st.integers(0, 2)) == 2:
        items = [f"until settled within {draft.number(0.01, 0.3)} max {steps + 2}"]
    items[0] += " per sample" if draft.series and name != draft.once else ""
    origins = [o for o in PHASES if all(_follow({name: o}, part) for part in (draft.train, draft.infer))]
    origins = [o for o in origins if o not in (name, draft.once)]
    if origins and draft.chance():
        draft.origins[name] = draft.one_of(origins)
        items.insert(0, f"from {draft.origins[name]}")
    movable = draft.movable()
    if draft.chance():
        silent = f" except {draft.some_of(movable)}" if movable and draft.chance() else ""
        items.append(f"messages {draft.one_of(['all', 'forward', 'backward'])}{silent}")
    soft = draft.names("output", "input") if draft.draw(st.integers(0, 2)) == 2 else []
    if movable and draft.chance():
        held = draft.some_of(movable)
        items.append(f"clamp {held}")
        soft = [layer for layer in soft if layer not in held.split(", ")]
    if soft:
        items += [f"clamp {layer} by {draft.number(-0.3, 0.9)}" for layer in draft.some_of(soft).split(", ")]
    return f"phase {name} {{ {'  '.join(items)} }}"
