"""Which stages of a run are done, and on what they stood: `stages.json` in its folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dync.compiler.expression import JSON
from dync.compiler.plan_json import digest
from dync.runtime.error import RunError
from dync.runtime.plain_json import plain_json
from dync.runtime.run_folder import RunFolder

LEDGER: Final = "stages.json"

Basis = Mapping[str, JSON]
"""What the outcome of a stage depends on, by words such as `spec`, `data`, `versions`."""


@dataclass(frozen=True)
class Entry:
    """A stage that began on a basis; `outputs` are what it made, None where it never ended well."""

    basis: Basis
    outputs: Mapping[str, Any] | None = None

    @property
    def key(self) -> str:
        """The hash of the basis."""
        return key_of(self.basis)

    def changed(self, basis: Basis) -> tuple[str, ...]:
        """The words of the basis that differ now."""
        now = {word: plain_json(value) for word, value in basis.items()}
        return tuple(word for word in sorted({*now, *self.basis}) if now.get(word) != self.basis.get(word))

    def said(self, changed: Sequence[str], basis: Basis) -> str:
        """Words of the basis as people read them; of versions and other lists what differs in them."""
        return ", ".join(_said(word, self.basis.get(word), plain_json(basis.get(word))) for word in changed)


def key_of(basis: Basis) -> str:
    """The key of a stage: SHA-256 of the basis, in hexadecimal."""
    return digest({word: plain_json(value) for word, value in basis.items()})


class Ledger:
    """The entries of a run, on disk whenever one changes."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._entries = _read(folder)

    def __getitem__(self, stage: str) -> Entry | None:
        """What is known of a stage."""
        return self._entries.get(stage)

    def stands_on(self, bases: Mapping[str, Basis]) -> bool:
        """Whether all these stages ended well, on these bases."""
        found = {stage: self._entries.get(stage) for stage in bases}
        return all(e is not None and e.outputs is not None and not e.changed(bases[s]) for s, e in found.items())

    def put(self, stage: str, basis: Basis, outputs: Mapping[str, Any] | None = None) -> None:
        """A stage begins on a basis, or is done where it has `outputs`."""
        plain = plain_json({"basis": basis, "outputs": outputs})
        assert isinstance(plain, dict)
        self._entries[stage] = _entry(plain)
        data = {name: {"key": e.key, "basis": e.basis, "outputs": e.outputs} for name, e in self._entries.items()}
        self._folder.write_json(LEDGER, data)


def _read(folder: RunFolder) -> dict[str, Entry]:
    if not (folder.path / LEDGER).exists():
        return {}
    data = folder.read_json(LEDGER)
    if not isinstance(data, dict):
        raise _damaged(folder)
    entries = {}
    for name, found in data.items():
        match found:
            case {"key": str(key), "basis": dict(basis), "outputs": outputs} if key == key_of(basis):
                entries[name] = _entry({"basis": basis, "outputs": outputs})
            case _:
                raise _damaged(folder)
    return entries


def _entry(data: Mapping[str, Any]) -> Entry:
    outputs = data.get("outputs")
    return Entry(data["basis"], outputs if isinstance(outputs, dict) else None)


def _said(word: str, before: JSON, now: JSON) -> str:
    if not isinstance(before, dict) or not isinstance(now, dict):
        return word
    names = [name for name in sorted({*before, *now}) if before.get(name) != now.get(name)]
    if word != "versions":
        return f"{word} ({', '.join(names)})"
    steps = (f"{name} {before.get(name) or 'none'} is {now.get(name) or 'none'} now" for name in names)
    return f"{word} ({', '.join(steps)})"


def _damaged(folder: RunFolder) -> RunError:
    return RunError(f"{folder.path / LEDGER} is damaged: remove it, and the stages are done again")
