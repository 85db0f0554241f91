"""`dync graph`: a picture of a network's topology."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dync.commands.settings import Settings, pairs
from dync.commands.terminal import show


def graph(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The .dyn file; - reads standard input.")],
    network: Annotated[str | None, typer.Argument(metavar="NETWORK", help="The only one may be left out.")] = None,
    *,
    out: Annotated[
        Path,
        typer.Option("-o", "--out", metavar="PICTURE", help="Its ending says the form: .svg .html .dot .mmd .graphml."),
    ],
    settings: Settings = None,
) -> None:
    """Draw a network: layers, edges, directions, what learns. The pictures need nothing from elsewhere."""
    from dync.commands.bound_network import bound, only
    from dync.commands.spec import load_spec
    from dync.compiled import compilation
    from dync.compiler.picture.draw import FORMATS, draw
    from dync.runtime.files import write_file

    forms = [form for form in FORMATS if out.suffix.lower() == f".{form}"]
    if not forms:
        endings = ", ".join(f".{form}" for form in FORMATS)
        raise typer.BadParameter(f"{out} must end in one of {endings}", param_hint="-o")
    found = compilation(load_spec(file)).verify()
    show(found.diagnostics)
    picture = draw(bound(found, only(found, network, "to draw"), pairs(settings)).model, forms[0])
    out.parent.mkdir(parents=True, exist_ok=True)
    write_file(out, picture.encode())
    print(f"written to {out}")
