"""What the interpreter's protocols give."""

from __future__ import annotations

from dataclasses import dataclass

from dync.testing.evaluate import Array
from dync.testing.moment import Past
from dync.testing.plasticity import Beside


@dataclass(frozen=True)
class Relaxation:
    """What a protocol did: the last state, the state at the end of each of its phases, the steps that each took.

    A phase that the protocol names twice is in `snapshots` as it ended last; `steps` goes by the order of the protocol.
    `past` is what the protocol began with and the end of every step, `pasts` the same up to the end of each phase.
    `beside` is what rules have beside the state at the end.
    """

    state: dict[str, Array]
    snapshots: dict[str, dict[str, Array]]
    steps: tuple[int, ...]
    past: Past
    pasts: dict[str, Past]
    beside: Beside
