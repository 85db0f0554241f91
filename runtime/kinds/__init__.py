"""Kinds of edges: how the weights of a family are stored, what they send, how a rule is summed over the batch."""
