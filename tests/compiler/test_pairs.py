"""What the compiler makes of `weights` and `present`: counts, room for weights, densities, plans that hold together."""

import subprocess
import sys
from collections import Counter

import pytest
from msgspec.structs import replace

from dync.compiler.driver import compile_source, plan_of
from dync.compiler.plan import SlotsPlan
from dync.compiler.plan_error import PlanError
from dync.compiler.planning.sparsity import slots_of
from dync.compiler.planning.verify_plan import verify_plan
from dync.grammar.source import Source


def network(edge, units=300):
    return f"""
network Pairs {{
  param reach = 2
  input x (4)
  layer h ({units}) tanh
  output y (2)
  edge x -> h dense
  edge h -> h dense({edge})
  edge h -> y dense
}}
"""


def compiled(edge, units=300):
    compilation = compile_source(Source("pairs.dyn", network(edge, units))).verify()
    plan = plan_of(compilation.networks["Pairs"])
    return plan, next((f for f in plan.structure.families if f.sender == f.receiver), None)


def density(plan, family):
    return plan.numbers[f"family.{plan.structure.families.index(family)}.density"][0]


@pytest.mark.parametrize(("edge", "exists", "fixed"), [
    ("present = abs(i - j) <= reach", lambda i, j: abs(i - j) <= 2, False),
    ("present = abs(i - j) <= reach, diagonal = 0.5", lambda i, j: abs(i - j) <= 2, True),
    ("present = i == 7 * j % 300 or j < 4 and i % 30 == 0",
     lambda i, j: i == 7 * j % 300 or (j < 4 and i % 30 == 0), False),
    ("present = chain", lambda i, j: abs(i - j) == 1, False),
])  # fmt: skip
def test_there_is_room_for_the_weights_of_a_loop(edge, exists, fixed):
    plan, family = compiled(edge)
    units = range(1, 301)
    pairs = [(i, j) for i in units for j in units if exists(i, j)]
    counts = Counter(j for i, j in pairs if not (fixed and i == j))
    assert density(plan, family) == pytest.approx(len(pairs) / 300**2)
    assert family.slots.most == max(counts.values())
    assert family.slots.crowded >= sum(count > family.slots.common for count in counts.values())
    verify_plan(plan)


def test_only_large_and_thin_edges_are_stored_in_slots():
    assert compiled("present = abs(i - j) <= 2", 200)[1].slots is None
    assert compiled("present = abs(i - j) <= 100")[1].slots is None
    assert compiled("present = i % 50 == 0 and j == 1")[1].slots is not None
    assert compiled("present = j == 1")[1].slots is None, "one receiver would need a slot for every sender"


def test_receivers_alike_need_no_second_slots():
    assert slots_of((4,) * 400, 400) == SlotsPlan(4, 4, 1)
    assert slots_of((4,) * 399 + (25,), 400) == SlotsPlan(4, 25, 1)


def test_of_draws_the_density_is_estimated():
    plan, family = compiled("present = uniform < 0.03")
    assert density(plan, family) == pytest.approx(0.03, rel=0.1)
    assert family.slots is None
    assert family.masked


def test_what_holds_of_every_pair_says_nothing():
    plan, family = compiled("present = i > 0")
    assert (family.between, family.masked, density(plan, family)) == (None, False, 1)


def test_edges_alike_are_stacked():
    text = network("radius = 0.9").replace("layer h (300)", "layer h[1..3] (20)").replace("-> y", "-> y", 1)
    text = text.replace("edge h -> h", "for n in 1..3 { edge h[n] -> h[n]").replace(
        "radius = 0.9)", "radius = 0.3 * n) }"
    )
    text = text.replace("x -> h dense", "x -> h[1] dense").replace(
        "edge h -> y", "edge h[1] -> h[2] dense edge h[2] -> h[3] dense edge h[3] -> y"
    )
    plan = plan_of(compile_source(Source("pairs.dyn", text)).verify().networks["Pairs"])
    radii = [numbers for key, numbers in plan.numbers.items() if key.endswith(".radius")]
    assert radii == [pytest.approx((0.3, 0.6, 0.9))]


BROKEN = {
    "arcs for 2 units": {"arcs": ((1,), (0,))},
    "an arc to no unit": {"arcs": ((300,), *((),) * 299)},
    "not in order": {"arcs": ((2, 1), *((),) * 299)},
    "says twice which weights exist": {"arcs": ((1,), *((),) * 299)},
    "more weights than slots": {"present": None, "arcs": (tuple(range(300)), *((),) * 298, tuple(range(300)))},
}


@pytest.mark.parametrize(("what", "change"), BROKEN.items(), ids=BROKEN)
def test_plans_that_do_not_hold_together_are_refused(what, change):
    plan, family = compiled("present = abs(i - j) == 1 and i > j")
    if "twice" not in what:
        change = {"present": None, **change}
    broken = replace(family, between=replace(family.between, **change))
    families = tuple(broken if f is family else f for f in plan.structure.families)
    with pytest.raises(PlanError, match=what):
        verify_plan(replace(plan, structure=replace(plan.structure, families=families)))


def test_numpy_is_loaded_for_networks_that_need_it_alone():
    for edge, needed in (("radius = 0.9", False), ("weights = normal", False), ("present = i < j", True)):
        code = (
            "import sys; from dync.compiler.driver import check; from dync.grammar.source import Source;"
            f"found = check(Source('pairs.dyn', {network(edge)!r}));"
            "assert all(d.severity == 'warning' for d in found); print('numpy' in sys.modules)"
        )
        found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert found.stdout.strip() == str(needed), edge
