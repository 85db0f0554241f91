"""The networks of the benchmark, written by hand: stacked and fused, and as a dictionary of modules."""
