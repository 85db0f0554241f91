from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from dync.compiler.planning.planner import plan
from dync.compiler.report.cost import cost_of_readout, cost_of_step, moving, moving_ever, weights_of_family
from dync.compiler.report.folding import fold_names, listed
from dync.compiler.report.reads import Reads, who_reads_whom
from dync.compiler.report.report import report, waves_report
from dync.compiler.report.report_data import report_data
from dync.compiler.report.text_table import about, counted, size, table

REPORTS = Path(__file__).parent / "reports"


@pytest.fixture
def examples(digits_model: Any, network: Any) -> Any:
    memory = network("Memory", "synchronous").input("cue", 100).layer("m", 100, start="cue")
    memory.edge("m -> m", learn="hebbian", diagonal=0.0).phase("free", 50, within=1e-6, clamped=("cue",))
    plain = network("Plain").constant("one", 1, 1.0).input("x", (28, 28)).input("unused", 3).output("y", 10)
    plain.edge("x -> y", learn="hebbian").edge("one -> y", label="bias")
    return {
        "digits": digits_model(2),
        "digits_1000": digits_model(1000),
        "digits_grouped_64": digits_model(64, schedule="grouped"),
        "memory": memory.model(infer=("free",)),
        "plain": plain.model(),
    }


@pytest.mark.parametrize("name", ["digits", "digits_1000", "digits_grouped_64", "memory", "plain"])
def test_reports_read_as_before(examples: Any, name: Any) -> None:
    golden, found = REPORTS / f"{name}.txt", report(plan(examples[name]))
    if os.environ.get("DYNC_UPDATE"):
        golden.write_text(found, encoding="utf-8")
    assert found == golden.read_text(encoding="utf-8")


def test_the_waves_are_a_part_of_the_report(examples: Any) -> None:
    result = plan(examples["digits"])
    assert waves_report(result) in report(result)


def test_names_fold() -> None:
    assert fold_names(["x", *(f"h[{i}]" for i in (1, 2, 3, 5, 8))]) == ("x", "h[1..3]", "h[5]", "h[8]")
    assert fold_names([f"h[{i}]" for i in range(2, 10, 2)]) == ("h[2,4..8]",)
    assert fold_names(["h[3]", "h[1]", "h[2]", "h", "h[2]"]) == ("h[1..3]",)
    assert fold_names([]) == ()
    assert listed(list("abcdef")) == "a, b, c, d, e, f"
    assert listed(list("abcdefgh"), 3) == "a, b, c and 5 more"


def reads(model: Any) -> Any:
    structure = plan(model).structure
    return who_reads_whom(structure, moving(structure))


def test_ends_of_ranges_may_move_along_or_stay(network: Any) -> None:
    net = network().input("x", 2).array("h", 6, 2)
    for i in range(1, 7):
        net.edge(f"x -> h[{i}]")
        for j in range(1, 7):
            if i != j:
                net.edge(f"h[{i}] -> h[{j}]")
    assert reads(net.model()) == (
        Reads("h[1]", (), ("h[2..6]",), ("x",), False),
        Reads("h[i], i in 2..5", ("h[1..i-1]",), ("h[i+1..6]",), ("x",), False),
        Reads("h[6]", ("h[1..5]",), (), ("x",), False),
    )


def test_layers_of_other_arrays_are_told_relative_or_absolute(network: Any) -> None:
    net = network().array("h", 6, 2).array("g", 6, 2)
    for i in range(1, 7):
        net.edge(f"h[{i}] -> g[{i}]").edge(f"g[6] -> h[{i}]")
    assert reads(net.model()) == (
        Reads("h[1..6]", (), ("g[6]",), (), False),
        Reads("g[i], i in 1..6", ("h[i]",), (), (), False),
    )


def test_every_reader_is_told_once(network: Any) -> None:
    net = network().array("h", 12, 2).layer("a", 2)
    for i in range(1, 13):
        net.edge(f"h[{i}] -> h[{(i * i) % 12 + 1}]", label=str(i)).edge(f"a -> h[{i}]")
    net.edge("h[1] -> a")
    told = [r.receivers for r in reads(net.model())]
    assert len(set(told)) == len(told) and "a" in told


def test_multiply_adds_and_weights_add_up(network: Any) -> None:
    net = network().input("x", 5).layer("h", 8).output("y", 3).edge("x -> h", density=0.5).edge("h -> h", diagonal=0.9)
    net.edge("h -> y", learn="hebbian").edge("y -> h")
    result = plan(net.model())
    assert cost_of_step(result).multiply_adds == 5 * 8 * 0.5 + 8 * 8 + 3 * 8
    assert cost_of_readout(result) == 8 * 3
    total = report_data(result).weights
    assert (total.stored, total.present, total.learning) == (40 + 64 + 24 + 24, 20 + 64 + 24 + 24, 24)
    assert total.bytes == 4 * total.stored


def test_a_diagonal_is_present_whatever_the_density_and_does_not_learn(network: Any) -> None:
    result = plan(network().layer("h", 10).edge("h -> h", density=0.1, diagonal=0.5, learn="hebbian").model())
    (weights,) = weights_of_family(result, 0)
    assert (weights.stored, weights.present, weights.learning) == (100, 10 + 9, 9)


def test_one_to_one_is_one_weight_until_it_learns(network: Any) -> None:
    net = (
        network().layer("a", 6).layer("b", 6).edge("a -> b", "one_to_one").edge("b -> a", "one_to_one", learn="hebbian")
    )
    result = plan(net.model())
    assert [weights_of_family(result, n)[0].present for n in (0, 1)] == [1, 6]
    assert cost_of_step(result).multiply_adds == 12


@pytest.mark.parametrize(("schedule", "levels"), [("sequential", 64), ("synchronous", 1), ("grouped", 2)])
def test_levels_are_the_longest_path_over_new_states(digits_model: Any, schedule: Any, levels: Any) -> None:
    assert report_data(plan(digits_model(64, schedule=schedule))).levels == levels


def test_independent_layers_are_one_level_in_any_order(network: Any) -> None:
    net = network().input("x", 2)
    for i in range(9):
        net.layer(f"l{i}", 2).edge(f"x -> l{i}")
    assert report_data(plan(net.model())).levels == 1


def test_phases_count_what_they_send_and_move(network: Any) -> None:
    net = network().input("x", 2).layer("h", 3).output("y", 5).edge("x -> h").edge("h -> y").edge("y -> h")
    net.phase("clamped", 1).phase("free", 2, clamped=("x",)).phase("deaf", 3, silent=("y",))
    net.phase("causal", 4, "forward").phase("back", 5, "backward")
    result = plan(net.model(train=("clamped", "free"), infer=("causal",)))
    data = report_data(result)
    assert [phase.multiply_adds for phase in data.phases] == [21, 36, 6, 6, 15]
    assert [phase.levels for phase in data.phases] == [1, 2, 1, 1, 1]
    assert [(p.steps, p.multiply_adds) for p in data.protocols] == [(3, 21 + 2 * 36), (4, 4 * 6 + 15)]
    assert moving_ever(result.structure) == {1, 2}


def test_tables_and_counts() -> None:
    assert table([["a", "", "1"], ["bb", "", "10"]], right={2}) == ["  a    1", "  bb  10"]
    assert table([["a"]] * 30, most=2) == ["  a", "  a", "  ... and 28 more"]
    assert table([]) == []
    assert (counted(1, "layer"), counted(2000, "layer")) == ("1 layer", "2,000 layers")
    assert (about(1234.5), about(1234.6, exact=False)) == ("1,234", "~1,235")
    assert [size(n) for n in (12, 999, 1000, 99_960, 1_500_000, 10**12)] == [
        "12 B", "999 B", "1 kB", "100 kB", "1.5 MB", "1 TB",
    ]  # fmt: skip
