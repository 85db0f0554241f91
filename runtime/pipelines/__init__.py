"""Pipelines: stages that run in order and a result that says what became of each."""
