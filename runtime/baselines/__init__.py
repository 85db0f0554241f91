"""Models of other kinds, trained on the same data and in the same way, to compare with."""
