"""Drawn networks written out flat: what is in networks that stand step by step in the place of layers, by hand.

It works on the lines as the strategy writes them, and on nothing that the compiler makes of them.
"""

import re

NETWORK = re.compile(r"^network (\w+) \{\n(.*?)^\}\n?", re.MULTILINE | re.DOTALL)
INSTANCE = re.compile(r"layer (\w+)(?:\[1\.\.(\d+)\])? network (\w+)(?:\((.*)\))?$")
MOVEMENT = ("param", "phase", "train", "infer", "protocol", "schedule", "group", "rule_messages", "measure")


def flat(text):
    """The file with all networks that stand step by step in the place of layers written out."""
    bodies = {name: [line.strip() for line in body.splitlines()] for name, body in NETWORK.findall(text)}
    inner = {}
    for name, lines in bodies.items():  # what stands within others is declared before them
        bodies[name], inner[name] = _written_out(lines, bodies, inner)
    return NETWORK.sub(lambda found: "\n".join([f"network {found[1]} {{", *bodies[found[1]], "}", ""]), text)


def _written_out(lines, bodies, inner):
    """The statements of a network written out, and the beginnings of names that come from networks in it."""
    found, names, deeper = [], {}, {}
    for line in lines:
        instance = INSTANCE.match(line)
        if instance is None:
            found.append(line)
            continue
        name, count, network, arguments = instance.groups()
        gain = dict(a.split(" = ") for a in (arguments or "").split(", ") if a).get("gain") or _gain(bodies[network])
        for place in [name] if count is None else [f"{name}[{n}]" for n in range(1, int(count) + 1)]:
            prefix = re.sub(r"\W+", "_", place).strip("_") + "_"
            names[place] = prefix, bodies[network]
            deeper |= {f"{prefix}{other}.": prefix + begins for other, begins in inner[network].items()}
            found += [_renamed(one, prefix, gain, bodies[network]) for one in bodies[network] if _stays(one)]
    written = [_outer(line, names, deeper) for one in found for line in _unrolled(one, names)]
    return written, {place: prefix for place, (prefix, _) in names.items()}


def _stays(line):
    return not line.startswith(MOVEMENT)


def _gain(lines):
    return next(line.split()[3] for line in lines if line.startswith("param gain"))


def _declared(lines):
    """Names of layers, of arrays once, constants among them."""
    words = ("input ", "layer ", "output ", "constant ")
    return [re.match(r"\w+ (\w+)", line)[1] for line in lines if line.startswith(words)]


def _renamed(line, prefix, gain, lines):
    """A statement of a network as one of the network around it."""
    line = re.sub(r"^input (\w+) (\([^)]*\))$", r"layer \1 \2 identity", line)
    line = re.sub(r"^output (\w+ \([^)]*\))$", r"layer \1 identity", line)
    line = re.sub(r"^output ", "layer ", line)
    line = re.sub(r" start \w+$", "", line)
    names = "|".join(map(re.escape, _declared(lines)))
    line = re.sub(rf"(?<![.\w])((?:{names})\b|(?:\w+_)?e(?:\d+\b|(?=\[)))", rf"{prefix}\1", line)
    return re.sub(r"\bgain\b(?! =)", gain, line)


def _unrolled(line, names):
    """The statements of a `for` over an array of networks."""
    loop = re.match(r"for n in (\d+)\.\.(\d+) \{ (.*) \}$", line)
    if loop is None or not any(f" {place.partition('[')[0]}[n" in loop[3] for place in names if "[" in place):
        return [line]
    numbers = range(int(loop[1]), int(loop[2]) + 1)
    return [loop[3].replace("[n + 1]", f"[{n + 1}]").replace("[n]", f"[{n}]") for n in numbers]


def _outer(line, names, deeper):
    """A statement with the layers of networks within by their new names; a whole network is all its layers."""
    whole = {}
    for place, (prefix, lines) in names.items():
        line = re.sub(rf"(?<![.\w]){re.escape(place)}\.", prefix, line)
        whole.setdefault(place.partition("[")[0], []).extend(prefix + name for name in _declared(lines))
    for old, new in deeper.items():
        line = line.replace(old, new)
    for name, layers in whole.items():
        line = re.sub(rf"(?<=[ ,]){name}(?=,| \}}|  |$)", ", ".join(layers), line)
    return line
