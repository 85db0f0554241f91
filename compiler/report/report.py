"""What `dync compile` prints of a network, for a researcher to read in a minute."""

from __future__ import annotations

from typing import assert_never

from dync.compiler.plan import Plan, ScheduleKind
from dync.compiler.report.folding import listed
from dync.compiler.report.report_data import FamilyReport, LayersReport, PhaseReport, Report, report_data
from dync.compiler.report.text_table import about, counted, size, table


def report(plan: Plan) -> str:
    """The whole report: layers, edges, stacking, the order of updates, loops, phases and costs. Ends with a newline."""
    return report_text(report_data(plan))


def waves_report(plan: Plan) -> str:
    """The part of the report that says what runs in which order and who reads whom. Ends with a newline."""
    return "\n".join(_updates(report_data(plan))) + "\n"


def report_text(data: Report) -> str:
    """The text of a report that was made before. Ends with a newline."""
    sections = [
        _summary(data), _layers(data), _edges(data), _stacking(data), _updates(data), _loops(data), _phases(data),
    ]  # fmt: skip
    return "\n\n".join("\n".join(section) for section in sections if section) + "\n"


def _summary(data: Report) -> list[str]:
    layers = counted(sum(row.count for row in data.layers), "layer")
    edges = counted(sum(family.edges for family in data.families), "edge")
    exact = _exact(data)
    weights = about(data.weights.present, exact), about(data.weights.learning, exact)
    lines = [
        f"network {data.network}: {layers}, {edges}, {data.schedule}",
        f"  parameters   {weights[0]} weights, of which {weights[1]} learn",
        f"  memory       {size(data.weights.bytes)} of weights (float32{_absent(data)})",
        f"  a step       {about(data.multiply_adds, exact)} multiply-adds an example,"
        f" {size(data.step_bytes)} of weights read, {counted(data.levels, 'update')} one after another",
    ]
    if data.readout:
        lines.append(f"  read-out     {about(data.readout, exact)} multiply-adds an example")
    if data.history:
        lines.append(f"  history      {size(data.history)} an example, for messages with a delay")
    if data.over_time:
        between = "carried on" if data.carry else "reset"
        skipped = f", {counted(data.skip, 'sample')} skipped" if data.skip else ""
        lines.append(f"  over time    {listed(data.over_time)}{skipped}, the state {between} between sequences")
    if data.dead:
        lines.append(f"  dead         {listed(data.dead)}: no output is reached from there")
    return lines


def _absent(data: Report) -> str:
    """How much of the memory is room for absent weights."""
    if _exact(data):
        return ""
    spare = 1 - data.weights.present / data.weights.stored
    return f", {spare:.0%} of it room for absent ones and places of those that exist"


def _exact(data: Report) -> bool:
    return all(family.density is None for family in data.families)


def _layers(data: Report) -> list[str]:
    return ["layers", *table([_layer(row) for row in data.layers], right={2})]


def _layer(row: LayersReport) -> list[str]:
    units = " x ".join(map(str, row.shape))
    count = f"x {row.count:,}" if row.count > 1 else ""
    start = f"starts from {row.start}" if row.start else ""
    return [listed(row.names), row.role, f"({units})", count, row.activation or "", start]


def _edges(data: Report) -> list[str]:
    if not data.families:
        return []
    head = ["", "", "", "", "edges", "weights", "learning"]
    return ["edges", *table([head, *map(_family, data.families)], right={4, 5, 6})]


def _family(family: FamilyReport) -> list[str]:
    kind = [family.kind, _between("density", family.density), _between("diagonal", family.diagonal)]
    exact, unknown = family.density is None, family.kind.startswith("python ")
    return [
        f"{listed(family.senders, 3)} -> {listed(family.receivers, 3)}",
        family.direction,
        ", ".join(part for part in kind if part),
        family.rule or "fixed",
        f"{family.edges:,}",
        "?" if unknown else about(family.weights.present, exact),
        "-" if not family.rule else "?" if unknown else about(family.weights.learning, exact),
    ]


def _between(name: str, values: tuple[float, float] | None) -> str:
    if values is None:
        return ""
    low, high = values
    return f"{name} {low:g}" if low == high else f"{name} {low:g}..{high:g}"


def _stacking(data: Report) -> list[str]:
    rows = [
        [listed(block.layers), f"[{block.members}, batch, {block.units}]"] for block in data.blocks if block.members > 1
    ]
    return ["stacked into one array", *table(rows)] if rows else []


def _updates(data: Report) -> list[str]:
    waves = counted(len(data.waves), "wave")
    lines = [f"order of updates: {data.schedule}, {waves}, {counted(data.levels, 'level')}", *_waves(data)]
    if data.held:
        lines.append(f"  held in every phase: {listed(data.held)}")
    if not data.reads:
        return lines
    head = ["reads", "new state of", "old state of", "held"]
    rows = [
        [
            r.receivers + (" (read-out)" if r.readout else ""),
            *(listed(senders) or "-" for senders in (r.new, r.old, r.held)),
        ]
        for r in data.reads
    ]
    return [*lines, "", *table([head, *rows])]


def _waves(data: Report) -> list[str]:
    if not data.moving:
        return ["  no layer moves"]
    match data.schedule:
        case "sequential":
            return [f"  one layer after another: {listed(data.moving)}"]
        case "synchronous":
            return [f"  all at once, from the state before the step: {listed(data.moving)}"]
        case "grouped":
            return table([[f"wave {number}", listed(wave)] for number, wave in enumerate(data.waves, 1)])
        case _:
            assert_never(data.schedule)


def _loops(data: Report) -> list[str]:
    if not data.loops:
        return ["loops: none, nothing goes round"]
    rows = [
        [
            listed(loop.layers),
            counted(loop.size, "layer"),
            counted(loop.arcs, "edge"),
            f"old state read on {len(loop.broken_by):,}: {listed([f'{s} -> {r}' for s, r in loop.broken_by], 3)}",
        ]
        for loop in data.loops
    ]
    return [f"loops, broken by {_breaker(data.schedule)}", *table(rows, right={1, 2})]


def _breaker(schedule: ScheduleKind) -> str:
    match schedule:
        case "sequential":
            return "the order of the layers: each hears the old state of itself and of later ones"
        case "synchronous":
            return "the step: all layers hear the state from before it"
        case "grouped":
            return "the waves: each layer hears the old state of its own wave and of later ones"
        case _:
            assert_never(schedule)


def _phases(data: Report) -> list[str]:
    if not data.phases:
        return []
    head = ["phase", "steps", "messages", "clamped", "levels", "multiply-adds a step"]
    lines = table([head, *(_phase(phase, _exact(data)) for phase in data.phases)], right={4, 5})
    rows = [
        [
            protocol.name,
            listed(protocol.phases, 8) + (", read-out" if protocol.readout else ""),
            counted(protocol.steps, "step"),
            f"{about(protocol.multiply_adds, _exact(data))} multiply-adds an example",
        ]
        for protocol in data.protocols
    ]
    return ["phases", *lines, *([""] if rows else []), *table(rows, right={2})]


def _phase(phase: PhaseReport, exact: bool) -> list[str]:
    steps = (
        f"{phase.steps:,}" if phase.within is None else f"until settled within {phase.within:g}, max {phase.steps:,}"
    )
    steps += " per sample" if phase.per_sample else ""
    messages = phase.messages + (f" except {listed(phase.silent)}" if phase.silent else "")
    adds = about(phase.multiply_adds, exact)
    name = phase.name + (f" from {phase.origin}" if phase.origin else "")
    soft = listed([f"{layer} by {strength:.4g}" for layer, strength in phase.soft])
    held = "; ".join(part for part in (listed(phase.clamped), soft) if part)
    return [name, steps, messages, held or "-", f"{phase.levels:,}", adds]
