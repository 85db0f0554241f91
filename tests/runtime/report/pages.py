"""Pages of runs, as a parser sees them."""

import json
from html.parser import HTMLParser

from dync.compiler.picture.draw import draw
from dync.runtime.report import write_report

VOID = {"meta", "link", "img", "br", "hr"}


class Page(HTMLParser):
    """A page as its elements, each with its attributes and its own text. Fails where they are not nested well."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.elements = [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        element = {"tag": tag, "text": "", **dict(attributes)}
        assert len({name for name, _ in attributes}) == len(attributes)
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag):
        assert self.open.pop()["tag"] == tag

    def handle_data(self, data):
        for element in self.open:
            element["text"] += data

    def all(self, *tags):
        return [element for element in self.elements if element["tag"] in tags]


def picture(plan):
    return draw(plan, "svg")


def written(folder, **more):
    return write_report(folder, folder / "report.html", **{"draw": picture, **more}).read_text(encoding="utf-8")


def change(folder, **outputs):
    path = folder / "result.json"
    result = json.loads(path.read_text())
    result["outputs"] |= outputs
    path.write_text(json.dumps(result))
