"""Recorded states: what some layers held at the end of the training protocol, every so many updates.

A folder of safetensors files of a few megabytes each, `records-NNNNNN.safetensors`, written whole or not at all. Each
holds `update` `[records]`, `example` `[records, batch]` (which training examples the batch was made of) and by the name
of each layer its states `[records, batch, *shape]`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_safetensors
from safetensors.numpy import save as save_safetensors

from dync.runtime.error import RunError
from dync.runtime.files import remove_stale, write_file

CHUNK_BYTES: Final = 4 * 2**20
"""A file holds about so much, and never less than one record."""

UPDATE, EXAMPLE, FOLDER = "update", "example", "records"
_NAME: Final = re.compile(r"records-(\d{6,})\.safetensors")

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Records:
    """Recorded states on disk. `records["h[1]"]` is `[records, batch, *shape]`, read when it is asked for."""

    path: Path
    layers: tuple[str, ...]
    updates: NDArray[np.int64]
    examples: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.updates)

    def __getitem__(self, layer: str) -> NDArray[np.float32]:
        if layer not in self.layers:
            raise KeyError(f"{layer!r} was not recorded; there are {', '.join(self.layers)}")
        return np.concatenate([chunk[layer] for chunk in self.chunks()])

    def chunks(self) -> Iterator[Arrays]:
        """The records a file at a time, as they lie on disk: for what does not fit into memory."""
        for path in _files(self.path):
            yield _read(path)

    def at(self, update: int) -> Arrays:
        """The states of one recorded update by layer, `[batch, *shape]`; raises KeyError where it was not recorded."""
        for chunk in self.chunks():
            for place in np.flatnonzero(chunk[UPDATE] == update):
                return {layer: chunk[layer][place] for layer in self.layers}
        raise KeyError(f"update {update} was not recorded")


def load_records(path: str | Path) -> Records:
    """The recorded states in a run's folder, or in the folder of records itself; raises RunError."""
    folder = Path(path)
    folder = folder / FOLDER if (folder / FOLDER).is_dir() else folder
    files = _files(folder)
    if not files:
        raise RunError(f"there are no records in {folder}: a training makes them with `record LAYERS every N`")
    chunks = [_read(file) for file in files]
    layers = tuple(sorted(name for name in chunks[0] if name not in (UPDATE, EXAMPLE)))
    return Records(
        folder,
        layers,
        np.concatenate([chunk[UPDATE] for chunk in chunks]),
        np.concatenate([chunk[EXAMPLE] for chunk in chunks]),
    )


class Recorder:
    """Writes records in the order of the updates, holding no more than one file's worth in memory.

    A record has its place by its number, so a run that was killed and goes on writes the very same files. `flush`
    before a checkpoint; `rewind` after going back to one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._held: list[Arrays] = []
        self._number = 0
        self._dirty = False

    def add(self, update: int, examples: NDArray[Any], states: Arrays) -> None:
        """One record more: the number of the update, the training examples `[batch]`, the states by layer."""
        record = {UPDATE: np.int64(update), EXAMPLE: examples.astype(np.int64), **states}
        self._held.append({name: np.asarray(array) for name, array in record.items()})
        self._dirty = True
        if len(self._held) >= self._per_file():
            self.flush()
            self._held, self._number = [], self._number + 1

    def flush(self) -> None:
        """Put what is held on the disk; raises RunError where it cannot be written."""
        if not self._dirty:
            return
        arrays = {name: np.stack([record[name] for record in self._held]) for name in self._held[0]}
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_file(self._path(self._number), save_safetensors(arrays))
        except OSError as error:
            raise RunError(f"the records in {self.folder} cannot be written: {error.strerror or error}") from error
        self._dirty = False

    def rewind(self, update: int) -> None:
        """Forget the records after this update, those of a run that went further than its checkpoint."""
        self._held, self._number, self._dirty = [], 0, False
        remove_stale(self.folder)
        for path in _files(self.folder):
            chunk = _read(path)
            kept = int((chunk[UPDATE] <= update).sum())
            self._held = [{name: array[n] for name, array in chunk.items()} for n in range(kept)]
            if kept < len(chunk[UPDATE]):
                path.unlink()
                self._dirty = kept > 0
            elif kept and kept >= self._per_file():
                self._held, self._number = [], self._number + 1
        self.flush()

    def _per_file(self) -> int:
        """How many records a file takes: fixed by the size of one."""
        return max(1, CHUNK_BYTES // sum(array.nbytes for array in self._held[0].values()))

    def _path(self, number: int) -> Path:
        return self.folder / f"records-{number:06d}.safetensors"


def _files(folder: Path) -> list[Path]:
    found = [entry for entry in folder.iterdir() if _NAME.fullmatch(entry.name)] if folder.is_dir() else []
    return sorted(found)


def _read(path: Path) -> Arrays:
    try:
        arrays = load_safetensors(path.read_bytes())
    except (OSError, SafetensorError, ValueError, KeyError) as error:
        raise RunError(f"the records in {path} cannot be read ({error}): remove the file") from None
    lengths = {len(array) for array in arrays.values()}
    if not {UPDATE, EXAMPLE} <= set(arrays) or len(lengths) != 1:
        raise RunError(f"{path} holds no records: remove the file")
    return arrays
