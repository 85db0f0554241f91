"""Functions that the files beside this one name; none of them is ever run."""

raise RuntimeError("a check runs no module")


def mine(pre, post, margin):
    return pre * post - margin


def global_error(pre, post, error, target=0):
    return pre * error


def anything(pre, *others, **named):
    return pre


def bend(field, state, gain=1):
    return gain * field + state


class Kind:
    pass


class Needy:
    def weights(key, senders, receivers, gain, target):
        return gain

    def message(self, weights, sent):
        return sent @ weights


class Fine:
    def weights(key, senders, receivers, gain=1):
        return gain

    def message(weights, sent):
        return sent @ weights
