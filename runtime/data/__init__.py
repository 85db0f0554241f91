"""Data: sources, transforms fitted on the training part, and the parts that come out."""
