"""Mistakes that can be planted into any network that has an input, a hidden layer and an output.

Each brings along what it needs, so that it is the only thing that is wrong: an output `extra`, a phase `extra`. In
braces stand names that are drawn from the network: `{sender}` any layer, `{input}` and `{hidden}` one of these,
`{other}` a size that `{sender}` does not have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Mistake:
    """A mistake by the code that it must get; what it adds to the network, to the file, or puts for the schedule."""

    code: str
    statements: tuple[str, ...] = ()
    declaration: str = ""
    schedule: str = ""


def _edge(code: str, rest: str, output: str = "(2)") -> Mistake:
    """A mistake in an edge from any layer to an output of its own."""
    return Mistake(code, (f"output extra {output}", f"edge {{sender}} -> extra {rest}"))


def _rule(code: str, body: str) -> Mistake:
    """A mistake in a rule that nobody uses."""
    return Mistake(code, declaration=f"rule extra {{{{ {body} }}}}")


_NAMES: Final = (
    Mistake("E0201", ("edge nowhere -> {hidden} dense",)),
    Mistake("E0201", ("edge {sender} -> nowhere dense",)),
    Mistake("E0201", ("group extra {{ {hidden}, nowhere }}",)),
    _edge("E0202", "dense(strength = nothing)"),
    Mistake("E0203", ("param gain = 1",)),
    Mistake("E0203", ("group extra {{ {hidden} }}", "group extra {{ {input} }}")),
    Mistake("E0204", ("output extra (2) tahn", "edge {sender} -> extra dense")),
    _edge("E0205", "dense learn hebian"),
    _edge("E0206", "dens"),
    Mistake("E0208", ("protocol extra {{ infer nowhere }}",)),
    Mistake("E0210", ("output extra (2)", "edge {input}[1] -> extra dense")),
    Mistake("E0212", schedule="schedule sequental"),
    Mistake("E0213", ("phase extra {{ steps 1  messages foward }}",)),
    Mistake("E0214", ("output extra (2)", "edge {sender_array}: {sender} -> extra dense")),
    _edge("E0215", "dense(strength = sqr(2))"),
    _edge("E0216", "dense(strenght = 2)"),
    _edge("E0217", "dense(2, strength = 3)"),
)

_SHAPES: Final = (
    _edge("E0301", "one_to_one", "({other})"),
    Mistake("E0302", ("output extra (0)", "edge {sender} -> extra dense")),
    Mistake("E0302", ("output extra (2, 0 - 1)", "edge {sender} -> extra dense")),
    Mistake("E0311", ("output extra (2)", "edge {sender} -> extra dense", "edge {sender} -> extra dense(2)")),
    Mistake("E0313", ("edge {sender} -> {input} dense",)),
    Mistake("E0314", ("constant extra (1) = 1", "edge {sender} -> extra dense")),
    _edge("E0315", "dense(diagonal = 0.5)"),
)

_TIME: Final = (
    Mistake("E0403", ("schedule synchronous",)),
    Mistake("E0404", ("phase extra {{ messages forward }}",)),
    Mistake("E0405", ("phase extra {{ steps 0 - 5 }}",)),
    Mistake("E0406", ("phase extra {{ until settled within 0 - 0.1 max 5 }}",)),
    Mistake("E0407", ("group extra {{ {hidden} }}",), schedule="schedule synchronous(extra)"),
    Mistake("E0408", schedule="schedule grouped"),
    Mistake("E0409", ("for i in 1..2 {{ phase extra {{ steps 1 }} }}",)),
)

_RULES: Final = (
    _rule("E0501", "update pre * (y - post) / batch"),
    _rule("E0501", "update loss * post / batch"),
    Mistake("E0502", declaration="activation extra {{ next tanh(feild) }}"),
    _edge("E0503", "dense sends pre * state"),
    _rule("E0504", "update tahn(pre) * post / batch"),
    _rule("E0505", "update pre * tanh / batch"),
    _rule("E0506", "let twice = 2 * late  let late = post  update pre * twice / batch"),
    _rule("E0507", "let field = post  update pre * field / batch"),
    _rule("E0511", "update pre * (post > 0) / batch"),
    _rule("E0512", "update pre * [post] / batch"),
    _rule("E0513", "update pre * clip(post, 1) / batch"),
    _rule("E0515", 'update "pre" * post / batch'),
    _rule("E0516", "update pre * post / (1 - 1)"),
    _rule("E0517", "update pre * post * log(0)"),
    _edge("E0420", "dense learn reinforce"),
    _edge("E0421", "dense learn reinforce(reward = agremeent)"),
    _edge("E0422", "dense learn reinforce(reward = 0.5)"),
    _rule("E0423", "trace late = 0.5 * late + pre * post  update late / batch"),
    _edge("E0424", "dense learn hebbian during nowhere"),
    Mistake("E0520", declaration="rule hebbian {{ update pre * post }}"),
    Mistake("E0521", declaration="rule extra {{ update pre * post }}\nrule extra {{ update pre * post / batch }}"),
)

_NUMBERS: Final = (
    Mistake("E0601", ("param extra = 8 in 16..32",)),
    _edge("E0603", "dense(strength = 1 / 0)"),
    _edge("E0604", "dense(strength = 10 ** 100)"),
    Mistake("E0605", ("output extra (5 / 2)", "edge {sender} -> extra dense")),
    _edge("E0606", "dense(strength = gain > 1)"),
    _edge("E0608", "dense(strength = sqrt(0 - 1))"),
    Mistake("E0609", ("param extra = 8 in 16..4",)),
    _edge("E0610", "dense(density = 1.5)"),
    Mistake("E0611", ("param extra = extra2", "param extra2 = 8")),
)

_TOPOLOGY: Final = (
    Mistake("E0701", ("layer extra (2) tanh",), schedule="schedule sequential"),
    Mistake("E0701", ("layer extra (2) tanh", "edge extra -> extra dense(0.1)"), schedule="schedule synchronous"),
    Mistake("E0702", ("output extra (2)",)),
)

MISTAKES: Final = (*_NAMES, *_SHAPES, *_TIME, *_RULES, *_NUMBERS, *_TOPOLOGY)
"""All of them; several can share a code."""
