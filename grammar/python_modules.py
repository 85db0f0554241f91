"""Python modules that a file names: found beside it or among what is installed, and read, without running anything.

A module goes by its name, `lib.rules`: the file `lib/rules.py` in the folder of the `.dyn` file, or else the module
that is installed under this name. What is found is text and its SHA-256; whoever runs it compares that first.
"""

from __future__ import annotations

import os
from functools import cached_property
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Final

from msgspec import Struct

LARGEST: Final = 2**20
"""The most bytes of a module that is read: 1 MiB."""

FOLDERS: Final = "DYNC_PYTHON"
"""The environment variable with the folders of files that name modules, so that processes started later know them."""


class ModuleRefusedError(Exception):
    """Why a module that is there cannot be read; the sentence goes on from "the module …"."""


class PythonModule(Struct, frozen=True, dict=True):
    """A module as it is written."""

    name: str
    path: Path
    text: bytes

    @cached_property
    def digest(self) -> str:
        """SHA-256 of its text, in hexadecimal."""
        from hashlib import sha256  # which takes as long to load as a small file to check

        return sha256(self.text).hexdigest()


def is_place(place: str) -> bool:
    """Whether a text names something in a module by plain identifiers, `lib.rules:mine`."""
    module, colon, name = place.partition(":")
    parts = (*module.split("."), name)
    return bool(colon) and all(part.isidentifier() and part.isascii() for part in parts)


def find_module(name: str, folder: Path | None) -> PythonModule | None:
    """The module of this name beside a file in `folder`, or else the installed one; None where there is none.

    Raises ModuleRefusedError where it cannot be read.
    """
    parts = name.split(".")
    path = _among(parts, [] if folder is None else [folder]) or _installed(parts)
    return None if path is None else _read(name, path)


def remember(folder: Path) -> None:
    """Look for modules beside files in this folder too, in this process and in those that it starts."""
    known = remembered()
    if folder not in known:
        os.environ[FOLDERS] = os.pathsep.join(map(str, [*known, folder]))


def remembered() -> list[Path]:
    """The folders of the files that named modules, the first one first."""
    return [Path(part) for part in os.environ.get(FOLDERS, "").split(os.pathsep) if part]


def _among(parts: list[str], folders: list[Path]) -> Path | None:
    """The file of a module that stands in one of these folders."""
    for folder in folders:
        stem = folder.joinpath(*parts)
        for path in (stem.with_name(f"{stem.name}.py"), stem / "__init__.py"):
            if path.is_file():
                return path
    return None


def _installed(parts: list[str]) -> Path | None:
    """The file of an installed module; no package is imported to find what is in it."""
    spec = PathFinder.find_spec(parts[0])
    if spec is None:
        return None
    if len(parts) > 1:
        return _among(parts[1:], [Path(place) for place in spec.submodule_search_locations or ()])
    return Path(spec.origin) if spec.origin is not None and spec.origin.endswith(".py") else None


def _read(name: str, path: Path) -> PythonModule:
    try:
        if path.stat().st_size > LARGEST:
            raise ModuleRefusedError(f"is larger than {LARGEST:,} bytes")
        return PythonModule(name, path.resolve(), path.read_bytes())
    except OSError as error:
        raise ModuleRefusedError(f"cannot be read: {error.strerror}") from None
