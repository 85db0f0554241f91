"""What trying a property finds: planted mistakes at their smallest, nothing else, and never for ever."""

import re
import subprocess
import sys

import pytest

from dync.compiler.driver import compile_source
from dync.compiler.properties import work
from dync.compiler.properties.outcome import Fails, NoAnswer, NoNetwork
from dync.compiler.properties.trial import Means, try_property
from dync.compiler.properties.work import OutOfWorkError, Work
from dync.grammar.source import Source
from dync.properties.said import diagnostics_of
from dync.properties.search import CASES, Verdict, search

STACK = """
network Stack {
  param depth = 2 in 1..64
  param hidden = 300 in 16..4096
  param skip = 0.5 in 0..1

  input x (8)
  layer h[1..depth] (hidden) sign
  output y (3)
  edge x -> h[1] dense
  for i in 1..depth-1 { edge h[i] -> h[i+1] dense }
  edge h[depth] -> y dense
  PLANTED
}
"""
WIRED = "property wired(depth in 1..64, hidden in 16..64) on Stack { require path_length(x, y) == depth + 1 }"


def tried(prop: str, planted: str = "", **options: int) -> Verdict:
    found = compile_source(Source("t.dyn", STACK.replace("PLANTED", planted) + prop))
    assert found.ok, found.diagnostics
    (model,) = found.properties.values()
    return search(model, found.libraries.of(model.network), **options)


def smallest(verdict: Verdict) -> dict[str, float]:
    assert verdict.counterexample is not None
    return dict(verdict.counterexample.values)


def test_a_right_topology_holds_everywhere() -> None:
    verdict = tried(WIRED)
    assert verdict.holds
    assert verdict.counterexample is None
    assert CASES // 2 < verdict.tried <= CASES
    assert diagnostics_of(verdict) == ()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_planted_shortcut_is_found_and_made_as_small_as_it_goes(seed: int) -> None:
    """From a depth of 5 on some layer has an edge to the one after the next but one: the path is two shorter."""
    verdict = tried(WIRED, "for i in 1..depth//5 { edge h[i] -> h[i+3] dense }", seed=seed)
    assert not verdict.holds
    assert smallest(verdict) == {"depth": 5, "hidden": 16}
    assert verdict.counterexample is not None
    failure = verdict.counterexample.failure
    assert isinstance(failure, Fails)
    assert (failure.shown, len(failure.model.layers), len(failure.model.edges)) == ("4 == 6", 7, 7)
    (said,) = diagnostics_of(verdict)
    assert said.message == "`path_length(x, y) == depth + 1` was `4 == 6` at depth = 5, hidden = 16"
    assert [note.message for note in said.notes] == [
        "a shortest path is `x -> h[1] -> h[4] -> h[5] -> y`",
        "`Stack` has its defaults otherwise: skip = 0.5",
    ]


def test_the_variables_of_a_for_are_told() -> None:
    prop = "property p(depth) on Stack { for i in 1..depth { for j in 2..2 { require fan_in(h[i]) < j } } }"
    verdict = tried(prop, "edge y -> h[1] dense")
    assert smallest(verdict) == {"depth": 1}
    assert diagnostics_of(verdict)[0].message == "`fan_in(h[i]) < j` was `2 < 2` at depth = 1, i = 1, j = 2"


def test_a_network_that_cannot_be_made_is_a_failure() -> None:
    broken = tried("property p(depth) on Stack { require reachable(x, y) }", "edge x -> h[2] dense")
    assert smallest(broken) == {"depth": 1}
    assert broken.counterexample is not None
    assert isinstance(broken.counterexample.failure, NoNetwork)
    assert [d.code for d in diagnostics_of(broken)] == ["E0922", "E0209"]


def test_a_question_that_means_nothing_is_a_failure() -> None:
    """At the smallest and at the largest depth, where a check looks, all is well."""
    verdict = tried("property p(depth in 1..9) on Stack { require reachable(x, y) or 1 / (depth - 4) > 2 }")
    assert smallest(verdict) == {"depth": 4}
    assert verdict.counterexample is not None
    assert isinstance(verdict.counterexample.failure, NoAnswer)
    assert [d.code for d in diagnostics_of(verdict)] == ["E0923", "E0603"]


def test_numbers_that_are_not_whole_and_sets_are_drawn() -> None:
    half = tried("property p(skip in 0..0.75) on Stack { require count(layers) > 100 * skip }")
    assert 0.04 < smallest(half)["skip"] <= 0.75
    choice = tried("property p(depth in { 3, 9, 5 }) on Stack { require count(h) < 5 }")
    assert smallest(choice) == {"depth": 9}, "the first of a set is the smallest"


def test_a_property_that_draws_nothing_is_tried_at_the_defaults() -> None:
    verdict = tried("property p on Stack { require count(h) == 2 and units(h[1]) == 300 }")
    assert (verdict.holds, verdict.tried) == (True, 1)


def test_as_many_cases_as_were_asked_for() -> None:
    assert tried(WIRED, cases=7).tried == 7
    few = tried("property p(depth in 1..3) on Stack { require reachable(x, y) }", cases=50)
    assert few.tried == 3, "there are no more"


def test_the_same_seed_draws_the_same_values() -> None:
    drawn: list[list[int]] = []
    for seed in (4, 4, 5):
        prop = "property p(depth in 1..64, hidden) on Stack { require count(h) < 40 }"
        found = compile_source(Source("t.dyn", STACK.replace("PLANTED", "") + prop))
        heard: list[int] = []
        verdict = search(found.properties["p"], found.libraries.main, seed=seed, cases=20, heard=heard.append)
        drawn.append([verdict.tried, *heard])
        assert smallest(verdict) == {"depth": 40, "hidden": 16}
    assert drawn[0] == drawn[1] != drawn[2]


# --- work is bounded --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "requirements",
    [
        "for i in 1..10**9 { require reachable(x, y) }",
        "for i in 1..3000 { for j in 1..3000 { require reachable(x, y) } }",
        "for i in 1..10**6 { require fan_in(h[1]) < 9 }",
        "for i in 1..10**9 { for j in 1..0 { require reachable(x, y) } }",
    ],
)
def test_what_nobody_can_wait_for_is_refused(requirements: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "MOST", 200_000)
    verdict = tried(f"property p on Stack {{ {requirements} }}")
    assert (verdict.holds, verdict.tried) == (False, 0)
    assert [d.code for d in diagnostics_of(verdict)] == ["E0924"]


def test_large_networks_use_the_work_up_and_what_was_tried_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "MOST", 200_000)
    text = "network N {\n param n = 500 in 500..9000\n input x (1)\n layer h[1..n] (1) sign start x\n}\n"
    found = compile_source(Source("t.dyn", text + "property p(n) on N { require count(h) == n }"))
    verdict = search(found.properties["p"], found.libraries.main)
    assert verdict.holds
    assert verdict.given_up_at is not None
    assert 0 < verdict.tried < CASES


def test_all_that_is_asked_is_paid_for() -> None:
    edges = "for i in 1..400 { edge h[i] -> h[i] dense }"
    text = f"network N {{\n input x (1)\n layer h[1..400] (1) sign start x\n {edges}\n}}\n"
    for asked in ("reachable(h, h)", "diameter(h) < 9", "has_edge(h, h)", "average_shortest_path_length(h) < 9"):
        found = compile_source(Source("t.dyn", f"{text}property p on N {{ require {asked} }}"))
        enough = Work()
        before = enough.left
        try_property(found.properties["p"], {}, Means(found.libraries.main, enough))
        with pytest.raises(OutOfWorkError):
            try_property(found.properties["p"], {}, Means(found.libraries.main, Work(before - enough.left - 1)))


# --- what it needs ----------------------------------------------------------------------------------------------------


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)


def test_the_topology_is_tried_without_jax() -> None:
    program = (
        "import sys; from dync.compiler.driver import compile_source; from dync.grammar.source import Source\n"
        "from dync.properties.search import search\n"
        f"found = compile_source(Source('t.dyn', {STACK.replace('PLANTED', '') + WIRED!r}))\n"
        "assert search(found.properties['wired'], found.libraries.main, cases=5).holds\n"
        "sys.exit('jax' in sys.modules)"
    )
    ended = run(program)
    assert ended.returncode == 0, ended.stderr


def test_a_check_loads_neither_networkx_nor_hypothesis() -> None:
    program = (
        "import sys; from dync.compiler.driver import check; from dync.grammar.source import Source\n"
        "assert not check(Source('t.dyn', 'network N { input x (4) output y (4) edge x -> y dense }'\n"
        "  'property p on N { require reachable(x, y) and diameter() < 3 }'))\n"
        "sys.exit(', '.join({'hypothesis', 'jax', 'networkx'} & set(sys.modules)) or 0)"
    )
    ended = run(program)
    assert ended.returncode == 0, ended.stderr


def test_without_hypothesis_it_says_what_to_install() -> None:
    program = (
        "import sys; sys.modules['hypothesis'] = None\n"
        "from dync.compiler.driver import compile_source; from dync.grammar.source import Source\n"
        "from dync.properties.search import search\n"
        f"found = compile_source(Source('t.dyn', {STACK.replace('PLANTED', '') + WIRED!r}))\n"
        "search(found.properties['wired'], found.libraries.main)"
    )
    assert re.search(r"RunError: .*hypothesis.*pip install 'dync\[test\]'", run(program).stderr)
