"""What can be wrong with the meaning of a file: one class a mistake, one module a subject."""
