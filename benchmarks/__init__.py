"""What this compiler's programs cost beside programs written by hand. `python -m benchmarks.run` measures."""
