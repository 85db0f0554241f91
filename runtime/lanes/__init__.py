"""Lanes: many trainings that differ in numbers alone, trained as one compiled program."""
