"""Many trainings at once: lanes of one compiled program."""
