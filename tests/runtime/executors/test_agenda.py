"""A group's mode is decided once, before any of its portions is given out."""

from lanes_of_iris import baselines, lane, several

from dync.runtime.executors.agenda import Agenda
from dync.runtime.lanes.decision import Decision
from dync.runtime.lanes.groups import groups

FAST = Decision("fast", "it is", {"fast": 0.1, "off": 0.2})


def taken(agenda):
    """All that can be given out now."""
    return list(iter(agenda.next, None))


def names(portion):
    return [one.name for one in portion.lanes]


def test_a_group_waits_until_one_worker_has_measured_it():
    lanes, said, decisions = [*several(4), lane("alone", hidden=7)], [], {}
    (key, *_) = (group.key for group in groups(lanes))
    agenda = Agenda(lanes, "auto", 2, decisions, said.append)
    measuring, alone = taken(agenda)
    assert (measuring.measures, names(measuring)) == (key, ["lane 0", "lane 1"])
    assert (alone.measures, names(alone)) == (None, ["alone"])  # there is nothing to train it beside
    assert agenda
    agenda.measured(measuring, {key: FAST})
    assert decisions == {key: FAST}
    assert [names(portion) for portion in taken(agenda)] == [["lane 0", "lane 1"], ["lane 2", "lane 3"]]
    assert not agenda
    assert said == ["4 trainings of Flowers run as `fused fast`: it is"]


def test_what_is_decided_is_not_measured_again():
    lanes, said = several(4), []
    decisions = {groups(lanes)[0].key: FAST}
    agenda = Agenda(lanes, "auto", 2, decisions, said.append)
    assert [portion.measures for portion in taken(agenda)] == [None, None]
    assert said == []
    again = Agenda(lanes, "exact", 2, {}, said.append)
    assert [portion.measures for portion in taken(again)] == [None, None]


def test_where_every_worker_has_one_lane_nothing_is_measured_and_that_is_decided():
    lanes, said, decisions = several(3), [], {}
    agenda = Agenda(lanes, "auto", 3, decisions, said.append)
    assert [portion.measures for portion in taken(agenda)] == [None] * 3
    assert [decision.mode for decision in decisions.values()] == ["off"]
    assert len(said) == 1


def test_a_group_that_cannot_be_trained_is_given_out_to_fail():
    lanes = [lane(f"lane {n}", seed=n, optimizer="no_such_optimizer") for n in range(2)]
    agenda = Agenda(lanes, "auto", 1, {}, print)
    (measuring,) = taken(agenda)
    agenda.measured(measuring, {})
    (portion,) = taken(agenda)
    assert names(portion) == ["lane 0", "lane 1"]


def test_what_ends_whoever_measures_it_trains_one_by_one():
    said, decisions = [], {}
    agenda = Agenda(several(4), "auto", 2, decisions, said.append)
    (first,) = taken(agenda)
    (second,) = first.again("killed")
    agenda.add([second])
    (third,) = taken(agenda)[0].again("killed")
    assert third.lanes == first.lanes  # not cut into single lanes: nobody waits for their results
    agenda.unmeasured(third)
    (decision,) = decisions.values()
    assert (decision.mode, decision.why) == ("off", "the worker that measured the modes ended in each of 2 attempts")
    assert "fused off" in said[0]
    assert len(taken(agenda)) == 2


def test_baselines_have_no_modes():
    agenda = Agenda(baselines(), "auto", 1, {}, print)
    found = taken(agenda)
    assert all(portion.measures is None for portion in found)
    assert sorted(map(len, map(names, found))) == [1, 1, 1, 1, 2]
