"""Time in the plan of a network: which layers take series, and which phases run for every sample of them."""

from __future__ import annotations

from msgspec import Struct


class TimePlan(Struct, frozen=True):
    """A network whose data are sequences of samples.

    `layers` are the inputs and outputs that take another sample at every moment, `phases` those that run for each
    sample, by number; the other phases of a protocol stand before these and run once, where the state begins anew. The
    first `skip` samples after that neither learn nor count in measures. With `carry` the state goes on from sequence to
    sequence, else each begins anew.
    """

    layers: tuple[int, ...]
    phases: tuple[int, ...]
    skip: int
    carry: bool
