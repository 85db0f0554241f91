"""What was found out about a network as plain data."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from dync.verification.verdict import FamilyVerdict, Verification


def verification_json(found: Verification) -> dict[str, Any]:
    """The whole outcome."""
    return {
        "name": found.network,
        "holds": found.holds,
        "seed": found.seed,
        "faults": list(found.faults),
        "families": [_family(family) for family in found.families],
    }


def _family(family: FamilyVerdict) -> dict[str, Any]:
    data = asdict(family)
    for name in ("as_written", "any_batch", "locality"):
        if data[name] is not None:
            data[name]["holds"] = not data[name]["faults"]
    return data | {"holds": family.holds}
