"""The modes that `fused auto` measured to be fastest, kept in the store of runs for all sweeps of a machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dync.runtime.error import RunError
from dync.runtime.lanes.decision import Decision
from dync.runtime.store.store import Store, open_store


class StoredModes:
    """A memory of decisions in the store at `path` (None: the default one).

    Where the store cannot be used, `warn` hears it once, and the run goes by what it measures itself.
    """

    def __init__(self, path: Path | None, warn: Callable[[str], None]) -> None:
        self._path, self._warn = path, warn
        self._usable = True

    def recall(self, conditions: str, lanes: str) -> Decision | None:
        """What was decided for lanes alike under these conditions, None where nothing was."""
        return self._ask(lambda store: store.mode(conditions, lanes))

    def keep(self, conditions: str, lanes: str, decision: Decision) -> Decision:
        """Keep a decision where there is none; gives the one that stands."""
        return self._ask(lambda store: store.keep_mode(conditions, lanes, decision)) or decision

    def _ask(self, question: Callable[[Store], Decision | None]) -> Decision | None:
        if not self._usable:
            return None
        try:
            with open_store(self._path) as store:
                return question(store)
        except RunError as error:
            self._usable = False
            self._warn(f"which mode is fastest is not remembered from run to run: {error}")
            return None
