"""What is said of a training whose numbers are no longer finite."""

from __future__ import annotations

from typing import Any

import optax

from dync.runtime.error import RunError
from dync.runtime.learner import Feed, Learner, find_divergence


def diverged(
    optimizer: optax.GradientTransformation, feed: Feed, before: Learner, good: str | None, outputs: dict[str, Any]
) -> RunError:
    """Where the first value arose that is not finite, and which checkpoint is the last good one.

    `before` is the learner before the feed, `good` the last checkpoint's path, `outputs` what the run has made so far.
    """
    first = int(before.count) + 1
    found = find_divergence(optimizer, feed, before)
    where = (
        f"at update {found.update}: {found.place} {'are' if found.place.startswith('the weights') else 'is'}"
        if found is not None
        else f"between the updates {first} and {first + int(feed.count) - 1}: a state or weight is"
    )
    kept = "no checkpoint was written before"
    if good is not None:
        outputs = {**outputs, "last_good_checkpoint": good}
        kept = f"the last good checkpoint is {good}"
    return RunError(
        f"the training diverged {where} no longer finite; {kept}. Lower the learning rate or the strengths",
        outputs,
    )
