"""What an earlier outcome of a stage left in a run's folder, set aside and not thrown away."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from itertools import count
from pathlib import Path
from typing import Final

from dync.runtime.error import RunError
from dync.runtime.files import sync_folder
from dync.runtime.run_folder import RESULT, RunFolder

EARLIER: Final = "earlier"
"""Holds a numbered folder for each time."""


def set_aside(folder: RunFolder, paths: Iterable[Path]) -> None:
    """Move what is there of these paths into `earlier/N`, with a copy of the result; raises RunError.

    What is moved can no longer be taken for the work of a stage that is done again.
    """
    found = [path for path in paths if path.exists()]
    if not found:
        return
    try:
        below = next(path for n in count(1) if not (path := folder.path / EARLIER / str(n)).exists())
        below.mkdir(parents=True)
        if (folder.path / RESULT).exists():
            shutil.copyfile(folder.path / RESULT, below / RESULT)
        for path in found:
            path.rename(below / path.name)
        sync_folder(below)
        sync_folder(folder.path)
    except OSError as error:
        raise RunError(
            f"what the run made before cannot be set aside in {folder.path / EARLIER}: {error.strerror or error}"
        ) from error
