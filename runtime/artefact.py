"""An artefact: a compiled network in a folder, with its weights and the pipelines that use it.

`plan.json` and `pipelines.json` are canonical JSON, `weights.safetensors` the arrays, `manifest.json` the versions and
the SHA-256 of each and of itself. What differs from its hash is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jax
import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as load_safetensors
from safetensors.numpy import save as save_safetensors

from dync.compiler.expression import JSON
from dync.compiler.pipeline_json import pipeline_to_json, training_from_json
from dync.compiler.pipeline_plan import TrainingPlan
from dync.compiler.plan import Plan
from dync.compiler.plan_error import PlanError
from dync.compiler.plan_json import canonical, plan_from_json, plan_to_json
from dync.compiler.plan_json import digest as digest_of
from dync.runtime.checkpoint import package_versions
from dync.runtime.error import RunError
from dync.runtime.files import write_folder
from dync.runtime.network import Network
from dync.runtime.orchestrator import WaveOrchestrator
from dync.runtime.saved_weights import Arrays, restored_orchestrator, saved_arrays

FORMAT: Final = 1
MANIFEST, PLAN, PIPELINES, WEIGHTS = "manifest.json", "plan.json", "pipelines.json", "weights.safetensors"
MAX_JSON_BYTES: Final = 2**28


@dataclass(frozen=True)
class BoundPipeline:
    """A pipeline and the plan of its network, with the parameters that the pipeline gives it."""

    pipeline: TrainingPlan
    plan: Plan


@dataclass(frozen=True)
class Artefact:
    """What an artefact holds. The weights of `orchestrator` are those that `seed` draws for `network`.

    A pipeline of the same plan and seed starts from them.
    """

    network: Network
    orchestrator: WaveOrchestrator
    pipelines: tuple[BoundPipeline, ...]
    seed: int


def write_artefact(
    path: Path, plan: Plan, pipelines: tuple[BoundPipeline, ...], seed: int = 0, arrays: Arrays | None = None
) -> None:
    """Compile a network into a folder, its weights drawn from the seed; a folder that is no artefact is not replaced.

    `arrays` are weights that were learned, in place of drawn ones (such an artefact has no pipelines, which would take
    them for drawn). Raises RunError where that is refused or the folder cannot be written.
    """
    if path.exists() and not (path / MANIFEST).is_file() and (not path.is_dir() or any(path.iterdir())):
        raise RunError(f"{path} exists and is no artefact: give another folder with -o")
    network = Network(plan)
    arrays = saved_arrays(network.init(jax.random.key(seed))) if arrays is None else arrays
    files = {
        PLAN: canonical(plan_to_json(plan)).encode(),
        PIPELINES: canonical([_bound_to_json(bound, plan) for bound in pipelines]).encode(),
        WEIGHTS: save_safetensors({name: np.ascontiguousarray(array) for name, array in arrays.items()}),
    }
    manifest: dict[str, JSON] = {
        "format": FORMAT,
        "network": network.name,
        "plan": plan.digest,
        "seed": seed,
        "versions": dict(package_versions()),
        "files": {name: {"size": len(data), "sha256": _sha256(data)} for name, data in files.items()},
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_folder(path, {**files, MANIFEST: canonical({**manifest, "sha256": digest_of(manifest)}).encode()})
    except OSError as error:
        raise RunError(f"{path} cannot be written ({error.strerror}): give another folder with -o") from None


def is_artefact(path: Path) -> bool:
    """Whether a path is a folder that says it is an artefact."""
    return (path / MANIFEST).is_file() and (path / PLAN).is_file()


def load_artefact(path: Path) -> Artefact:
    """Read an artefact back, every hash compared; raises RunError for one that is missing or damaged."""
    manifest = _manifest(path)
    files = _verified_files(path, manifest)
    try:
        plan = plan_from_json(json.loads(files[PLAN]))
        pipelines = tuple(_bound_from_json(data, plan) for data in json.loads(files[PIPELINES]))
        arrays = load_safetensors(files[WEIGHTS])
    except (PlanError, SafetensorError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise RunError(f"{path} cannot be read: {error}") from None
    network = Network(plan)
    if manifest.get("plan") != plan.digest:
        raise _damaged(path / MANIFEST)
    return Artefact(network, restored_orchestrator(network, arrays), pipelines, manifest["seed"])


def _verified_files(path: Path, manifest: Mapping[str, Any]) -> dict[str, bytes]:
    found = {}
    for name in (PLAN, PIPELINES, WEIGHTS):
        record = manifest["files"].get(name, {})
        try:
            if (path / name).stat().st_size != record.get("size"):
                raise _damaged(path / name)
            data = (path / name).read_bytes()
        except OSError as error:
            raise RunError(f"{path / name} cannot be read ({error.strerror}): compile the artefact again") from None
        if _sha256(data) != record.get("sha256"):
            raise _damaged(path / name)
        found[name] = data
    return found


def _manifest(path: Path) -> Mapping[str, Any]:
    try:
        if (path / MANIFEST).stat().st_size > MAX_JSON_BYTES:
            raise _damaged(path / MANIFEST)
        data = json.loads((path / MANIFEST).read_bytes())
    except OSError as error:
        raise RunError(f"{path} is no artefact: {MANIFEST} cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError):
        raise _damaged(path / MANIFEST) from None
    match data:
        case {"format": int(found)} if found != FORMAT:
            raise RunError(f"{path} has the format {found}; this dync reads {FORMAT}: compile the artefact again")
        case {"sha256": str(found), "files": dict(files), "seed": int()} if all(map(_is_record, files.values())):
            body = {key: value for key, value in data.items() if key != "sha256"}
            if digest_of(body) == found:
                return body
    raise _damaged(path / MANIFEST)


def _is_record(value: object) -> bool:
    return isinstance(value, dict)


def _damaged(path: Path) -> RunError:
    return RunError(f"{path} is damaged, it is not what was compiled: compile the artefact again")


def _bound_to_json(bound: BoundPipeline, plan: Plan) -> JSON:
    """The plan of a pipeline's network is left out where it is the artefact's own."""
    own = None if bound.plan.digest == plan.digest else plan_to_json(bound.plan)
    return {"pipeline": pipeline_to_json(bound.pipeline), "plan": own}


def _bound_from_json(data: Any, plan: Plan) -> BoundPipeline:
    own = data["plan"]
    return BoundPipeline(training_from_json(data["pipeline"]), plan if own is None else plan_from_json(own))


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
