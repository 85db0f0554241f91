"""A report of a run's folder, written as one HTML file."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from dync.runtime.error import RunError
from dync.runtime.files import write_file
from dync.runtime.pipelines.result import PipelineResult

if TYPE_CHECKING:
    from dync.runtime.report.sections.network import Draw


def write_report(
    folder: Path, out: Path, *, result: PipelineResult | None = None, draw: Draw | None = None, title: str | None = None
) -> Path:
    """Write the report of the run in `folder`, or of the runs in the folders below it, to `out`; gives `out` back.

    The file needs nothing from elsewhere and is the same to the byte when it is made again. `result` stands for the
    folder's `result.json` while that is not written yet. `draw` makes the picture of a plan's topology, as SVG; without
    it the folder's `topology.svg` is taken, where there is one. The text of the spec is the folder's `spec.dyn`. Raises
    RunError where the folder holds no run or damaged files, where `out` cannot be written, and where the packages of
    the extra `report` are missing.
    """
    verify_extra()
    from dync.runtime.report.page import page
    from dync.runtime.report.run_data import read_runs

    runs = read_runs(folder, result)
    named = title or f"Report · {runs[0].name if len(runs) == 1 else folder.resolve().name}"
    text = page(named, runs, draw)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_file(out, text.encode())
    except OSError as error:
        raise RunError(f"{out} cannot be written: {(error.strerror or str(error)).lower()}") from None
    return out


def verify_extra() -> None:
    """Raises RunError where a package that reports need is not installed, and says how to install it."""
    missing = [name for name in ("jinja2", "matplotlib") if find_spec(name) is None]
    if missing:
        raise RunError(f"a report needs {' and '.join(missing)}: pip install 'dync[report]'")
