"""Sweeps: settings proposed by a strategy, tried on real trainings, and everything replayable from the log."""
