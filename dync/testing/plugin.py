"""The pytest plugin: `.dyn` files are collected like tests, each of their properties is one.

It comes with dync and is loaded by every run of pytest, so it imports nothing until there is a file to look at. It
is switched off by `-p no:dync`, or by `dyn_files =` (nothing) in the configuration.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from dync.testing.collected import DynFile

MOST_CASES = 1_000_000
LAST_SEED = 2**31 - 1


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options `--dyn-cases` and `--dyn-seed`, and their like in the configuration."""
    group = parser.getgroup("dync", "properties of .dyn files")
    cases = "values tried for each property of a .dyn file (default: 100, or 10 where networks run)"
    seed = "what the values of a property are drawn from (default: 0)"
    group.addoption("--dyn-cases", type=_cases, default=None, metavar="N", help=cases)
    group.addoption("--dyn-seed", type=_seed, default=None, metavar="N", help=seed)
    parser.addini("dyn_cases", cases, default="")
    parser.addini("dyn_seed", seed, default="")
    files = "globs of the files whose properties are collected (default: *.dyn; nothing collects none)"
    parser.addini("dyn_files", files, type="args", default=["*.dyn"])


def pytest_configure(config: pytest.Config) -> None:
    """The marker `dyn`, which every property bears: `-m dyn` runs them alone, `-m "not dyn"` all else.

    Raises UsageError for numbers in the configuration that are none.
    """
    cases_of(config), seed_of(config)
    config.addinivalue_line("markers", "dyn: a property of a .dyn file (set by the plugin of dync)")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> DynFile | None:
    """The properties of a `.dyn` file that has some, or would have if it were free of mistakes."""
    globs = parent.config.getini("dyn_files")
    if file_path.suffix != ".dyn" or not any(file_path.match(glob) for glob in globs):
        return None
    from dync.testing.collected import DynFile, speaks_of_properties

    return DynFile.from_parent(parent, path=file_path) if speaks_of_properties(file_path) else None


def cases_of(config: pytest.Config) -> int | None:
    """How many values are to be tried for a property; None for the default. Raises UsageError for no such number."""
    given: int | None = config.getoption("--dyn-cases")
    return given if given is not None else _configured(config, "dyn_cases", _cases)


def seed_of(config: pytest.Config) -> int:
    """The seed of all that is drawn. Raises UsageError for no such number."""
    given: int | None = config.getoption("--dyn-seed")
    return given if given is not None else _configured(config, "dyn_seed", _seed) or 0


def _configured(config: pytest.Config, name: str, read: Callable[[str], int]) -> int | None:
    text = str(config.getini(name)).strip()
    if not text:
        return None
    try:
        return read(text)
    except argparse.ArgumentTypeError as error:
        raise pytest.UsageError(f"{name} in the configuration: {error}") from None


def _cases(text: str) -> int:
    return _whole(text, 1, MOST_CASES)


def _seed(text: str) -> int:
    return _whole(text, 0, LAST_SEED)


def _whole(text: str, low: int, high: int) -> int:
    """A whole number between two, both included; raises ArgumentTypeError for anything else."""
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {low} to {high}")
    return int(text)
