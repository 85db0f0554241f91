"""The largest network that a sweep can come to."""

from dync.compiler.pipeline_plan import Choices, Interval, SearchPlan
from dync.runtime.sweep.largest import largest
from tests.runtime.sweep.sweeps import HIDDEN, RATE, STRENGTH, binder, sweep


def hidden(bound):
    (layer,) = (layer for layer in bound[1].structure.layers if layer.name == "h")
    return layer.units


def test_the_ends_of_every_space_are_tried(tmp_path):
    bind = binder(tmp_path)
    wide = SearchPlan("network.hidden", Interval(2, 64, False, None, True))
    first = {"network.hidden": "3", "network.strength": "1.0"}
    assert hidden(largest(sweep(search=(RATE, STRENGTH, wide)), bind, first)) == 64
    assert hidden(largest(sweep(search=(HIDDEN, RATE)), bind, {"network.hidden": "4"})) == 6
    assert hidden(largest(sweep(search=(RATE,)), bind, {})) == 6


def test_what_is_impossible_is_left_out(tmp_path):
    """`hidden` may be 64 at most."""
    some = SearchPlan("network.hidden", Choices(("4", "100000", "8")))
    assert hidden(largest(sweep(search=(some,)), binder_of_run(tmp_path), {"network.hidden": "4"})) == 8


def binder_of_run(folder):
    """As the front door binds: what is impossible is a RunError."""
    from dync.grammar.diagnostic import DiagnosticError
    from dync.runtime.error import RunError

    bind = binder(folder)

    def found(changes):
        try:
            return bind(changes)
        except DiagnosticError as error:
            raise RunError("impossible") from error

    return found
