"""Elements of SVG, HTML and GraphML as text, everything foreign escaped."""

from __future__ import annotations

from html import escape


def escaped(text: str) -> str:
    """Text for between tags and for attributes; what XML forbids or cannot be shown becomes a replacement character."""
    return escape("".join(c if c.isprintable() else "\ufffd" for c in text), quote=True)


def element(tag: str, *inside: str, **attributes: str | float) -> str:
    """An element. `inside` is markup already; attributes are escaped, `_` in their names stands for `-`.

    A trailing `_` is dropped (`class_`). Numbers are rounded to a tenth.
    """
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{_value(value)}"' for name, value in attributes.items() if value != ""
    )
    return f"<{tag}{written}>{''.join(inside)}</{tag}>" if inside else f"<{tag}{written}/>"


def number(value: float) -> str:
    """A coordinate in as few characters as a tenth of a pixel needs."""
    return f"{round(value, 1) + 0.0:g}"


def _value(value: str | float) -> str:
    return escaped(value) if isinstance(value, str) else number(value)
