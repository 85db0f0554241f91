"""Whatever in a plan points at something else, or counts or sizes it, is refused where it cannot be so."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import cache, reduce
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dync.compiler.between_plan import BetweenPlan
from dync.compiler.driver import bind, compile_source, plan_of
from dync.compiler.plan import (
    BlockPlan,
    EdgePlan,
    FamilyPlan,
    GradientPlan,
    GroupPlan,
    LayerPlan,
    PhasePlan,
    SlotsPlan,
    Structure,
)
from dync.compiler.plan_error import PlanError
from dync.compiler.plan_json import plan_from_json, plan_to_json
from dync.compiler.time_plan import TimePlan
from dync.compiler.window_plan import WindowPlan
from dync.grammar.source import Source

STILL = """activation gated { next tanh(field) * (1 + field.apical) }
network Part {
  input a (4)
  layer b (3) tanh
  output c (4)
  edge up: a -> b dense
  edge b -> c tied(up, transposed = true)
  phase go { steps 2 }
  infer go
}
network N {
  input  x (6, 6, 2)
  input  z (4)
  constant one (1) = 1
  layer  maps[1..2] (4, 4, 3) relu
  layer  pooled (2, 2, 3) identity
  layer  wide (4, 4, 3) identity
  layer  h[1..4] (4) gated start z
  layer  big[1..2] (600) tanh
  layer  m network Part to completion
  output y (4)
  edge eye: x -> maps[1] conv((3, 3), groups = 1) learn oja
  edge x -> maps[2] tied(eye) learn oja
  edge maps[1] -> pooled pool(2)
  edge pooled -> wide unpool(2)
  edge one -> h[1].apical dense
  edge low: wide -> h[1] low_rank(2) learn hebbian
  for i in 1..3 { edge down[i]: h[i] -> h[i+1] dense delay i learn hebbian }
  for i in 1..3 { edge back[i]: h[i+1] -> h[i] tied(down[i], transposed = true) learn hebbian }
  edge near: h[4] -> h[4] dense(present = i < j, radius = 0.5, diagonal = 0)
  edge ring: h[3] -> h[3] dense(present = ring)
  edge h[4] -> big[1] dense learn gradient(mse@free)
  edge big[1] -> big[2] dense(density = 0.01)
  edge big[1] -> big[1] dense(present = i == j + 1 or i == j + 2)
  edge h[2] -> m dense
  edge z -> h[2] network Part
  edge big[2] -> y dense learn delta during clamped
  edge m -> y one_to_one learn contrastive
  group g { h[1], h[3] }
  schedule sequential
  phase free    { steps 3  messages all except y, h[2]  clamp x, z }
  phase clamped { from free  until settled max 5  clamp x  clamp y, z by 0.5 }
  train free, clamped
  infer free
  measure size = mean(abs(h[1] - y.target))
}
"""

SERIES = """network N {
  input  u (2) over time
  input  c (2)
  layer  h (3) tanh
  output y (2) over time
  edge u -> h dense
  edge c -> h dense
  edge h -> y dense learn delta
  phase wake   { steps 4 }
  phase listen { steps 1 per sample }
  train wake, listen
  infer listen
  skip 3
}
"""

TEXTS = {"still": STILL, "series": SERIES}

FREE = {"steps": (10**9, 10**4), "skip": (10**9, 10**4), "delay": (10**4,)}
"""What may be large: of each field the larger values to leave out."""

Path = tuple[str | int, ...]


@cache
def data(name: str) -> Any:
    compilation = compile_source(Source("plan.dyn", TEXTS[name]))
    assert compilation.ok, compilation.diagnostics
    return plan_to_json(plan_of(bind(compilation, "N", {})))


def integers(part: Any, path: Path = ()) -> Iterator[Path]:
    """The paths of all whole numbers in a plan, apart from those in expressions."""
    match part:
        case bool() | float() | str() | None:
            return
        case int():
            yield path
        case dict():
            for key in part:
                if key not in ("numbers", "version", "rules", "sends", "next", "slope", "slopes", "value", "present"):
                    yield from integers(part[key], (*path, key))
        case _:
            for place, one in enumerate(part):
                yield from integers(one, (*path, place))


def kinds() -> dict[str, tuple[str, Path]]:
    """One number of each sort: the first of those that differ in places of lists alone, but for the family."""
    found: dict[str, tuple[str, Path]] = {}
    for name in TEXTS:
        for path in integers(data(name)["structure"], ("structure",)):
            sort = ".".join("*" if isinstance(key, int) else key for key in path)
            family = data(name)["structure"]["families"][path[2]] if path[1] == "families" else {}
            found.setdefault(f"{name}: {family.get('kind', '')} {sort}", (name, path))
            if family.get("owner") is not None:
                found.setdefault(f"{name}: tied {family['kind']} {sort}", (name, path))
    return found


KINDS = kinds()


def damaged(name: str, path: Path, value: object) -> Any:
    found = copy.deepcopy(data(name))
    *way, last = path
    reduce(lambda part, key: part[key], way, found)[last] = value
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_number_is_refused(kind: str) -> None:
    name, path = KINDS[kind]
    for value in (-1, -(10**9), 10**9, 10**4):
        if value in FREE.get(str(path[-1]), ()):
            continue
        with pytest.raises(PlanError) as refused:
            plan_from_json(damaged(name, path, value))
        assert re.fullmatch(r"not a plan: .*(layer|block|famil|wave|group|phase|sample|network).*", str(refused.value))


def test_every_sort_of_number_is_damaged() -> None:
    """A new whole number in a plan has to be used by one of the networks above."""
    fields = {str(next(key for key in reversed(path) if isinstance(key, str))) for _, path in KINDS.values()}
    parts = (
        LayerPlan,
        BlockPlan,
        EdgePlan,
        FamilyPlan,
        GradientPlan,
        SlotsPlan,
        WindowPlan,
        PhasePlan,
        GroupPlan,
        TimePlan,
    )
    whole = {
        name
        for part in (*parts, Structure, BetweenPlan)
        for name, annotation in part.__annotations__.items()
        if re.search("int|Shape", annotation)
    }
    assert fields == whole


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("density", [2.0], "a density of 'family.{n}.network.family.{m}' is not between 0 and 1"),
        ("density", [0.5], "'family.{n}.network.family.{m}' has absent weights but no mask"),
        ("strength", [1.0, 1.0, 1.0], "has 3 values, not 1"),
    ],
)
def test_a_damaged_number_within_an_edge_is_refused(field: str, value: list[float], sentence: str) -> None:
    found = copy.deepcopy(data("still"))
    key = next(key for key in found["numbers"] if ".network." in key and key.endswith(field))
    n, m = key.split(".")[1], key.split(".")[4]
    found["numbers"][key] = value
    with pytest.raises(PlanError, match=re.escape(sentence.format(n=n, m=m))):
        plan_from_json(found)


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_any_change_gives_a_plan_or_a_plan_error(drawn: st.DataObject) -> None:
    name = drawn.draw(st.sampled_from(sorted(TEXTS)))
    path: Path = ("structure",)
    part = data(name)["structure"]
    while isinstance(part, dict | list) and part and (len(path) == 1 or drawn.draw(st.integers(0, 7)) > 0):
        key = drawn.draw(st.sampled_from(sorted(part) if isinstance(part, dict) else range(len(part))))
        path, part = (*path, key), part[key]
    values = st.none() | st.booleans() | st.integers(-2, 9) | st.just([]) | st.lists(st.integers(-1, 9), max_size=3)
    with suppress(PlanError):
        plan_from_json(damaged(name, path, drawn.draw(values)))
