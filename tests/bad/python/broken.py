"""No Python."""

def broken(pre:
    return pre
