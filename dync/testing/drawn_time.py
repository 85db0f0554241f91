"""Drawing how a network moves: its schedule, phases and protocols."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

from dync.testing.draft import Draft

PHASES: Final = ("warm", "clamped", "free", "relax")


def draw_schedule(draft: Draft) -> None:
    """A schedule; groups hold every hidden layer once, and some outputs."""
    hidden, outputs = draft.names("layer"), draft.names("output")
    kind = draft.one_of(["sequential", "synchronous", *(["grouped"] * 2 if hidden else [])])
    if kind != "grouped":
        draft.statements.append(f"schedule {kind}")
        return
    groups: dict[int, list[str]] = {}
    for name in [*hidden, *(name for name in outputs if draft.chance())]:
        groups.setdefault(draft.draw(st.integers(0, 2)), []).append(name)
    draft.statements += [f"group g{n} {{ {', '.join(members)} }}" for n, members in groups.items()]
    order = ", ".join(f"g{n}" for n in groups)
    draft.statements.append(f"schedule grouped({order})")


def draw_phases(draft: Draft) -> None:
    """Phases, each used by a protocol; `train` names each of its phases once."""
    phases = draft.draw(st.permutations(PHASES))
    draft.train = tuple(phases[: draft.draw(st.integers(0, 3))])
    infer = draft.draw(st.lists(st.sampled_from(phases), max_size=3))
    draft.statements += [_phase_text(draft, name) for name in dict.fromkeys([*draft.train, *infer])]
    if draft.train:
        draft.statements.append(f"train {', '.join(draft.train)}")
    if infer:
        draft.statements.append(f"infer {', '.join(infer)}")


def _phase_text(draft: Draft, name: str) -> str:
    steps = draft.draw(st.integers(1, 4))
    items = [f"steps {steps}"]
    if draft.draw(st.integers(0, 2)) == 0:
        items = [f"until settled within {draft.number(0.01, 0.3)} max {steps + 2}"]
    movable = draft.movable()
    if draft.chance():
        silent = f" except {draft.some_of(movable)}" if movable and draft.chance() else ""
        items.append(f"messages {draft.one_of(['all', 'forward', 'backward'])}{silent}")
    if movable and draft.chance():
        items.append(f"clamp {draft.some_of(movable)}")
    return f"phase {name} {{ {'  '.join(items)} }}"
