"""The sections of a report: functions from what a run left to the blocks that the page shows."""
