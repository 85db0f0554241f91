"""Packaging a trained network so that it runs without this package: JAX and NumPy are enough."""
