"""Time in the compiler: from the text to the plan, what is printed of it, and which plans are refused."""

import copy
import re

import pytest

from dync.compiler.driver import bind, compile_source, plan_of
from dync.compiler.plan_json import PlanError, plan_from_json, plan_to_json
from dync.compiler.report.model_text import model_text
from dync.compiler.report.report import report
from dync.compiler.time_plan import TimePlan
from dync.grammar.source import Source

TEXT = """
network Echo {
  param transient = 7
  input  u (3) over time
  input  task (2)
  layer  h (4) tanh
  output y (1) tanh over time
  edge u -> h dense
  edge task -> h dense
  edge h -> y dense learn delta
  phase wake { steps 2 }
  phase listen { steps 1 per sample }
  phase rest { until settled max 5 per sample }
  train wake, listen, rest
  infer listen
  skip transient
}
"""


def plan(text=TEXT, **arguments):
    return plan_of(bind(compile_source(Source("echo.dyn", text)).verify(), "Echo", arguments))


def test_the_plan_says_what_is_over_time():
    assert plan().structure.time == TimePlan(layers=(0, 3), phases=(1, 2), skip=7, carry=False)
    assert plan(transient=0).structure.time == TimePlan(layers=(0, 3), phases=(1, 2), skip=0, carry=False)
    everything = TEXT.replace("task (2)", "task (2) over time").replace("skip", "between sequences carry skip")
    assert plan(everything).structure.time == TimePlan(layers=(0, 1, 3), phases=(1, 2), skip=7, carry=True)


def test_a_network_without_time_has_the_plan_that_it_had():
    found = plan_to_json(plan(_still()))
    assert "time" not in found["structure"]
    assert plan_from_json(found).structure.time is None


def test_a_plan_over_time_can_be_read_back():
    movement = re.compile(r"^ *(phase|train|infer|skip|between) .*\n", re.MULTILINE)
    for made in (plan(), plan(movement.sub("", TEXT))):  # a network that only says what is joined is one too
        found = plan_to_json(made)
        assert plan_from_json(found) == made
        assert plan_from_json(found).digest == made.digest


DAMAGE = [
    ({"layers": [0, 2]}, "a layer over time is no input and no output"),
    ({"layers": []}, "the layers over time are missing"),
    ({"layers": [3, 0]}, "the layers over time are not in order"),
    ({"layers": [0, 99]}, "the layers over time are not there"),
    ({"phases": [1]}, "no phase at the end of train runs per sample"),
    ({"phases": [0, 2]}, "a phase of train that runs once follows one that runs per sample"),
    ({"phases": [1, 2, 3]}, "the phases per sample are not there"),
    ({"skip": -1}, "-1 samples cannot be skipped"),
    ({"skip": 2**31}, "2147483648 samples cannot be skipped"),
    ({"skip": True}, "expected int, found True"),
    ({"carry": True}, "the state carries on past a layer that is not over time"),
    ({"pace": 3}, "TimePlan has the fields"),
]


@pytest.mark.parametrize(("change", "sentence"), DAMAGE, ids=[sentence for _, sentence in DAMAGE])
def test_damage_is_named(change, sentence):
    data = copy.deepcopy(plan_to_json(plan()))
    data["structure"]["time"] |= change
    with pytest.raises(PlanError) as caught:
        plan_from_json(data)
    assert sentence in str(caught.value)


def test_the_report_tells_of_time():
    lines = report(plan()).splitlines()
    assert "  over time    u, y, 7 samples skipped, the state reset between sequences" in lines
    (listen,) = (line for line in lines if line.split()[:1] == ["listen"])
    (rest,) = (line for line in lines if line.split()[:1] == ["rest"])
    assert "1 per sample" in listen
    assert "max 5 per sample" in rest
    assert not any("over time" in line for line in report(plan(_still())).splitlines())


def _still():
    return TEXT.replace(" over time", "").replace(" per sample", "").replace("  skip transient\n", "")


def test_the_model_tells_of_time():
    text = model_text(bind(compile_source(Source("echo.dyn", TEXT)).verify(), "Echo", {}))
    assert "  input u (3) over time\n" in text
    assert "  output y (1) tanh over time\n" in text
    assert "  phase listen { steps 1 per sample messages all clamp u, task, y }\n" in text
    assert "  skip 7\n  between sequences reset\n" in text
