"""The networks of a run: their topology, their rules as equations, and the spec."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from typing import Final

from dync.compiler.notation import text
from dync.compiler.plan import ActivationPlan, FamilyPlan, Plan
from dync.runtime.report.blocks import Block, Cell, Code, Equation, Equations, Picture, Prose, Section, Table, head
from dync.runtime.report.fields import Field, clean_text
from dync.runtime.report.formula import mathml
from dync.runtime.report.highlight import MOST_LINES, highlighted
from dync.runtime.report.run_data import RunData
from dync.runtime.report.wording import counted, cut, number, shown

Draw = Callable[[Plan], str]
"""Makes a picture, as SVG, of a plan: the front door knows how."""

MOST_EQUATIONS: Final = 24
MOST_USES: Final = 12
LONGEST_TEXT: Final = 4000


def network(run: RunData, draw: Draw | None) -> Section | None:
    """Pictures and equations of the run's plans."""
    blocks: list[Block] = [*_pictures(run, draw)]
    for names, equations in _computed(run.plans).items():
        blocks.append(Prose(f"What {names} computes", "soft"))
        blocks.append(Equations(equations))
    blocks += [Prose(f"A plan of this run cannot be shown: {why}", "warn") for why in run.unread]
    return Section("network", "Network", tuple(blocks)) if blocks else None


def _computed(plans: Sequence[Plan]) -> dict[str, tuple[Equation, ...]]:
    """The equations of networks by their names; what differs in sizes alone is said once."""
    found: dict[str, tuple[Equation, ...]] = {}
    for plan in plans:
        equations = tuple([*_rules(plan), *_activations(plan)][:MOST_EQUATIONS])
        if equations and equations not in found.values():
            name = plan.structure.network
            number = sum(known == name or known.startswith(f"{name}, ") for known in found)
            found[name if not number else f"{name}, with other numbers ({number + 1}),"] = equations
    return found


def _pictures(run: RunData, draw: Draw | None) -> list[Block]:
    if draw is not None and run.plans:
        return [_picture(plan, draw(plan).encode("utf-8", "replace")) for plan in run.plans]
    if run.topology is not None:
        return [Picture("Topology", _title(run.topology), _address(run.topology))]
    return []


def _picture(plan: Plan, drawn: bytes) -> Picture:
    structure = plan.structure
    edges = sum(len(family.edges) for family in structure.families)
    listed = cut(", ".join(layer.name for layer in structure.layers), 200)
    alt = (
        f"Topology of {structure.network}: {counted(len(structure.layers), 'layer')} ({listed}),"
        f" {counted(edges, 'edge')}."
    )
    units = ", ".join(f"{layer.name} {'×'.join(map(str, layer.shape))}" for layer in structure.layers)
    return Picture(f"{structure.network}: {cut(units, 80)}", alt, _address(drawn))


def _title(drawn: bytes) -> str:
    """What an SVG says of itself."""
    found = re.search(rb"<title>([^<]{1,500})</title>", drawn[:20_000])
    return clean_text(found.group(1).decode("utf-8", "replace")) if found else "The topology of the network"


def _address(drawn: bytes) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(drawn).decode()}"


def _rules(plan: Plan) -> list[Equation]:
    structure = plan.structure
    found = []
    for place, rule in enumerate(structure.rules):
        families = [(n, family) for n, family in enumerate(structure.families) if family.rule == place]
        uses = tuple(_use(plan, number_of, family) for number_of, family in families)[:MOST_USES]
        ends = (("sender", rule.sender_traces), ("receiver", rule.receiver_traces))
        traces = [f"trace of the {end}: {t.name} = {text(t.next)}" for end, own in ends for t in own]
        uses = (*(cut(trace, LONGEST_TEXT) for trace in traces), *uses)
        said = f"Δweight = {text(rule.update)}"
        found.append(Equation(f"rule {rule.name}", mathml("Δ weight", rule.update), cut(said, LONGEST_TEXT), uses))
    return found


def _use(plan: Plan, place: int, family: FamilyPlan) -> str:
    """`x -> h[1], rate 0.3, margin 1`: where a rule holds, and with what numbers."""
    layers = plan.structure.layers
    names = [f"{layers[edge.sender].name} → {layers[edge.receiver].name}" for edge in family.edges]
    shown_names = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    facts = []
    for key, values in plan.numbers.items():
        if key == f"family.{place}.rate" or key.startswith(f"family.{place}.rule."):
            distinct = list(dict.fromkeys(values))
            facts.append(f"{key.rpartition('.')[2]} {', '.join(number(value) for value in distinct[:4])}")
    taken = [plan.structure.phases[family.during].name] if family.during is not None else []
    return "; ".join(
        [shown_names, *(f"by {name}" for name in family.modulators), *(f"during {p}" for p in taken), *facts]
    )


def _activations(plan: Plan) -> list[Equation]:
    structure = plan.structure
    found: dict[str, list[Equation]] = {}
    for block in structure.blocks:
        if block.activation is not None and block.activation.name not in found:
            same = [b for b in structure.blocks if b.activation == block.activation]
            names = [structure.layers[layer].name for b in same for layer in b.layers]
            uses = (cut(", ".join(names[:12]) + (" …" if len(names) > 12 else ""), 200),)
            found[block.activation.name] = _equations(block.activation, uses)
    return [equation for equations in found.values() for equation in equations]


def _equations(activation: ActivationPlan, uses: tuple[str, ...]) -> list[Equation]:
    """What the state becomes, what the traces become, and what is sent where that is something else."""
    sides = [("state", activation.next), *((trace.name, trace.next) for trace in activation.traces)]
    sides += [] if activation.sends_state else [("sent", activation.sends)]
    title = f"activation {activation.name}"
    return [Equation(title, mathml(s, e), cut(f"{s} = {text(e)}", LONGEST_TEXT), uses) for s, e in sides]


def spec(run: RunData, same_as: str = "") -> Section | None:
    """The text of the run, unless it is the same as that of an earlier one on the page, and the settings of the
    pipeline after everything was put in."""
    blocks: list[Block] = []
    if same_as:
        blocks.append(Prose(f"The .dyn file is the one that stands at {shown(same_as, 60)}, above.", "soft"))
    elif run.source is not None and run.source.strip():
        lines = highlighted(run.source)
        more = run.source.rstrip("\n").count("\n") + 1 - len(lines)
        note = f"Only the first {MOST_LINES} lines are shown." if more > 0 else ""
        blocks.append(Code("The .dyn file", lines, note))
    rows = tuple(
        (Cell(key.replace("_", " ")), Cell(setting(value), form="code"))
        for key, value in run.spec.fields().items()
        if key not in ("base", "name") or (key == "base" and run.kind == "sweep")
        if value.present()
    )
    if rows:
        blocks.append(Table("Settings of the pipeline, resolved", head("setting", "value"), rows))
    return Section("spec", "Spec", tuple(blocks)) if blocks else None


def setting(found: Field) -> str:
    """A setting as the language writes it, as far as it can be told: `sgd(learning_rate = 0.1)`."""
    return cut(_setting(found.value, 0), 600)


def _setting(value: object, depth: int) -> str:
    if depth > 6:
        return "…"
    match value:
        case {"name": str(name), "positional": list(positional), "named": dict(named)}:
            arguments = [_setting(item, depth + 1) for item in positional]
            arguments += [f"{key} = {_setting(item, depth + 1)}" for key, item in named.items()]
            return f"{name}({', '.join(arguments)})" if arguments else name
        case {"source": dict(source), "transforms": list(transforms)}:
            return " then ".join(_setting(item, depth + 1) for item in [source, *transforms])
        case {"part": str(part), "measure": str(measure)}:
            return f"{part}.{measure}"
        case dict():
            said = [(key, item) for key, item in list(value.items())[:60] if item is not None]
            inner = (f"{key} = {_setting(item, depth + 1)}" for key, item in said)
            return ", ".join(inner) if depth == 0 else f"{{ {', '.join(inner)} }}"
        case list():
            return ", ".join(_setting(item, depth + 1) for item in value[:100])
    return shown(value)
