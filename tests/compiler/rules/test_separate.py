"""Separated terms give what the rule gives synapse by synapse."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dync.compiler.expression import Apply, Expression, Number, Parameter, Symbol, symbols
from dync.compiler.model import ActivationDefinition, RuleDefinition
from dync.compiler.plan import TermPlan
from dync.compiler.rules.separate import MAXIMUM_TERMS, Obstacle, separate
from dync.grammar.diagnostic import Diagnostic
from dync.testing.evaluate import Margin, evaluate

Define = Callable[[str], tuple[RuleDefinition | ActivationDefinition | None, tuple[Diagnostic, ...]]]
Array = NDArray[np.float64]
BATCH, SENDERS, RECEIVERS = 3, 4, 5
PARAMETERS = {"gain": 0.75, "margin": -0.5}
GRID = [-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0]
SENDER_TRACES = frozenset({"sent"})
SENDER_SIDE = {"pre", "trace.sent"}
RECEIVER_SIDE = {"post", "field", "predicted", "slope", "trace.fired"}
EXAMPLE = {"modulator.reward"}
NAMES = ["pre", "post", "field", "weight", "batch", "fan_in", "slope", "predicted", "trace.sent", "trace.fired"]

LEAVES: list[Expression] = [
    *map(Number, [-2.0, -1.0, -0.5, 0.5, 1.0, 2.0, 3.0]),
    *map(Parameter, PARAMETERS),
    *map(Symbol, NAMES),
    *map(Symbol, NAMES[:4]),
    Symbol("pre", "early"),
    Symbol("post", "early"),
    *[Symbol("modulator.reward"), Symbol("modulator.reward", "early")] * 2,
]
COMPARISONS = ["lt", "le", "gt", "ge", "eq", "ne"]
UNARY = ["neg", "abs", "sign", "tanh", "log", "exp", "sqrt"]
BINARY = ["add", "add", "sub", "mul", "mul", "mul", "div", "min", "max"]
EXPONENTS = [-2.0, -1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 5.0]


def draw_condition(draw: st.DrawFn, depth: int) -> Expression:
    match draw(st.integers(0, 4)):
        case 0 if depth:
            return Apply("not", (draw_condition(draw, depth - 1),))
        case 1 | 2 if depth:
            operation = draw(st.sampled_from(["and", "or"]))
            return Apply(operation, (draw_condition(draw, depth - 1), draw_condition(draw, depth - 1)))
        case _:
            return Apply(draw(st.sampled_from(COMPARISONS)), (draw_number(draw, 0), draw_number(draw, depth // 2)))


def draw_number(draw: st.DrawFn, depth: int) -> Expression:
    match draw(st.integers(0, 9)) if depth else 0:
        case 0:
            return draw(st.sampled_from(LEAVES))
        case 1:
            return Apply(draw(st.sampled_from(UNARY)), (draw_number(draw, depth - 1),))
        case 2:
            return Apply("pow", (draw_number(draw, depth - 1), Number(draw(st.sampled_from(EXPONENTS)))))
        case 3:
            return Apply("indicator", (draw_condition(draw, depth - 1),))
        case 4:
            branches = draw_number(draw, depth - 1), draw_number(draw, depth - 1)
            return Apply("where", (draw_condition(draw, depth - 1), *branches))
        case _:
            operation = draw(st.sampled_from(BINARY))
            return Apply(operation, (draw_number(draw, depth - 1), draw_number(draw, depth - 1)))


@st.composite
def expressions(draw: st.DrawFn) -> Expression:
    return draw_number(draw, draw(st.integers(1, 4)))


class Synapses:
    """Values of every symbol, on a coarse grid: zeros, ties and poles are frequent."""

    def __init__(self, seed: int) -> None:
        random = np.random.default_rng(seed)
        self.random = random
        self.values: dict[Symbol, Array] = {}

    def of(self, symbol: Symbol, units: int) -> Array:
        if symbol not in self.values:
            self.values[symbol] = self.random.choice(GRID, (BATCH, units)).astype(np.float64)
        return self.values[symbol]

    def read(self, symbol: Symbol) -> Array:
        """Broadcasts to `[batch, senders, receivers]`."""
        sizes = {"batch": BATCH, "fan_in": SENDERS, "fan_out": RECEIVERS}
        if symbol.name in sizes:
            return np.full((1, 1, 1), float(sizes[symbol.name]))
        if symbol.name == "weight":
            return np.reshape(self.of(symbol, SENDERS * RECEIVERS)[:1], (1, SENDERS, RECEIVERS))
        if symbol.name in EXAMPLE:
            return self.of(symbol, 1)[:, :, None]
        if symbol.name in SENDER_SIDE:
            return self.of(symbol, SENDERS)[:, :, None]
        return self.of(symbol, RECEIVERS)[:, None, :]

    def value(self, expression: Expression | None) -> Array:
        value = evaluate(expression or Number(1.0), self.read, PARAMETERS, Margin())
        return value if value.ndim else np.full((1, 1, 1), float(value))


def literal(update: Expression, synapses: Synapses) -> Array:
    return np.broadcast_to(synapses.value(update), (BATCH, SENDERS, RECEIVERS))


def contracted(term: TermPlan, synapses: Synapses) -> tuple[Array, Array]:
    """The term's matrix product, and the size of what it adds up."""
    scalar, weight = synapses.value(term.scalar)[0], synapses.value(term.weight)[0]
    sender = np.broadcast_to(synapses.value(term.sender), (BATCH, SENDERS, 1))[:, :, 0]
    receiver = np.broadcast_to(synapses.value(term.receiver), (BATCH, 1, RECEIVERS))[:, 0, :]
    total = scalar * np.einsum("bi,bj->ij", sender, receiver) * weight
    return total, np.abs(scalar) * np.einsum("bi,bj->ij", np.abs(sender), np.abs(receiver)) * np.abs(weight)


def assert_equal(update: Expression, terms: tuple[TermPlan, ...], seed: int) -> None:
    synapses = Synapses(seed)
    each = literal(update, synapses)
    finite = np.all(np.isfinite(each), axis=0) & (np.max(np.abs(np.nan_to_num(each)), axis=0) < 1e12)
    total, size = np.zeros((SENDERS, RECEIVERS)), np.zeros((SENDERS, RECEIVERS))
    with np.errstate(all="ignore"):
        for term in terms:
            product, magnitude = contracted(term, synapses)
            total, size = total + product, size + magnitude
    allowed = 1e-8 * (1 + np.sum(np.abs(each), axis=0, where=np.isfinite(each)) + size)
    assert np.all(np.isfinite(total[finite]))
    assert np.all(np.abs(total - np.sum(each, axis=0, where=finite))[finite] <= allowed[finite])


@settings(max_examples=250, deadline=None)
@given(expressions(), st.integers(0, 2**32 - 1))
def test_terms_equal_the_sum_over_synapses(update: Expression, seed: int) -> None:
    terms = separate(update, SENDER_TRACES)
    if isinstance(terms, Obstacle):
        return
    assert len(terms) <= MAXIMUM_TERMS
    assert_equal(update, terms, seed)


def side_of(symbol: Symbol) -> str | None:
    if symbol.name in SENDER_SIDE:
        return "sender"
    if symbol.name in EXAMPLE:
        return "example"
    return "receiver" if symbol.name in RECEIVER_SIDE else {"weight": "weight"}.get(symbol.name)


@settings(max_examples=200, deadline=None)
@given(expressions())
def test_each_factor_reads_its_own_side(update: Expression) -> None:
    terms = separate(update, SENDER_TRACES)
    if isinstance(terms, Obstacle):
        assert len({side_of(symbol) for symbol in symbols(terms.expression)} - {None}) > 1
        return
    ends = {"sender": SENDER_SIDE | EXAMPLE, "receiver": RECEIVER_SIDE | EXAMPLE}
    sides: dict[str, set[str]] = {"scalar": set(), **ends, "weight": {"weight"}}
    for term in terms:
        for side, allowed in sides.items():
            factor = getattr(term, side)
            names = {symbol.name for symbol in symbols(factor)} if factor is not None else set()
            assert names <= allowed | {"batch", "fan_in", "fan_out"}


SEPARABLE = {
    "pre * post / batch": 1,
    "(pre * post - post**2 * weight) / batch": 2,
    "(post - predicted) * slope * pre / batch": 1,
    "(pre@a * post@a - pre@b * post@b) / batch": 2,
    "pre * post - 2 * post * pre": 1,
    "pre * post + pre * field": 1,
    "pre * post + pre * field + field": 2,
    "pre * post + pre * field + weight * field": 2,
    "pre * post * (1 - weight)": 1,
    "pre * post - pre * post * weight": 1,
    "(pre - post)**2": 3,
    "abs(pre * post)": 1,
    "(pre * post)**7": 1,
    "pre / (post * weight)": 1,
    "[pre > 0 and post > 0]": 1,
    "[pre > 0 or post > 0]": 2,
    "[not (pre > 0 or weight > 0)] * post": 1,
    "where(post > 0, pre, weight)": 2,
    "where(pre > 0, log(pre), 0) * post": 1,
    "where(pre > 0, post / sqrt(batch), 0)": 1,
    "min(post, field) * exp(pre) * tanh(weight)": 1,
}


@pytest.mark.parametrize("text", SEPARABLE)
def test_separates_into_as_few_terms(text: str, define: Define) -> None:
    rule, mistakes = define(f"rule r {{ update {text} }}")
    assert isinstance(rule, RuleDefinition)
    assert not mistakes
    assert rule.terms is not None
    assert len(rule.terms) == SEPARABLE[text]
    assert rule.obstacle is None
    assert_equal(rule.update, rule.terms, 7)


MODULATED = {
    "(reward - gain) * (post - predicted) * pre / batch": 1,
    "reward * pre": 1,
    "reward * weight / batch": 1,
    "tanh(reward * post) * pre": 1,
    "exp(reward - pre) * post": 1,
    "(reward - reward@early) * (pre * post - post**2 * weight)": 2,
    "reward * pre * post - reward * pre": 1,
    "[reward > 0 and pre > 0.2] * sent": 1,
    "sent * post - fired * pre": 2,
    "reward": 1,
}
"""Rules of a modulator, a parameter and a trace of each end, and into how many terms they separate."""


@pytest.mark.parametrize("text", MODULATED)
def test_what_an_example_brings_stays_within_the_sum(text: str, define: Define) -> None:
    names = "trace sent = 0.5 * sent + pre  trace fired = 0.5 * fired + post"
    rule, _ = define(f"rule r(reward, gain = 0.75) {{ {names}  update {text} + 0 * gain }}")
    assert isinstance(rule, RuleDefinition)
    assert rule.terms is not None
    assert len(rule.terms) == MODULATED[text]
    assert_equal(rule.update, rule.terms, 5)


def test_a_weight_and_a_modulator_do_not_separate(define: Define) -> None:
    rule, _ = define("rule r(reward) { update tanh(reward * weight) * pre * post }")
    assert isinstance(rule, RuleDefinition)
    assert rule.terms is None


OBSTACLES = {
    "1 + tanh(pre * post)": "tanh(pre * post)",
    "pre + sign(pre * post)": "sign(pre * post)",
    "post * [pre > post]": "pre > post",
    "pre / (pre + post)": "pre / (pre + post)",
    "sqrt(pre * post)": "sqrt(pre * post)",
    "max(pre, post) - 1": "max(pre, post)",
    "pre * where(pre > 0, log(post), 0)": "where(pre > 0, log(post), 0)",
    "where(pre > 0, exp(post), 0)": "where(pre > 0, exp(post), 0)",
    "pre * post % 2": "pre * post % 2",
    "(pre + post)**1000000": "(pre + post)**1000000",
    "(pre + post)**0.5": "(pre + post)**0.5",
    "abs(pre + post)": "abs(pre + post)",
    "pre**post": "pre**post",
    "1e30 * pre * 1e30 * post": "1e30 * pre * 1e30",
}


@pytest.mark.parametrize("text", OBSTACLES)
def test_names_the_obstacle(text: str, define: Define) -> None:
    rule, _ = define(f"rule r {{ update {text} }}")
    assert isinstance(rule, RuleDefinition)
    assert rule.terms is None
    assert rule.obstacle is not None
    assert rule.obstacle.text == OBSTACLES[text]


def test_a_large_expansion_is_refused(define: Define) -> None:
    factors = " * ".join(f"(pre@a{i} + post@b{i} + weight)" for i in range(30))
    rule, _ = define(f"rule r {{ update {factors} }}")
    assert isinstance(rule, RuleDefinition)
    assert rule.terms is None


def test_cancelled_terms_leave_nothing(define: Define) -> None:
    rule, mistakes = define("rule r { update pre * post - post * pre }")
    assert isinstance(rule, RuleDefinition)
    assert rule.terms == ()
    assert [mistake.code for mistake in mistakes] == ["W0557"]
