"""Claims are fixed before anything is measured: their hash stands in the log first."""

from __future__ import annotations

from typing import Final

from dync.compiler.pipeline_json import digest_of_pipeline
from dync.compiler.pipeline_plan import ComparisonPlan
from dync.runtime.error import RunError
from dync.runtime.event_log import EventLogError, read_events
from dync.runtime.run_folder import EVENTS, RunFolder
from dync.runtime.statistics.claims import claim_text

EVENT: Final = "claims_registered"


def register_claims(plan: ComparisonPlan, folder: RunFolder) -> str:
    """Write the claims and the hash of the spec to the log before the run, and give the hash.

    Of a run that goes on the hash must be the one that was registered. Raises RunError where it is not: claims that
    were changed after the first results are no claims.
    """
    found = digest_of_pipeline(plan)
    before = _registered(folder)
    if before is None:
        folder.event(EVENT, hash=found, claims=[claim_text(claim) for claim in plan.claims])
    elif before != found:
        raise RunError("the claims or the comparison were changed after they were registered: begin a new run")
    return found


def _registered(folder: RunFolder) -> str | None:
    path = folder.path / EVENTS
    try:
        events = read_events(path) if path.exists() else []
    except EventLogError as error:
        raise RunError(str(error)) from None
    return next((str(event.get("hash")) for event in events if event.get("event") == EVENT), None)
