"""The page as a browser shows it: on a phone and a desk, in the light and in the dark."""

import pytest

from dync.compiler.picture.draw import draw
from dync.runtime.report import write_report
from tests.runtime.report.browser import CHROMIUM, browser
from tests.runtime.report.folders import study

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed, so no page can be looked at")

WIDER = """
[...document.querySelectorAll('body *')]
  .filter(e => !e.closest('.scroll, svg, .unseen, caption, .skip, math') || e.matches('.scroll'))
  .filter(e => {
    const r = e.getBoundingClientRect()
    return r.width > 0 && (r.right > innerWidth + 0.5 || r.left < -0.5)
  })
  .map(e => e.tagName + ' ' + e.className + ' ' + e.textContent.slice(0, 40))
"""
LEAST_CONTRAST = """
(() => {
  const numbers = c => (c.match(/[\\d.]+/g) || [0, 0, 0]).map(Number)
  const light = c => numbers(c).slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0)
  const behind = e => {
    for (; e; e = e.parentElement) {
      const found = getComputedStyle(e).backgroundColor
      if (numbers(found)[3] !== 0) return found
    }
    return 'rgb(255, 255, 255)'
  }
  const ofCell = new Map()   // text on the cells of a heat map stands on the cell's colour
  for (const svg of document.querySelectorAll('svg.chart')) {
    const cells = [...svg.querySelectorAll('path')].filter(p => /fill: var\\(--step-/.test(p.getAttribute('style')))
    for (const text of svg.querySelectorAll('text')) {
      const t = text.getBoundingClientRect(), x = t.x + t.width / 2, y = t.y + t.height / 2
      const cell = cells.find(c => {
        const r = c.getBoundingClientRect()
        return r.left < x && x < r.right && r.top < y && y < r.bottom
      })
      if (cell) ofCell.set(text, getComputedStyle(cell).fill)
    }
  }
  const shown = [...document.querySelectorAll('body *')].filter(e =>
    e.getClientRects().length && !e.closest('.unseen, .skip') &&
    [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()))
  const found = shown.map(e => {
    const own = getComputedStyle(e)
    const both = [e.closest('svg') ? own.fill : own.color, ofCell.get(e) || behind(e)]
    const [a, b] = both.map(light).sort((x, y) => y - x)
    return [(a + 0.05) / (b + 0.05), e.tagName + ' ' + e.textContent.slice(0, 30), ofCell.has(e)]
  })
  found.sort((a, b) => a[0] - b[0])
  return { count: found.length, cells: found.filter(f => f[2]).length, least: found[0] }
})()
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A page with a run of every kind, everything unfolded by the browser, not by the page."""
    root = tmp_path_factory.mktemp("study")
    return write_report(study(root / "runs"), root / "report.html", draw=lambda plan: draw(plan, "svg"))


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    with browser(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_page_fits_and_is_legible(chromium, page, width, dark):
    chromium.open(page, width, dark=dark)
    chromium.value("document.querySelectorAll('details').forEach(e => e.open = true)")
    assert chromium.complaints() == []
    assert chromium.requests() == [page.resolve().as_uri()]
    assert chromium.value("document.documentElement.scrollWidth") == width
    assert chromium.value("innerWidth") == width
    assert chromium.value(WIDER) == []
    contrast = chromium.value(LEAST_CONTRAST)
    assert contrast["count"] > 1000
    assert contrast["cells"] == 16
    assert contrast["least"][0] >= 4.5, contrast["least"]


def test_dark_is_dark_and_light_is_light(chromium, page):
    seen = {}
    for dark in (False, True):
        chromium.open(page, 390, dark=dark)
        paper = chromium.value("getComputedStyle(document.body).backgroundColor")
        letters = chromium.value("getComputedStyle(document.body).color")
        tick = chromium.value("getComputedStyle(document.querySelector('svg.chart text')).fill")
        seen[dark] = paper, letters, tick
    assert seen[False] == ("rgb(244, 245, 248)", "rgb(26, 34, 48)", "rgb(86, 97, 117)")
    assert seen[True] == ("rgb(12, 16, 23)", "rgb(231, 235, 242)", "rgb(156, 168, 185)")


def test_pictures_are_loaded_and_letters_in_charts_are_legible_on_a_phone(chromium, page):
    chromium.open(page, 390)
    assert chromium.value("[...document.images].every(i => i.complete && i.naturalWidth > 100)")
    smallest = chromium.value(
        "Math.min(...[...document.querySelectorAll('svg.chart text')].map(t => parseFloat(getComputedStyle(t).fontSize)"
        " * t.ownerSVGElement.getBoundingClientRect().width / t.ownerSVGElement.viewBox.baseVal.width))"
    )
    assert smallest >= 8


def test_no_text_of_a_chart_is_cut_off(chromium, page):
    chromium.open(page, 390)
    cut = chromium.value(
        "[...document.querySelectorAll('svg.chart text')].filter(t => { const a = t.getBoundingClientRect(),"
        " b = t.ownerSVGElement.getBoundingClientRect(); return a.left < b.left - 1 || a.right > b.right + 1 ||"
        " a.top < b.top - 1 || a.bottom > b.bottom + 1 }).map(t => t.textContent)"
    )
    assert cut == []
