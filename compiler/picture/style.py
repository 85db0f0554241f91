"""Colours and letters of the pictures, legible on light and on dark pages."""

from __future__ import annotations

from typing import Final

HUES: Final = (
    ("#2563eb", "#7db0ff"),
    ("#c2410c", "#ffa366"),
    ("#15803d", "#5fd38a"),
    ("#a21caf", "#ea8df5"),
    ("#0e7490", "#58cfe6"),
    ("#b91c1c", "#ff8f8f"),
)
"""Colours of learning rules, on light and on dark; further rules begin again."""

_LIGHT: Final = {
    "page": "#ffffff", "edge": "#e3e6eb", "ink": "#1b2330", "soft": "#667085", "fixed": "#98a1b0",
    "layer": "#f5f7fa", "layer-line": "#475467", "input": "#e6f6f4", "input-line": "#0f766e",
    "output": "#f3ecfe", "output-line": "#7c3aed", "constant": "#fdf4e3", "constant-line": "#b7791f",
}  # fmt: skip
_DARK: Final = {
    "page": "#12161d", "edge": "#262d38", "ink": "#e8ecf3", "soft": "#98a3b5", "fixed": "#6f7a8c",
    "layer": "#1c222c", "layer-line": "#9aa6b8", "input": "#12302e", "input-line": "#4fd1c5",
    "output": "#291f40", "output-line": "#b794f6", "constant": "#33291a", "constant-line": "#e0b15c",
}  # fmt: skip

_RULES: Final = """
.page{fill:var(--page);stroke:var(--edge)}
text{fill:var(--ink);font-family:ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif}
.title{font-size:19px;font-weight:650}
.summary,.caption{font-size:12px;fill:var(--soft)}
.name{font-size:15px;font-weight:600}
.name,.caption,.label{text-anchor:middle}
.label,.legend{font-size:11px}
.label{paint-order:stroke;stroke:var(--page);stroke-width:6px;stroke-linejoin:round}
.box{stroke-width:1.5}
.link{fill:none;stroke-width:1.8;stroke-linecap:round}
.start{stroke-dasharray:2 5}
.feedback{stroke-width:1.5}
.line-fixed{stroke:var(--fixed)}
.head-fixed{fill:var(--fixed)}
.text-fixed{fill:var(--soft)}
""".strip()


def style_sheet(rules: int) -> str:
    """CSS for a picture with edges of so many learning rules."""
    used = range(min(rules, len(HUES)))
    light = _LIGHT | {f"rule-{n}": HUES[n][0] for n in used}
    dark = _DARK | {f"rule-{n}": HUES[n][1] for n in used}
    lines = [f"svg{{{_variables(light)}}}", f"@media(prefers-color-scheme:dark){{svg{{{_variables(dark)}}}}}", _RULES]
    for role in ("layer", "input", "output", "constant"):
        lines.append(f".{role}{{fill:var(--{role});stroke:var(--{role}-line)}}")
    for n in used:
        lines.append(f".line-{n}{{stroke:var(--rule-{n})}}.head-{n},.text-{n}{{fill:var(--rule-{n})}}")
    return "\n".join(lines)


def _variables(colours: dict[str, str]) -> str:
    return ";".join(f"--{name}:{colour}" for name, colour in colours.items())
