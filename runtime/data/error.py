"""What goes wrong with data, as one sentence for the person who named the data."""

from __future__ import annotations


class DataError(Exception):
    """Data that cannot be used: names the file, array or layer, what was expected and found, and what to do."""
