"""Evidence for the runtime: a naive interpreter of plans, and strategies that draw networks to compare on.

Nothing here imports JAX. `networks` needs the optional package hypothesis; the other modules need NumPy alone.
"""
