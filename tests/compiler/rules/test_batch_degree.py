"""How updates grow with the size of the batch, told from the expression alone."""

from fractions import Fraction

import pytest

from dync.compiler.driver import compile_source
from dync.compiler.notation import text
from dync.compiler.rules.batch_degree import batch_law
from dync.grammar.source import Source


def law(update: str):
    rule = compile_source(Source("r.dyn", f"rule r(k = 2) {{ update {update} }}")).libraries.main.rules["r"]
    return batch_law(rule.update)


@pytest.mark.parametrize(
    ("update", "degree"),
    [
        ("pre * post / batch", -1),
        ("(pre * post - post**2 * weight) / batch", -1),
        ("pre / batch - post * weight / batch", -1),
        ("pre / (2 * batch) + max(post, 0) / batch", -1),
        ("where(pre > 0, post / batch, 0)", -1),
        ("sqrt(pre**2 / batch**2)", -1),
        ("pre * post * batch**-1", -1),
        ("min(pre / batch, 3 * post / batch)", -1),
        ("pre * post", 0),
        ("pre * post * sign(batch)", 0),
        ("pre * [pre * batch > post * batch]", 0),
        ("tanh(pre * batch / batch)", 0),
        ("post * pre / sqrt(batch * fan_in)", Fraction(-1, 2)),
        ("pre * post / batch**2", -2),
        ("pre * sqrt(batch)", Fraction(1, 2)),
        ("pre * batch**2 / sqrt(batch)", Fraction(3, 2)),
    ],
)
def test_powers_of_the_batch(update, degree):
    found = law(update)
    assert found.degree == degree
    assert found.promise == {-1: "mean", 0: "sum"}.get(degree, "depends")


@pytest.mark.parametrize(
    ("update", "by"),
    [
        ("pre * post / (batch + 1)", ["batch + 1"]),
        ("pre * log(batch)", ["log(batch)"]),
        ("tanh(pre / batch) * post", ["tanh(pre / batch)"]),
        ("pre / batch + post", ["pre / batch"]),
        ("pre * [batch > 8] / batch", ["batch > 8", "pre * [batch > 8] / batch"]),
        ("pre * k**batch", ["k ** batch"]),
        ("clip(pre * batch, -1, 1)", ["pre * batch"]),
    ],
)
def test_no_power_of_the_batch(update, by):
    found = law(update)
    assert (found.degree, found.promise) == (None, "depends")
    assert by[0] in [text(part) for part in found.by]


def test_what_reads_it_is_told():
    assert [text(part) for part in law("post * pre / sqrt(batch * fan_in)").by] == ["sqrt(batch * fan_in)"]
