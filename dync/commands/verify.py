"""`dync verify`: whether rules are computed as they are written, whatever the batch, and local."""

from __future__ import annotations

from typing import Annotated

import typer

from dync.commands.check import Format
from dync.commands.settings import Settings, pairs


def verify(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE... [NETWORK]",
            help="The .dyn files; a folder means all that are in it, - reads standard input. NETWORK is one of theirs,"
            " by default all.",
        ),
    ],
    settings: Settings = None,
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**31 - 1, help="What the values are drawn from.")] = 0,
    form: Annotated[Format, typer.Option("--format", help="For people, or one JSON document for tools.")] = Format.TEXT,
) -> None:
    """Verify the rules of networks on random values: each learning edge in three ways.

    The compiled update against the rule as it is written, synapse by synapse in double precision; the update of a batch
    against those of its parts, where the rule promises that; and that nothing reaches the update but what is at the two
    ends of the edge, in the plan and in the compiled program.
    """
    from dync.commands.verifying import Request, names_of, verify_as_json, verify_as_text

    files, network = names_of(words)
    if not files:
        raise typer.BadParameter(f"{network} is a network: which file?", param_hint="FILE")
    request = Request(files, network, pairs(settings), seed)
    raise typer.Exit(verify_as_json(request) if form is Format.JSON else verify_as_text(request))
