"""Checkpoints: arrays and facts in a folder that is either whole or not there, and is checked when it is read.

A checkpoint is a folder with `arrays.safetensors` and `manifest.json`; the manifest has the size and SHA-256 of the
arrays, the versions of the packages that wrote it, the caller's facts, and a SHA-256 of itself.
"""

from __future__ import annotations

import hashlib
import json
import platform
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_safetensors
from safetensors.numpy import save as save_safetensors

from dync.compiler.expression import JSON
from dync.compiler.plan_json import canonical
from dync.compiler.plan_json import digest as digest_of
from dync.runtime.files import remove_stale, write_folder
from dync.version import VERSION as DYNC_VERSION

FORMAT: Final = 1
"""Version of the format. A reader refuses any other."""

ARRAYS: Final = "arrays.safetensors"
MANIFEST: Final = "manifest.json"
MAX_MANIFEST_BYTES: Final = 2**28
_PACKAGES: Final = ("equinox", "jax", "jaxlib", "numpy", "optax", "safetensors")
_NAME: Final = re.compile(r"step-(\d{8,})")
_KINDS: Final = "biuf"

Array = NDArray[Any]


class CheckpointError(Exception):
    """A checkpoint that cannot be written or read; the sentence names the file and what to do."""


class DamagedCheckpointWarning(UserWarning):
    """A checkpoint was passed over because it is damaged."""


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """What was saved: arrays by name, with their very dtypes, and the facts."""

    arrays: Mapping[str, Array]
    facts: Mapping[str, JSON]


def save_checkpoint(folder: Path, arrays: Mapping[str, Array], facts: Mapping[str, JSON], *, keep: int) -> Path:
    """Write `folder/step-NNNNNNNN`, where `facts["step"]` is the number, and return its path.

    Once it is safely in place, all but the last `keep` checkpoints up to this step go. Raises CheckpointError.
    """
    step = facts.get("step")
    if type(step) is not int or step < 0 or keep < 1:
        raise CheckpointError(f"a checkpoint needs a step from 0 up and at least one to keep, not {step} and {keep}")
    path = folder / f"step-{step:08d}"
    write_checkpoint(path, arrays, facts)
    earlier = [(number, old) for number, old in _numbered(folder) if number <= step]
    for _, old in earlier[keep:]:
        _remove_checkpoint(old)
    return path


def write_checkpoint(path: Path, arrays: Mapping[str, Array], facts: Mapping[str, JSON]) -> None:
    """Write one checkpoint at exactly this path, replacing what is there; raises CheckpointError."""
    for name, array in arrays.items():
        _verify_storable(name, array)
    try:
        content = save_safetensors({name: np.asarray(array, order="C") for name, array in arrays.items()})
        body: dict[str, JSON] = {
            "format": FORMAT,
            "files": {ARRAYS: {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}},
            "versions": dict(package_versions()),
            "facts": dict(facts),
        }
        manifest = canonical({**body, "sha256": digest_of(body)}).encode()
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_stale(path.parent)
        write_folder(path, {ARRAYS: content, MANIFEST: manifest})
    except OSError as error:
        raise CheckpointError(f"the checkpoint {path} cannot be written: {error.strerror or error}") from error


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint back, every hash compared; raises CheckpointError for one that is missing or damaged."""
    if not path.is_dir():
        raise CheckpointError(f"there is no checkpoint at {path}: name the folder of one, such as …/step-00001000")
    manifest = _manifest(path / MANIFEST)
    content = _verified(path / ARRAYS, manifest)
    try:
        arrays = load_safetensors(content)
    except (SafetensorError, ValueError, KeyError) as error:
        raise CheckpointError(f"{path / ARRAYS} is no safetensors file ({error}): {_WAY_OUT}") from None
    return Checkpoint(arrays, manifest["facts"])


def latest_checkpoint(folder: Path) -> Path | None:
    """The checkpoint with the highest step that is whole; None where there is none.

    Warns with a DamagedCheckpointWarning of each damaged one that it passes over.
    """
    remove_stale(folder)
    for _, path in _numbered(folder):
        try:
            load_checkpoint(path)
        except CheckpointError as error:
            warnings.warn(f"{path.name} is passed over: {error}", DamagedCheckpointWarning, stacklevel=2)
        else:
            return path
    return None


def package_versions() -> Iterator[tuple[str, str]]:
    """Names and versions of what decides how a run goes; packages that are not installed are left out."""
    yield "dync", DYNC_VERSION
    yield "python", platform.python_version()
    for name in _PACKAGES:
        try:
            yield name, installed(name)
        except PackageNotFoundError:
            continue


@cache
def installed(name: str) -> str:
    """The version of a package, which stays while a process lives; raises PackageNotFoundError."""
    return version(name)


_WAY_OUT: Final = "use an earlier checkpoint, or copy this one again from where it came"


def _numbered(folder: Path) -> list[tuple[int, Path]]:
    """The checkpoints in a folder by their steps, the latest first."""
    entries = folder.iterdir() if folder.is_dir() else ()
    found = [(int(match[1]), entry) for entry in entries if (match := _NAME.fullmatch(entry.name))]
    return sorted(found, reverse=True)


def _remove_checkpoint(path: Path) -> None:
    """Remove a folder that was a checkpoint: first its manifest, so that half of it never looks like a whole one."""
    for name in (MANIFEST, ARRAYS):
        (path / name).unlink(missing_ok=True)
    try:
        path.rmdir()
    except OSError:
        warnings.warn(f"{path} holds other files and stays", RuntimeWarning, stacklevel=3)


def _verify_storable(name: str, array: Array) -> None:
    """Refuse what safetensors would not give back exactly."""
    if array.dtype.kind not in _KINDS or not array.dtype.isnative or array.dtype.itemsize > 8:
        raise CheckpointError(
            f"the array {name!r} has the type {array.dtype}, which a checkpoint cannot hold: store it as bool, integers"
            " or floats of at most 64 bits"
        )


def _manifest(path: Path) -> dict[str, Any]:
    """The manifest, checked against its own hash."""
    try:
        if path.stat().st_size > MAX_MANIFEST_BYTES:
            raise CheckpointError(f"{path} is larger than any manifest: {_WAY_OUT}")
        manifest = json.loads(path.read_bytes())
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read ({error.strerror}): {_WAY_OUT}") from None
    except (ValueError, RecursionError):
        raise CheckpointError(f"{path} is not JSON: {_WAY_OUT}") from None
    match manifest:
        case {"format": int(found)} if found != FORMAT:
            raise CheckpointError(
                f"{path} has the format {found}; this dync reads format {FORMAT}: use the dync of then"
            )
        case {"sha256": str(found), "facts": dict(), "files": {"arrays.safetensors": {"size": int(), "sha256": str()}}}:
            body: dict[str, Any] = {key: value for key, value in manifest.items() if key != "sha256"}
            if digest_of(body) == found:
                return body
    raise CheckpointError(f"{path} is damaged, it does not have the hash that it names: {_WAY_OUT}")


def _verified(path: Path, manifest: Mapping[str, Any]) -> bytes:
    """The bytes of the arrays, checked for size and hash."""
    record = manifest["files"][ARRAYS]
    try:
        size = path.stat().st_size
        if size != record["size"]:
            raise CheckpointError(f"{path} has {size:,} bytes, not {record['size']:,} as its manifest says: {_WAY_OUT}")
        content = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read ({error.strerror}): {_WAY_OUT}") from None
    if hashlib.sha256(content).hexdigest() != record["sha256"]:
        raise CheckpointError(f"{path} is damaged, its SHA-256 is not that of its manifest: {_WAY_OUT}")
    return content
