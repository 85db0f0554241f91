"""What `dync test` does: files are compiled, their properties tried, and failures told."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dync.commands.spec import STANDARD_INPUT, load_spec
from dync.commands.terminal import complain, show
from dync.commands.trying_progress import Progress
from dync.compiled import compilation
from dync.compiler.driver import Compilation
from dync.compiler.properties.listing import listing
from dync.compiler.properties.model import PropertyModel
from dync.compiler.properties.outcome import NoNetwork
from dync.compiler.report.text_table import counted
from dync.grammar.diagnostic import Diagnostic, DiagnosticError
from dync.grammar.render import safe, to_json
from dync.properties.said import diagnostics_of
from dync.properties.search import Verdict, search
from dync.runtime.error import RunError
from dync.runtime.files import write_file


@dataclass(frozen=True)
class Request:
    """What the user asked for: files and folders, how many cases, their seed, where pictures go."""

    names: tuple[str, ...]
    cases: int | None
    seed: int
    pictures: Path | None


@dataclass(frozen=True)
class Tried:
    """A file, all that is wrong with it, and what became of its properties; none where it has errors."""

    name: str
    diagnostics: tuple[Diagnostic, ...]
    compiled: Compilation | None

    @property
    def properties(self) -> tuple[PropertyModel, ...]:
        """Its properties."""
        return () if self.compiled is None else tuple(self.compiled.properties.values())


def try_as_text(request: Request) -> int:
    """A line for each property to standard output, failures to standard error; the exit status."""
    files = _files(request)
    progress = Progress(sum(len(file.properties) for file in files))
    failed = 0
    for file in files:
        show(file.diagnostics)
        failed += file.compiled is None
        if file.compiled is not None and not file.properties:
            print(f"{safe(file.name)}: no properties")
        for verdict in _verdicts(file, request, progress.heard):
            progress.clear()
            failed += not verdict.holds
            _tell(file, verdict, request)
    _verify_tried(files)
    print(_sum(files, failed))
    return int(failed > 0)


def try_as_json(request: Request) -> int:
    """One JSON document to standard output; the exit status."""
    import json

    from dync.properties.verdict_json import verdict_json

    files = _files(request)
    found = [d for file in files for d in file.diagnostics]
    properties: list[dict[str, Any]] = []
    holds = all(file.compiled is not None for file in files)
    for file in files:
        for verdict in _verdicts(file, request, lambda prop, tried: None):
            holds &= verdict.holds
            found += diagnostics_of(verdict)
            properties.append(verdict_json(verdict, request.seed))
            _draw(file, verdict, request.pictures)
    if holds:
        _verify_tried(files)
    json.dump(to_json(found) | {"properties": properties}, sys.stdout, indent=2, ensure_ascii=False)
    print()
    return int(not holds)


# --- files ------------------------------------------------------------------------------------------------------------


def _files(request: Request) -> list[Tried]:
    """Every file, compiled; raises RunError for a folder in which there is none."""
    return [compiled(name) for name in files_of(request.names)]


def files_of(names: Sequence[str]) -> tuple[str, ...]:
    """Files, and those in folders, each once; raises RunError for a folder in which there is none."""
    return tuple(dict.fromkeys(name for given in names for name in _named(given)))


def _named(given: str) -> list[str]:
    """A file, or those of a folder and the folders in it."""
    folder = Path(given)
    if given == STANDARD_INPUT or not folder.is_dir():
        return [given]
    found = sorted(str(path) for path in folder.rglob("*.dyn") if path.is_file())
    if not found:
        raise RunError(f"there is no .dyn file in {given}")
    return found


def compiled(name: str) -> Tried:
    """A file taken through the compiler."""
    try:
        found = compilation(load_spec(name))
    except DiagnosticError as error:
        return Tried(name, error.diagnostics, None)
    return Tried(name, found.diagnostics, found if found.ok else None)


def _verify_tried(files: list[Tried]) -> None:
    """Raises RunError where nothing was there to be tried, so that nothing passes for that reason."""
    if all(file.compiled is not None and not file.properties for file in files):
        raise RunError("there is no property to try: `property NAME on NETWORK { require … }` declares one")


# --- properties -------------------------------------------------------------------------------------------------------


def _verdicts(file: Tried, request: Request, heard: Callable[[PropertyModel, int], None]) -> Iterator[Verdict]:
    """The verdict on each property of a file."""
    if file.compiled is None:
        return
    for prop in file.properties:
        library = file.compiled.libraries.of(prop.network)

        def told(tried: int, prop: PropertyModel = prop) -> None:
            heard(prop, tried)

        yield search(prop, library, cases=request.cases, seed=request.seed, heard=told)


def _tell(file: Tried, verdict: Verdict, request: Request) -> None:
    """A property in a line; a failure with the network at which it happens."""
    prop = verdict.prop
    head = f"{safe(file.name)}: {prop.name} on {prop.network.name.text}"
    tried = counted(verdict.tried, "case")
    if verdict.holds:
        given_up = ", then the work allowed for a property was used up" if verdict.given_up_at is not None else ""
        print(f"{head}: holds, {tried}{given_up}", flush=True)
        return
    print(f"{head}: fails, {tried}", flush=True)
    show(diagnostics_of(verdict))
    found = verdict.counterexample
    if found is not None and not isinstance(found.failure, NoNetwork):
        print("\n".join(listing(found.failure.model)))
    picture = _draw(file, verdict, request.pictures)
    if picture is not None:
        print(f"drawn to {picture}")
    elif request.pictures is not None:
        complain(f"there is no network to draw for {prop.name}")


def _draw(file: Tried, verdict: Verdict, folder: Path | None) -> Path | None:
    """A picture of the smallest failing network, where there is one."""
    found = verdict.counterexample
    if folder is None or found is None or isinstance(found.failure, NoNetwork):
        return None
    from dync.compiler.picture.draw import draw

    stem = "standard_input" if file.name == STANDARD_INPUT else Path(file.name).stem
    place = folder / f"{stem}-{verdict.prop.name}.svg"
    folder.mkdir(parents=True, exist_ok=True)
    write_file(place, draw(found.failure.model, "svg").encode())
    return place


def _sum(files: list[Tried], failed: int) -> str:
    count = counted(sum(len(file.properties) for file in files), "property", "properties")
    return f"{count}: {'all hold' if not failed else f'{failed} failed'}"
