"""Whether rules are what they say: compiled as written, whatever the batch, and local."""
