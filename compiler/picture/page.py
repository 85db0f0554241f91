"""The picture of a network on a page of its own, with the report below: one file that needs nothing from elsewhere."""

from __future__ import annotations

from dync.compiler.picture.markup import element, escaped
from dync.compiler.picture.scene import Scene
from dync.compiler.picture.svg import svg
from dync.compiler.plan import Plan
from dync.compiler.report.report import report

_STYLE = """
:root{color-scheme:light dark}
body{margin:2rem auto;max-width:76rem;padding:0 1rem;font-family:ui-sans-serif,system-ui,sans-serif;background:#f2f4f7}
svg{max-width:100%;height:auto}
pre{overflow-x:auto;font-size:13px;line-height:1.5;color:#344054}
@media(prefers-color-scheme:dark){body{background:#0b0e13}pre{color:#c3cbd8}}
""".strip()


def page(scene: Scene, plan: Plan) -> str:
    """An HTML page with the picture and the text of the report."""
    described = "".join(escaped(line) + "\n" for line in report(plan).splitlines())
    head = (
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        element("title", escaped(scene.network)),
        element("style", _STYLE),
    )
    body = svg(scene) + element("pre", described)
    return f'<!doctype html>\n<html lang="en">\n<head>{"".join(head)}</head>\n<body>\n{body}\n</body>\n</html>\n'
