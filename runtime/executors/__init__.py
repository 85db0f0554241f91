"""Where lanes are trained: in worker processes of this machine, or on a cluster. Importing this loads no JAX."""
