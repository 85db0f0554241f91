"""What declarations become, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dync.compiler.expression import to_json
from dync.compiler.model import ActivationDefinition, RuleDefinition
from dync.compiler.rules.define import define_rule, resolve_sends
from dync.grammar import syntax
from dync.grammar.diagnostic import Diagnostic
from dync.grammar.reader import read
from dync.grammar.source import Source, Span

Define = Callable[[str], tuple[RuleDefinition | ActivationDefinition | None, tuple[Diagnostic, ...]]]


def rule(text: str) -> str:
    return f"rule r(gain = 1) {{ update gain * ({text}) }}"


def test_lets_stand_in_their_places(define: Define) -> None:
    made, mistakes = define("rule r(margin = 1/4) { let stuck = post * field <= margin update [stuck] * pre }")
    assert isinstance(made, RuleDefinition)
    assert not mistakes
    assert made.parameters == {"margin": 0.25}
    stuck = ["le", ["mul", "post", "field"], "$margin"]
    assert to_json(made.update) == ["mul", ["indicator", stuck], "pre"]


def test_an_activation_has_its_slope(define: Define) -> None:
    made, mistakes = define("activation a(leak = 0.1) { next (1 - leak) * state + leak * tanh(field) }")
    assert isinstance(made, ActivationDefinition)
    assert not mistakes
    assert to_json(made.slope) == ["mul", "$leak", ["sub", 1.0, ["pow", ["tanh", "field"], 2.0]]]


def test_moments_are_where_they_are_named_first(define: Define) -> None:
    made, _ = define("rule r { update pre@late * post@early - pre@early * post@late }")
    assert isinstance(made, RuleDefinition)
    assert list(made.moments) == ["late", "early"]
    assert {name: span.text for name, span in made.moments.items()} == {"late": "late", "early": "early"}
    assert made.moments["late"].start < made.moments["early"].start


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2 * 3 + 4", 10.0),
        ("2**0.5", 2**0.5),
        ("[1 < 2]", 1.0),
        ("where(1 > 2, 3, 4)", 4.0),
        ("sign(0)", 1.0),
        ("-7 // 2", -4.0),
        ("-7 % 2", 1.0),
        ("min(3, 1, 2)", 1.0),
    ],
)
def test_constants_are_computed(text: str, found: float, define: Define) -> None:
    made, _ = define(f"rule r {{ update pre + ({text}) }}")
    assert isinstance(made, RuleDefinition)
    assert to_json(made.update) == ["add", "pre", found]


MISTAKES = {
    rule("pre * y"): ("E0501", "y"),
    rule("pre * loss"): ("E0501", "loss"),
    rule("pre * uniform"): ("E0501", "uniform"),
    rule("pre * state"): ("E0501", "state"),
    "activation a { next pre }": ("E0502", "pre"),
    rule("tahn(pre)"): ("E0504", "tahn"),
    rule("pre(1)"): ("E0504", "pre"),
    rule("pre * tanh"): ("E0505", "tanh"),
    "rule r { let a = b let b = pre update a * b }": ("E0506", "b"),
    "rule r { let a = 2 * a update a * pre }": ("E0506", "a"),
    "rule r(pre = 1) { update pre * post }": ("E0507", "pre"),
    "rule r { let tanh = pre update tanh(post) }": ("E0507", "tanh"),
    "rule r(a = 1, a = 2) { update a * pre }": ("E0508", "a"),
    "rule r(a = 1) { let a = 2 update a * pre }": ("E0508", "a"),
    rule("weight@settle"): ("E0509", "weight@settle"),
    rule("gain@settle"): ("E0509", "gain@settle"),
    "activation a { next field@settle }": ("E0509", "field@settle"),
    rule("pre * (post > 0)"): ("E0511", "post > 0"),
    rule("(pre > 0) == post"): ("E0511", "pre > 0"),
    "rule r { let up = post > 0 update up * pre }": ("E0511", "up"),
    "rule r { update post > 0 }": ("E0511", "post > 0"),
    rule("[post]"): ("E0512", "post"),
    rule("where(post, pre, 0)"): ("E0512", "post"),
    rule("[not post and pre > 0]"): ("E0512", "post"),
    rule("clip(post, 1)"): ("E0513", "clip(post, 1)"),
    rule("max(post)"): ("E0513", "max(post)"),
    rule("tanh()"): ("E0513", "tanh()"),
    rule("clip(post, 0, high = 1)"): ("E0514", "high = 1"),
    rule('pre * "post"'): ("E0515", '"post"'),
    rule("pre / (2 - 2)"): ("E0516", "2 - 2"),
    rule("pre % 0"): ("E0516", "0"),
    rule("pre * log(0)"): ("E0517", "log(0)"),
    rule("pre * sqrt(-1)"): ("E0517", "sqrt(-1)"),
    rule("pre * 10**1000000"): ("E0517", "10**1000000"),
    rule("pre * (-1)**0.5"): ("E0517", "(-1)**0.5"),
    rule("pre * 1e39"): ("E0517", "1e39"),
    "rule r(gain = batch) { update gain * pre }": ("E0519", "batch"),
    "rule r(a = 1, b = a) { update a * b * pre }": ("E0519", "a"),
    "rule r(gain = 1) { update pre }": ("W0551", "gain"),
    "rule r { let a = pre update post }": ("W0552", "a"),
}


@pytest.mark.parametrize("text", MISTAKES)
def test_one_mistake_at_its_place(text: str, define: Define) -> None:
    made, mistakes = define(text)
    assert [(mistake.code, mistake.span.text.strip("()")) for mistake in mistakes] == [
        (MISTAKES[text][0], MISTAKES[text][1].strip("()"))
    ]
    assert (made is None) == (MISTAKES[text][0][0] == "E")


def test_all_mistakes_come_at_once(define: Define) -> None:
    _, mistakes = define("rule r { let a = y let b = a + tahn(z) update a + b + clip(q) + [pre] }")
    assert sorted(mistake.code for mistake in mistakes) == ["E0501", "E0501", "E0501", "E0504", "E0512", "E0513"]


def test_the_fix_mends(define: Define) -> None:
    text = "rule r { update tahn(pre) * (post > 0) * [field] * clip(psot, 0, high = 1) }"
    for _ in range(5):
        _, mistakes = define(text)
        fix = mistakes[0].fix
        assert fix is not None
        text = text[: fix.span.start] + fix.replacement + text[fix.span.end :]
    made, mistakes = define(text)
    assert made is not None
    assert not mistakes


def test_lets_cannot_take_up_all_memory(define: Define) -> None:
    lets = " ".join(f"let a{i + 1} = a{i} * a{i}" for i in range(60))
    made, mistakes = define(f"rule r {{ let a0 = pre * post {lets} update a60 }}")
    assert made is None
    assert [mistake.code for mistake in mistakes] == ["E0518"]


def test_deep_trees_are_refused() -> None:
    source = Source("deep.dyn", "deep")
    span = Span(source, 0, 4)
    name = syntax.Name("pre", span)
    value: syntax.Expression = syntax.Variable(name, None, span)
    for _ in range(100_000):
        value = syntax.Unary("-", value, span)
    made, mistakes = define_rule(syntax.Rule(name, (), (), value, span))
    assert made is None
    assert [mistake.code for mistake in mistakes] == ["E0518"]


def test_a_slope_cannot_take_up_all_memory(define: Define) -> None:
    product = " * ".join(["tanh(tanh(field))"] * 80)
    made, mistakes = define(f"activation a {{ next {product} }}")
    assert made is None
    assert [mistake.code for mistake in mistakes] == ["E0518"]


def sends(text: str) -> syntax.Expression:
    file, mistakes = read(Source("s.dyn", f"network N {{ input x (1) output y (1) edge x -> y dense sends {text} }}"))
    assert not mistakes
    (network,) = file.declarations
    assert isinstance(network, syntax.Network)
    edge = network.items[-1]
    assert isinstance(edge, syntax.Edge)
    assert edge.sends is not None
    return edge.sends


def test_what_an_edge_sends_keeps_the_parameters_that_it_reads() -> None:
    expression, read_parameters, mistakes = resolve_sends(sends("gain * tanh(state)"), {"gain": 2.0, "depth": 3.0})
    assert expression is not None
    assert to_json(expression) == ["mul", "$gain", ["tanh", "state"]]
    assert read_parameters == {"gain": 2.0}
    assert not mistakes


def test_what_an_edge_sends_reads_nothing_else() -> None:
    expression, read_parameters, mistakes = resolve_sends(sends("gian * field"), {"gain": 2.0})
    assert expression is None
    assert read_parameters == {"gain": 2.0}  # misspelt, so not unused
    assert [(m.code, m.span.text, m.fix and m.fix.replacement) for m in mistakes] == [
        ("E0503", "gian", "gain"),
        ("E0503", "field", None),
    ]
