"""Pipelines resolved: settings, data, optimizers, all checked before anything runs."""
