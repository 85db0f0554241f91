"""Drawing the layers of a network: inputs, outputs, constants, hidden layers and arrays of them, their activations."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

from dync.testing.draft import Draft, DrawnLayer, Row, Shape, fields_read
from dync.testing.drawn_kinds import shape_of
from dync.testing.drawn_parts import draw_instance, has_part
from dync.testing.local_rules import activations

UNBOUNDED: Final = ("identity", "relu", "softplus")

USUAL: Final[tuple[Shape, ...]] = ((1,), (3,), (4,), (3, 2), (3, 2, 1), (2, 2, 2), (3, 3, 1), (4, 1), (2, 2, 1, 1))
"""Shapes that most layers of a network have: flat, or with positions over which a window slides."""

BOUNDED: Final = ("tanh", "hard_tanh", "sigmoid", "sign", "threshold", "leaky_tanh")


def draw_layers(draft: Draft) -> None:
    """The layers, in any order. A network with layers to reach has an input or a constant to reach them from."""
    wanted = draft.wanted
    if draft.around is None:
        draft.usual = (
            draft.draw(st.sampled_from(USUAL)) if wanted.units is None else (draft.draw(st.integers(*wanted.units)),)
        )
    inputs, outputs = (draft.count(1, between) for between in (wanted.inputs, wanted.outputs))
    hidden = draft.draw(
        st.sampled_from(sorted(range(wanted.hidden[0], wanted.hidden[1] + 1), key=lambda n: (n == 0, n)))
    )
    constants = 1 if inputs == 0 or draft.chance() else 0
    draft.series = wanted.series and inputs + outputs > 0 and draft.chance()
    statements = [_held(draft, "input", f"x{n}", time=n == 0) for n in range(inputs)]
    shapes = {layers[0].name: layers[0].shape for _, layers in statements}
    statements += [_hidden(draft, f"h{n}", shapes) for n in range(hidden)]
    statements += [_held(draft, "output", f"y{n}", time=n == inputs == 0) for n in range(outputs)]
    statements += [_constant(draft, f"one{n}") for n in range(constants)]
    order = draft.draw(st.permutations(range(len(statements))))
    for text, layers in (statements[n] for n in order):
        draft.statements.append(text)
        draft.layers.extend(layers)


def _held(draft: Draft, role: str, name: str, *, time: bool) -> tuple[str, list[DrawnLayer]]:
    """An input or an output; of a network over time the one that has to be, with `time`, and others, are over time."""
    shape = shape_of(draft) if draft.ends is None else draft.ends[role == "output"]
    over_time = draft.series and (time or draft.chance())
    activation, text = ("identity", "") if role == "input" or draft.chance() else _activation(draft)
    words = [role, name, _written(shape), text, "over time" if over_time else ""]
    fields = draft.fields.get(activation, ())
    return " ".join(word for word in words if word), [
        DrawnLayer(name, role, shape, activation, fields=fields, over_time=over_time)
    ]


def _hidden(draft: Draft, name: str, inputs: dict[str, Shape]) -> tuple[str, list[DrawnLayer]]:
    if has_part(draft) and draft.draw(st.integers(0, 3)) == 3:
        return draw_instance(draft, name)
    activation, text = _activation(draft)
    count = draft.draw(st.sampled_from([None, None, 2, 3]))
    shape = shape_of(draft)
    starts = [x for x, x_shape in inputs.items() if x_shape == shape]
    started = bool(starts) and draft.draw(st.integers(0, 3)) == 3
    start = f" start {draft.one_of(starts)}" if started else ""
    fields = draft.fields.get(activation, ())
    if count is None:
        return f"layer {name} {_written(shape)} {text}{start}", [
            DrawnLayer(name, "layer", shape, activation, started, fields)
        ]
    members = [DrawnLayer(f"{name}[{n}]", "layer", shape, activation, started, fields) for n in range(1, count + 1)]
    draft.rows.append(Row(name, count, members[0], members[0]))
    return f"layer {name}[1..{count}] {_written(shape)} {text}{start}", members


def _constant(draft: Draft, name: str) -> tuple[str, list[DrawnLayer]]:
    shape = (draft.draw(st.integers(*(draft.wanted.units or (1, 2)))),)
    return f"constant {name} {_written(shape)} = {draft.number(0.3, 1)}", [
        DrawnLayer(name, "constant", shape, "identity")
    ]


def _activation(draft: Draft) -> tuple[str, str]:
    """Its name, and how a layer writes it."""
    new = f"bend{len(draft.declarations)}"
    stochastic = draft.wanted.stochastic
    chance = ["glauber", new, new] if stochastic else []
    name = draft.one_of([*UNBOUNDED, *BOUNDED, *draft.own_activations, new, new, new, *chance])
    if name == new:
        draft.own_activations.append(name)
        draft.declarations.append(draft.draw(activations(name, stochastic=stochastic and draft.chance())))
        draft.fields[name] = fields_read(draft.declarations[-1])
    if name in draft.own_activations:
        return name, draft.one_of([name, f"{name}(a = {draft.number(0.2, 0.9)})"])
    if name == "leaky_tanh":
        return name, f"{name}(leak = {draft.number(0.1, 0.9)})"
    return name, name


def _written(shape: Shape) -> str:
    return f"({', '.join(map(str, shape))})"
