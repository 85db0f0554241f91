"""Pipelines that are built in Python or read from YAML and JSON: a mapping becomes `.dyn` text, which is then checked.

A mapping has the names of the language. It is written as text and goes through the same reader and the same checks as a
file, so that nothing is checked twice and whatever was built can be printed.
"""
