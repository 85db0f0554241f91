"""Writing a package. One that does not do what the network did is taken away again."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from dync.compiler.expression import JSON
from dync.compiler.pipeline_json import pipeline_to_json
from dync.compiler.plan_json import canonical
from dync.runtime.artefact import write_artefact
from dync.runtime.checkpoint import package_versions
from dync.runtime.error import RunError
from dync.runtime.evaluation import BATCH
from dync.runtime.files import write_file, write_folder
from dync.runtime.package.contents import Contents
from dync.runtime.package.model_card import model_card, read_me
from dync.runtime.package.program import program_of
from dync.runtime.package.verification import Verification, verify_package
from dync.runtime.plain_json import plain_json
from dync.runtime.saved_weights import saved_arrays

ARTEFACT: Final = "artefact"
RESULTS: Final = "results.json"


def write_package(path: Path, contents: Contents) -> Verification:
    """Write a package at this path, replacing one that is there, and say how it was verified.

    Raises RunError where the network cannot be packaged, the folder cannot be written, or the package does not predict
    to the bit what the network does; then there is no package.
    """
    batch = min(BATCH, contents.some.count)
    try:
        program = program_of(contents.network, contents.orchestrator, batch)
        script = files("dync.runtime.package").joinpath("predict.py").read_bytes()
        path.parent.mkdir(parents=True, exist_ok=True)
        write_folder(path, {**program.files, "predict.py": script})
        try:
            found = verify_package(path, contents.network, contents.orchestrator, contents.some, batch, contents.seed)
            arrays = saved_arrays(contents.orchestrator)
            write_artefact(path / ARTEFACT, contents.network.plan, (), contents.seed, arrays)
            _write_text(path / "MODEL_CARD.md", model_card(contents, program, found))
            _write_text(path / "README.md", read_me(contents, program))
            _write_text(path / RESULTS, canonical(_results(contents, found)) + "\n")
        except BaseException:
            shutil.rmtree(path, ignore_errors=True)
            raise
    except OSError as error:
        raise RunError(f"the package {path} cannot be written: {error.strerror or error}") from None
    return found


def _results(contents: Contents, verification: Verification) -> JSON:
    training = contents.training
    found: Mapping[str, Any] = {
        "benchmark": contents.comparison,
        "entry": contents.entry,
        "task": contents.task,
        "seed": contents.seed,
        "why_this_seed": contents.why_this_seed,
        "network": contents.network.name,
        "plan": contents.network.plan.digest,
        "training": None if training is None else pipeline_to_json(training),
        "data": {"digest": contents.dataset.digest, "files": contents.dataset.files},
        "metric": f"{contents.metric.part}.{contents.metric.measure}",
        "measures": contents.measures,
        "summary": contents.summary,
        "leaderboard": contents.place,
        "claims": contents.claims,
        "versions": dict(package_versions()),
        "verification": verification,
    }
    return plain_json(found)


def _write_text(path: Path, text: str) -> None:
    write_file(path, text.encode())
