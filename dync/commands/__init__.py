"""The commands of `dync`, one module each. What is heavy they import when they run, never before."""
