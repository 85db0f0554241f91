"""What `dync verify` does: files are compiled, their networks verified, and the outcome told."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dync.commands.bound_network import chosen, only
from dync.commands.spec import STANDARD_INPUT
from dync.commands.terminal import show
from dync.commands.trying import compiled, files_of
from dync.compiler import driver
from dync.compiler.driver import Compilation
from dync.compiler.report.text_table import counted
from dync.data_files import without_folder
from dync.grammar.diagnostic import Diagnostic, DiagnosticError
from dync.grammar.render import safe, to_json
from dync.runtime.error import RunError
from dync.verification.verdict import Verification


@dataclass(frozen=True)
class Request:
    """What the user asked for: files and folders, one of their networks, settings, the seed of what is drawn."""

    names: tuple[str, ...]
    network: str | None
    settings: dict[str, str]
    seed: int


@dataclass(frozen=True)
class Verified:
    """A network of a file and what was found out, or the mistakes that keep it from being a network."""

    file: str
    found: Verification | None
    diagnostics: tuple[Diagnostic, ...] = ()


def names_of(words: Sequence[str]) -> tuple[tuple[str, ...], str | None]:
    """The files, and the network, which is the last word where that is a name and no file."""
    *rest, last = words
    names_network = last != STANDARD_INPUT and last.isidentifier() and not Path(last).exists()
    return (tuple(rest), last) if names_network else (tuple(words), None)


def verify_as_text(request: Request) -> int:
    """A table for each network to standard output, mistakes to standard error; the exit status."""
    from dync.commands.verified_text import as_text

    everything = []
    for one in verified(request):
        show(one.diagnostics)
        if one.found is not None:
            as_text(safe(one.file), one.found)
        everything.append(one)
    edges, failed = _counts(everything)
    if edges:
        print(f"{counted(edges, 'learning edge')}: {'all hold' if not failed else f'{failed:,} fail'}")
    return _status(everything)


def verify_as_json(request: Request) -> int:
    """One JSON document to standard output; the exit status."""
    import json

    from dync.verification.verdict_json import verification_json

    everything = list(verified(request))
    mistakes = [mistake for one in everything for mistake in one.diagnostics]
    networks: list[dict[str, Any]] = [
        {"file": one.file} | verification_json(one.found) for one in everything if one.found is not None
    ]
    status = _status(everything)
    json.dump(to_json(mistakes) | {"networks": networks}, sys.stdout, indent=2, ensure_ascii=False)
    print()
    return status


def verified(request: Request) -> Iterator[Verified]:
    """Every network that is meant, one after the other. Raises RunError where none has the name that is asked for."""
    known = []
    for name in files_of(request.names):
        file = compiled(name)
        yield Verified(name, None, file.diagnostics)
        if file.compiled is not None:
            known.append(file.compiled)
            yield from _of_file(name, file.compiled, request)
    if request.network is not None and known and all(request.network not in found.networks for found in known):
        names = dict.fromkeys(name for found in known for name in found.networks)
        raise RunError(f"there is no network {request.network}; there are {', '.join(names) or 'none'}")


def _of_file(name: str, found: Compilation, request: Request) -> Iterator[Verified]:
    from dync.verification.of_model import verify_model

    for network in _meant(found, request):
        try:
            model = driver.bind_settings(
                found, network, {k: str(v) for k, v in without_folder(request.settings)[0].items()}
            )
            yield Verified(name, verify_model(found, model, request.seed))
        except DiagnosticError as error:
            yield Verified(name, None, error.diagnostics)


def _meant(found: Compilation, request: Request) -> tuple[str | None, ...]:
    """The networks of a file that are meant; of several files, each may have the one that is named."""
    if request.network is not None:
        return (request.network,) if request.network in found.networks else ()
    if not found.networks:
        return ()
    return (only(found, None, "that --set is for"),) if request.settings else chosen(found, None)


def _counts(everything: Sequence[Verified]) -> tuple[int, int]:
    """How many edges there are, and how many of them fail."""
    families = [family for one in everything if one.found is not None for family in one.found.families]
    return sum(len(f.edges) for f in families), sum(len(f.edges) for f in families if not f.holds)


def _status(everything: Sequence[Verified]) -> int:
    """0 where all holds. Raises RunError where nothing was there to be verified, so that nothing passes for that."""
    from dync.grammar.diagnostic import has_errors

    broken = any(has_errors(one.diagnostics) for one in everything)
    if not broken and not any(one.found is not None and one.found.families for one in everything):
        raise RunError("there is nothing to verify: no edge learns by a rule")
    return int(broken or any(one.found is not None and not one.found.holds for one in everything))
