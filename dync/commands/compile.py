"""`dync compile`: what the compiler made of a network, an artefact, or one of the stages between."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dync.commands.settings import Settings, pairs
from dync.commands.terminal import show

if TYPE_CHECKING:
    from dync.commands.bound_network import BoundNetwork
    from dync.compiler.driver import Compilation
    from dync.compiler.plan import Plan


class Stage(StrEnum):
    """The stages that can be shown, in their order."""

    TOKENS = "tokens"
    TREE = "tree"
    AST = "ast"
    MODEL = "model"
    TOPOLOGY = "topology"
    PLAN = "plan"
    JAXPR = "jaxpr"
    HLO = "hlo"


@dataclass(frozen=True)
class Request:
    """What the user asked for, beside the file."""

    network: str | None
    settings: dict[str, str]
    seed: int | None
    batch: int


def compile_command(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The .dyn file; - reads standard input.")],
    network: Annotated[str | None, typer.Argument(metavar="NETWORK", help="By default all of the file's.")] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="DIR", help="Write an artefact, which `dync run` takes.")
    ] = None,
    settings: Settings = None,
    seed: Annotated[
        int | None,
        typer.Option("--seed", min=0, max=2**31 - 1, help="Draw the weights from it; also the pipelines' seed."),
    ] = None,
    stage: Annotated[Stage | None, typer.Option("--emit", help="Print a stage instead.")] = None,
    batch: Annotated[int, typer.Option("--batch", min=1, max=2**20, help="Examples at once, for jaxpr and hlo.")] = 16,
) -> None:
    """Compile networks, and say what came out: layers, edges, parameters, the order of updates, costs."""
    from dync.commands.spec import load_spec
    from dync.compiled import compilation

    if stage is not None and out is not None:
        raise typer.BadParameter(
            "prints a stage and writes no artefact: leave one of --emit and -o away", param_hint="-o"
        )
    request = Request(network, pairs(settings), seed, batch)
    source = load_spec(file)
    if stage in (Stage.TOKENS, Stage.TREE, Stage.AST):
        from dync.compiler.emit import TEXT_STAGES, emit_text

        (chosen,) = (known for known in TEXT_STAGES if known == stage.value)
        sys.stdout.write(emit_text(chosen, source))
        return
    found = compilation(source).verify()
    show(found.diagnostics)
    if stage is not None:
        _emit(found, stage, request)
    elif out is not None:
        _write(found, request, out)
    else:
        _report(found, request)


def _emit(found: Compilation, stage: Stage, request: Request) -> None:
    from dync.commands.bound_network import bound
    from dync.compiler.emit import MODEL_STAGES, emit_model

    for name in _meant(found, request):
        network = bound(found, name, request.settings)
        known = [one for one in MODEL_STAGES if one == stage.value]
        if known:
            sys.stdout.write(emit_model(known[0], network.model))
        else:
            from dync.commands.lowered import jaxpr, stable_hlo

            lower = jaxpr if stage is Stage.JAXPR else stable_hlo
            sys.stdout.write(lower(network.plan, request.batch))


def _report(found: Compilation, request: Request) -> None:
    """The report of every network that was meant."""
    from dync.commands.bound_network import bound

    for place, name in enumerate(_meant(found, request)):
        print("\n" * bool(place), end="")
        _tell(bound(found, name, request.settings, request.seed))


def _write(found: Compilation, request: Request, out: Path) -> None:
    """An artefact of one network."""
    from dync.commands.bound_network import bound, only
    from dync.runtime.artefact import BoundPipeline, write_artefact

    network = bound(found, only(found, request.network, "to write"), request.settings, request.seed)
    seed = network.seed if request.seed is None else request.seed
    _verify_room(network.plan, out)
    write_artefact(out, network.plan, tuple(BoundPipeline(use.pipeline, use.plan) for use in network.uses), seed)
    _tell(network)
    names = ", ".join(use.pipeline.name for use in network.uses)
    pipelines = f"for {names}" if names else "without a pipeline"
    print(f"written to {out}, {pipelines}; the weights are drawn from seed {seed}")


def _meant(found: Compilation, request: Request) -> tuple[str | None, ...]:
    from dync.commands.bound_network import chosen, only

    if request.settings:
        return (only(found, request.network, "that --set is for"),)
    return chosen(found, request.network)


def _tell(network: BoundNetwork) -> None:
    """The report, and which pipelines have the network with other parameters."""
    from dync.compiler.report.report import report

    sys.stdout.write(report(network.plan))
    for line in network.differing():
        print(f"note: {line}")


def _verify_room(plan: Plan, out: Path) -> None:
    """Raises RunError where the machine has no room for the weights."""
    from dync.compiler.report.report_data import report_data
    from dync.runtime.environment import verify_room

    size = report_data(plan).weights.bytes
    folder = next(place for place in (out.absolute(), *out.absolute().parents) if place.is_dir())
    verify_room(3 * size, 2 * size, folder)
