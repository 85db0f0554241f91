"""Strategies that draw rules and activations of one's own, as `.dyn` text (needs the package hypothesis).

All stay bounded for bounded states, so that float32 and float64 can be compared. Where they have thresholds, these are
numbers that a state seldom meets; `Margin` tells the cases in which it does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hypothesis import strategies as st

ONE_SIDED: Final = (
    "{a}", "{a}**2", "tanh({a})", "abs({a})", "[{a} > {c}]", "clip({a}, -{c}, {c})", "min({a}, {c})",
    "where({a} <= {c}, {a}, {c} * {a})", "exp(-abs({a}))", "sqrt({a}**2 + {c})", "{a} / (1 + abs({a}))", "(1 - {a})",
    "max({a}, k)", "[not {a} > {c}]", "sign({a} - {c})",
)  # fmt: skip
"""Functions of one end alone, of which a rule that separates is a sum of products."""

MIXED: Final = (
    "max({a}, {b})", "tanh({a} * {b} + weight)", "exp(-abs({a} - {b}))", "[{a} > {b} + {c}]", "min({a} * weight, {c})",
    "{a} * {b} / (1 + abs(weight * {b}))", "clip(weight * {a}, -{c}, {c})", "abs({a} + {b})",
    "sqrt(({a} - {b})**2 + {c})", "where({a} * {b} > {c}, {b}, weight)", "[{a} * {b} <= {c} and {b} > -{c}]",
    "sign({a} + {b} - {c})",
)  # fmt: skip
"""Functions that tie both ends together; some separate (`abs` of a product would), most do not."""

ACTIVATIONS: Final = (
    "tanh({c} * field) + {d} * state",
    "field / (1 + abs(field))",
    "clip(field, -{c}, {c})",
    "where(field > {d}, tanh(field), {d} * state)",
    "(1 - {d}) * state + {d} * clip(field, -1, 1)",
    "exp(-field**2) * (1 - {d}) + a * tanh(state)",
    "[field > {d}] * [state <= {c}]",
    "max(-1, min(1, a * field))",
)
"""Bounded activations: {c} is about one, {d} well below it, `a` the parameter."""

NOISY_ACTIVATIONS: Final = (
    "tanh(field + {d} * normal)",
    "2 * [uniform < 1 / (1 + exp(-2 * field))] - 1",
    "(1 - {d}) * state + {d} * tanh(field) * uniform",
)
"""Activations that draw."""


DENDRITES: Final = (
    "tanh(field) * (1 + {d} * tanh(field.apical))",
    "clip(field.left * field.right, -{c}, {c}) + {d} * state",
    "(1 - {d}) * state + {d} * tanh(field + a * field.apical)",
    "where(field.gate > {d}, tanh(field), {d} * state)",
    "tanh(field.left) - a * tanh(field.right * field)",
)  # fmt: skip
"""Bounded activations that read fields with names."""


UNITS: Final = (
    "next (1 - {d}) * state + {d} * clip(field, -2, 2) sends tanh({c} * state)",
    "next clip({d} * state * [state <= {c}] + field, -2, 2) sends [state > {c}] surrogate a / (1 + abs(state - 1))**2",
    "trace slow = {d} * state + (1 - {d}) * slow next tanh(field - a * slow)",
    "trace slow = (1 - {d}) * slow + {d} * tanh(field) next tanh(field) * a + {d} * slow sends state - slow",
    "trace b = {d} * b + c trace c = tanh(field + a * b) next clip(field, -1, 1) * (1 - {d} * b) sends max(state, b)",
    "let e = exp(a * (field - largest(field))) next e / total(e)",
    "next [field == largest(field)] * a",
    "next field / (1 + total(abs(field)) + total({d}))",
    "next tanh(field) sends state - total(state) / total(1) surrogate {c}",
    "trace peak = largest(max(tanh(field), {d} * peak)) next tanh({c} * field + a * field.apical) sends state * peak",
    "next sign(field - {d}) surrogate exp(-abs(field))",
)
"""What is in activations that send something else than their state, have traces, or sum over their layer; bounded."""

NOISY_UNITS: Final = (
    "trace slow = (1 - {d}) * slow + {d} * normal next tanh(field + slow)",
    "next clip((1 - {d}) * state + field, -1, 1) * uniform sends [state > {c}] * a",
)
"""The same of activations that draw."""


def decimals(low: float, high: float) -> st.SearchStrategy[float]:
    """Numbers of three decimals; both ends included."""
    return st.integers(round(low * 1000), round(high * 1000)).map(lambda n: n / 1000)


TRACES: Final = (
    "{c} * {z} + {a}", "{c} * {z} + (1 - {c}) * tanh({a})", "clip({z} + k * {a}, -1, 1)",
    "where({a} > {c}, {a}, {c} * {z})", "{c} * {z} + [{a} > {c}] - {a} / fan_in",
)  # fmt: skip
"""What a trace `{z}` becomes, of one end `{a}`; bounded over few steps."""

MODULATED: Final = (
    "(reward{at} - {c})", "tanh(reward{at}) * {b}", "(reward{at} - reward)", "where(reward{at} > {c}, {b}, {c})",
)  # fmt: skip
"""Factors of the example, alone or with the receiver."""


@st.composite
def rules(
    draw: st.DrawFn,
    name: str = "local",
    moments: Sequence[str] = (),
    fields: Sequence[str] = (),
    *,
    modulated: bool = False,
) -> str:
    """A rule of one parameter, `k`, that may name the phases `moments` with `@` and read `fields` with names.

    It may have a trace at each end. One that is `modulated` also takes a measure, its first parameter `reward`.
    """
    at = ["", *(f"@{moment}" for moment in moments)]
    k = draw(decimals(0.1, 0.9))
    traces: list[str] = []
    senders = [f"{word}{moment}" for moment in at for word in ("pre", "pre", "pre.state")]
    words = ("post", "post.state", "field", *(f"field.{field}" for field in fields), "predicted", "slope")
    receivers = [f"{word}{moment}" for moment in at for word in words]
    for trace, end, read in (
        ("za", senders, draw(st.sampled_from(("pre", "pre.state")))),
        ("zb", receivers, draw(st.sampled_from(words))),
    ):
        if draw(st.integers(0, 2)) == 2:
            becomes = draw(st.sampled_from(TRACES)).format(z=trace, a=read, c=draw(decimals(0.05, 0.9)))
            traces.append(f"  trace {trace} = {becomes}\n")
            end.extend([trace] * 3)

    def factor() -> str:
        pre, post = draw(st.sampled_from(senders)), draw(st.sampled_from(receivers))
        if modulated and draw(st.booleans()):
            return draw(st.sampled_from(MODULATED)).format(
                b=post, c=draw(decimals(0.05, 0.9)), at=draw(st.sampled_from(at))
            )
        template, a = draw(
            st.one_of(
                st.tuples(st.sampled_from(ONE_SIDED), st.sampled_from([pre, post, post, "weight"])),
                st.tuples(st.sampled_from(MIXED), st.just(pre)),
            )
        )
        return template.format(a=a, b=post, c=draw(decimals(0.05, 0.9)))

    def term() -> str:
        return " * ".join(f"({factor()})" for _ in range(draw(st.integers(1, 3))))

    signs = st.sampled_from(["+", "-"])
    total = term() + "".join(f" {draw(signs)} {term()}" for _ in range(draw(st.integers(0, 2))))
    size = draw(st.sampled_from(["batch", "sqrt(batch * fan_in)", "(batch * fan_out)"]))
    takes, more = ("reward, ", " + reward * post") if modulated else ("", "")
    head, before = f"rule {name}({takes}k = {k}) {{\n", "".join(traces)
    if draw(st.booleans()):
        return f"{head}{before}  let part = {term()}\n  update (part * k + {total}{more}) / {size}\n}}"
    return f"{head}{before}  update k * ({total}{more}) / {size}\n}}"


@st.composite
def activations(draw: st.DrawFn, name: str = "bend", *, stochastic: bool = False, dendrites: bool = True) -> str:
    """An activation of one parameter, `a`. With `dendrites` it may read fields with names."""
    quiet = [f"next {template}" for template in (*ACTIVATIONS, *(DENDRITES * 2 if dendrites else ()))]
    quiet += [template for template in UNITS if dendrites or "field." not in template]
    noisy = [*(f"next {template}" for template in NOISY_ACTIVATIONS), *NOISY_UNITS]
    template = draw(st.sampled_from(noisy if stochastic else quiet))
    text = template.format(c=draw(decimals(0.6, 1.2)), d=draw(decimals(0.05, 0.4)))
    return f"activation {name}(a = {draw(decimals(0.2, 0.9))}) {{ {text} }}"
