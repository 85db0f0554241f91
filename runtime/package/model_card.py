"""The model card and the instructions of a package, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import jax

from dync.compiler.notation import text
from dync.compiler.plan import RulePlan
from dync.runtime.activation import is_stochastic
from dync.runtime.checkpoint import package_versions
from dync.runtime.data.content import FileRecord
from dync.runtime.package.contents import Contents, call_text, data_text
from dync.runtime.package.program import Program
from dync.runtime.package.verification import Verification
from dync.runtime.saved_weights import saved_arrays


def model_card(contents: Contents, program: Program, verification: Verification) -> str:
    """What the network is, what it learned from, how well it does and how sure that is, and what it is not for.

    The sections are those of Mitchell and others (2019), Model cards for model reporting.
    """
    sections = [
        f"# {contents.network.name} on {contents.task}",
        _what(contents),
        _section("Data", _data(contents)),
        _section("Measures", _measures(contents)),
        _section("Rules", _rules(contents)),
        _section("Limits", _limits(contents, program)),
        _section("Verified", _verified(verification)),
        _section("Versions", [f"- {name} {version}" for name, version in package_versions()]),
    ]
    return "\n\n".join(sections) + "\n"


def read_me(contents: Contents, program: Program) -> str:
    """How to use the package."""
    inputs, outputs = (contents.network.layers(role) for role in ("input", "output"))
    first = next(iter(inputs))
    return f"""# How to use this package

It needs Python with JAX and NumPy, and nothing else:

    pip install "jax=={jax.__version__}" numpy
    python predict.py inputs.npz outputs.npz

`inputs.npz` holds {_listed(inputs)}; `outputs.npz` gets {_listed(outputs)}. The numbers are 32-bit floats,
prepared as the model card says under Data. From Python:

    from predict import load
    found = load().predict({{"{first}": {first}}})

| file | what it is |
|---|---|
| `predict.py` | reads the program and the arrays, and predicts |
| `program.stablehlo`, `program.json` | the program, and how it is called; for {", ".join(program.platforms)} |
| `weights.npz` | the arrays that the program is given; no pickle |
| `artefact/` | the network and its weights for dync: `dync.load("artefact")` |
| `results.json` | the measures, seeds, intervals and claims |
| `MODEL_CARD.md` | what the network is, and what it is not for |

The program is made by JAX {jax.__version__}. A later JAX may hold programs in another form, and `predict.py` then says
so; the artefact is the form that lasts.
"""


def _listed(layers: Mapping[str, tuple[int, ...]]) -> str:
    return " and ".join(f"`{name}` [examples, {', '.join(map(str, shape))}]" for name, shape in layers.items())


def _section(title: str, lines: Iterable[str]) -> str:
    return "\n".join([f"## {title}", "", *lines])


def _what(contents: Contents) -> str:
    structure = contents.network.plan.structure
    arrays = saved_arrays(contents.orchestrator)
    learned = sum(array.size for name, array in arrays.items() if name.startswith("weights."))
    edges = sum(len(family.edges) for family in structure.families)
    lines = [
        f"The entry `{contents.entry}` of the benchmark `{contents.comparison}`, rank {contents.place['rank']} of its"
        f" leaderboard. {contents.origin}",
        "",
        f"A network of {len(structure.layers)} layers and {edges} edges with {learned:,} stored weights;"
        f" layers move in the order `{structure.schedule}`. This is the one of seed {contents.seed}:"
        f" {contents.why_this_seed}",
    ]
    if contents.training is not None:
        length = f"{contents.training.epochs} epochs"
        if contents.training.updates is not None:
            length = f"{contents.training.updates} updates"
        lines += [
            "",
            f"Trained for {length} in batches of {contents.training.batch} with"
            f" `{call_text(contents.training.optimizer)}`.",
        ]
    return "\n".join(lines)


def _data(contents: Contents) -> list[str]:
    parts = ", ".join(f"{name} {part.examples}" for name, part in contents.dataset.parts.items())
    lines = [
        f"    {data_text(contents.data)}",
        "",
        f"Examples: {parts}. SHA-256 of the content: `{contents.dataset.digest}`.",
    ]
    return lines + [_file(record) for record in contents.dataset.files]


def _file(record: FileRecord) -> str:
    facts: Mapping[str, Any] = vars(record)
    return "- " + ", ".join(f"{name} `{value}`" for name, value in facts.items())


def _measures(contents: Contents) -> list[str]:
    summary, metric = contents.summary, contents.metric
    interval = summary["interval"]
    ends = "" if interval is None else f", 95% interval of the mean {interval[0]:.4g} to {interval[1]:.4g}"
    lines = [
        f"{metric.part}.{metric.measure} over {summary['seeds']} training seeds: mean {summary['mean']:.4g}, standard"
        f" deviation {_shown(summary['std'])}{ends}. {summary['failed']} of the seeds failed; a failed one counts as"
        " the worst there is.",
        "",
        "| part | measure | this network |",
        "|---|---|---|",
    ]
    lines += [
        f"| {part} | {name} | {value:.4g} |"
        for part, found in contents.measures.items()
        for name, value in found.items()
    ]
    if contents.claims:
        lines += ["", "Claims made before the run:", ""]
        lines += [f"- {claim['text']}: **{claim['verdict']}**. {claim['why']}" for claim in contents.claims]
    return lines


def _shown(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.4g}"


def _rules(contents: Contents) -> list[str]:
    found = [f"- `{rule.name}`: {'; '.join(_equations(rule))}" for rule in contents.network.plan.structure.rules]
    return found or ["No edge of it learns."]


def _equations(rule: RulePlan) -> list[str]:
    """What its traces become, then its update, as the language writes them."""
    traces = [f"{trace.name} = {text(trace.next)}" for trace in (*rule.sender_traces, *rule.receiver_traces)]
    return [*traces, f"Δw = {text(rule.update)}"]


def _limits(contents: Contents, program: Program) -> list[str]:
    lines = [
        "- The measures are of these data alone: data of another origin may give others.",
        "- The interval is over training seeds with the same test part, so it says nothing of other test examples.",
        f"- The program runs on {', '.join(program.platforms)}; the bits are those of a CPU.",
    ]
    if is_stochastic(contents.network.plan.structure):
        lines.append("- The network draws random numbers: the same `--seed` gives the same prediction.")
    if contents.place["not_told_apart_from"]:
        others = ", ".join(contents.place["not_told_apart_from"])
        lines.append(f"- The benchmark does not tell it apart from {others}.")
    if contents.place["rank"] > 1:
        lines.append("- A baseline stands above it on the leaderboard.")
    return lines


def _verified(found: Verification) -> list[str]:
    return [
        f"`predict.py` was run by itself, able to import only {', '.join(found.allowed)}, on {found.examples} random"
        f" examples (seed {found.seed}, {found.platform}): every bit was that of the network itself."
    ]
