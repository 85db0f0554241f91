"""`dync new`: a commented file to start from."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

SUFFIX = ".dyn"


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Letters, digits and _; it may have a folder before it.")],
) -> None:
    """Write NAME.dyn, a commented starter file that runs as it is. A file that is there is not replaced."""
    from dync.runtime.error import RunError

    path = Path(name if name.endswith(SUFFIX) else name + SUFFIX)
    if not re.fullmatch(r"[A-Za-z][A-Za-z_0-9]*", path.stem):
        raise typer.BadParameter(
            f"{path.stem!r} cannot name a network: use letters, digits and _, beginning with a letter",
            param_hint="NAME",
        )
    text = starter(path.stem)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise RunError(f"{path} is there already: choose another name, or remove it first") from None
    print(f"written to {path}; train it with: dync run {path}")


def starter(stem: str) -> str:
    """The starter file with the network named after the file: `first_try` makes `FirstTry`."""
    network = "".join(word[:1].upper() + word[1:] for word in stem.split("_"))
    text = files("dync.commands").joinpath("starter.dyn").read_text(encoding="utf-8")
    return text.replace("Starter", network).replace("starter.", f"{stem}.")
