"""`dync report`: a run as one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from dync.compiler.plan import Plan


def report(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="The folder of a run, or a folder that holds the folders of several.")
    ],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="X.html", help="The file to write (default RUN/report.html).")
    ] = None,
) -> None:
    """Write a report of a run: one HTML file that needs nothing from elsewhere."""
    from dync.runtime.report import write_report

    target = run / "report.html" if out is None else out
    if target.suffix.lower() not in (".html", ".htm"):
        raise typer.BadParameter(f"{target} must end in .html", param_hint="-o")
    print(f"written to {write_report(run, target, draw=_picture)}")


def _picture(plan: Plan) -> str:
    from dync.compiler.picture.draw import draw

    return draw(plan, "svg")
