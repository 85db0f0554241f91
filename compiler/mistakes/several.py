"""Several names in one sentence."""

from __future__ import annotations

from collections.abc import Sequence


def several(names: Sequence[str], limit: int = 8) -> str:
    """Names for a sentence, not more of them than one can read."""
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(f"`{name}`" for name in names[:limit]) + more
