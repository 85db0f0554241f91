"""A package."""


def curve(field):
    return field
