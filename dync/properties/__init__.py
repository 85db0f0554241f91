"""Trying the properties of files: `dync test` and what else tries them."""
