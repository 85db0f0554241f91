"""Comparing entries on tasks, seed by seed: what is scored, the scores, what they say."""
