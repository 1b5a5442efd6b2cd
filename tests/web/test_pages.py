"""Every page of the site in a real browser, from files and offline: errors, requests, width, pictures, accessibility.

The rules of accessibility are those of axe-core (tests/web/axe, MPL-2.0, of the npm package axe-core 4.14.1).
"""

import html
import re
from pathlib import Path

import pytest
from web.browser import browser, chromium

for package in ("sphinx", "myst_nb", "furo", "latex2mathml"):
    pytest.importorskip(package, reason=f"{package} is not installed (the extra site)")

from tools import site  # noqa: E402
from tools.lessons import notebooks  # noqa: E402

AXE = (Path(__file__).resolve().parent / "axe" / "axe.min.js").read_text(encoding="utf-8")
LESSONS = [f"lessons/{path.stem}.html" for path in notebooks() if path.parent.name != "solutions"]
DOCS = [f"docs/{path.stem}.html" for path in sorted((site.ROOT / "docs").glob("*.md"))]
PHONE, SCREEN = 360, 1280
FOUND = """(async () => {
  for (const part of document.querySelectorAll("details")) part.open = true;
  for (let k = 0; k < 2; k++) await new Promise(requestAnimationFrame); // what scrolls is found out between frames
  const flat = (element) => element.getClientRects().length > 0 && element.getBoundingClientRect().width < 4;
  return {
    broken: [...document.images].filter((image) => image.complete && !image.naturalWidth).length,
    formulas: [...document.querySelectorAll("math")].filter(flat).length,
    players: document.querySelectorAll(".ganlib-player").length,
    live: document.querySelectorAll(".ganlib-player .gp-live input").length,
  };
})()"""
SERIOUS = """axe.run(document, {preload: false, resultTypes: ["violations"]}).then(({violations}) => violations
  .filter(({impact}) => ["serious", "critical"].includes(impact))
  .map(({id, help, nodes}) => `${id} (${help}): ${nodes.length} times, such as ${nodes[0].html.slice(0, 300)}; ` +
    nodes[0].any.concat(nodes[0].all).map(({message}) => message).join("; ")))"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    chromium()
    made = tmp_path_factory.mktemp("site") / "site"
    site.build(site.ROOT, made)
    return made


@pytest.fixture(scope="module")
def page(folder):
    with browser() as page:
        yield page


def serious(page) -> list[str]:
    """What axe-core calls serious or critical on the page as it is."""
    page.until("document.getAnimations().every(({playState}) => playState !== 'running')")  # colours fade into others
    page.js(AXE + "; 0")
    return page.js(SERIOUS)


@pytest.mark.parametrize("name", ["index.html", "search.html", *DOCS, *LESSONS])
def test_a_page_of_the_site(page, folder, name):
    page.problems.clear()
    page.size(PHONE)
    page.open(folder / name)
    found = page.js(FOUND)
    assert found["broken"] == found["formulas"] == 0
    assert found["players"] == found["live"]
    assert page.scrolls() <= 0, f"wider than a phone by {page.scrolls()} pixels"
    page.size(SCREEN)
    for scheme in ("dark", "light"):
        page.prefers(color_scheme=scheme)
        assert not serious(page), scheme
    assert not page.problems


def test_a_lesson_has_its_films(page, folder):
    page.open(folder / "lessons" / "02_generator_and_discriminator.html")
    assert page.js(FOUND)["live"] > 0


def test_the_search_finds_sections(page, folder):
    page.open(folder / "search.html", query="q=hinge+losses")
    links = page.js("[...document.querySelectorAll('#found a')].map((link) => link.getAttribute('href'))")
    assert any(link.startswith("lessons/03_losses.html#") for link in links)
    assert not serious(page)


def states(folder: Path, name: str) -> list[str]:
    """The states of a folder of web that lessons and pages of docs link to."""
    pages = [path for part in ("lessons", "docs") for path in (folder / part).glob("*.html")]
    link = re.compile(rf'/{name}/index\.html#([^"]+)"')
    return sorted({html.unescape(state) for path in pages for state in link.findall(path.read_text(encoding="utf-8"))})


def test_states_in_links_are_found(tmp_path):
    (tmp_path / "lessons").mkdir()
    link = '<a href="../playground/index.html#tab=dirac&amp;step=3">x</a> <a href="../playground/index.html">y</a>'
    (tmp_path / "lessons" / "a.html").write_text(link, encoding="utf-8")
    assert states(tmp_path, "playground") == ["tab=dirac&step=3"]


def test_every_state_that_a_lesson_links_to_is_understood(page, folder):
    page.problems.clear()
    for state in ["experiment=4", *states(folder, "playground")]:
        page.open(folder / "playground" / "index.html", state)
        page.until("globalThis.Page?.app?.last")
        assert page.js("document.getElementById('trouble').hidden"), state
    links = page.js("[...document.querySelectorAll('a[data-page]')].map((link) => link.href)")
    assert links and page.js("document.querySelector('#guide p a').href") in links
    assert not page.problems


TOUCH = {  # with all that can be loaded, and what is there when it has been
    "playground": ("experiment=2", "globalThis.Page?.app?.last"),
    "explorer": ("net=asked&near=1", "globalThis.Explorer?.page?.sheet && Explorer.page.closer.near"),
}


@pytest.mark.parametrize("name", TOUCH)
@pytest.mark.parametrize("width", [PHONE, SCREEN])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_can_be_touched(page, folder, name, width, scheme):
    page.problems.clear()
    page.size(width)
    page.prefers(color_scheme=scheme)
    state, ready = TOUCH[name]
    page.open(folder / name / "index.html", state)
    page.until(ready)
    page.js("for (const part of document.querySelectorAll('details')) part.open = true; 0")
    wrong = serious(page)
    if name == "playground":
        page.js("document.getElementById('tab-dirac').click()")
        wrong += serious(page)
    assert not wrong
    assert page.scrolls() <= 0 and page.sticks_out() <= 0
    assert not page.problems


def test_the_browser_sees_faults(page, tmp_path):
    wide, script = '<div style="width: 500px">wide</div><img src="none.png">', "<script>nothing.here()</script>"
    outside = '<link rel="stylesheet" href="https://outside.invalid/a.css">'
    (tmp_path / "bad.html").write_text(f"<!doctype html>{outside}<details>{wide}</details>{script}", encoding="utf-8")
    page.problems.clear()
    page.size(PHONE)
    page.open(tmp_path / "bad.html")
    assert page.js(FOUND)["broken"] == 1
    assert page.scrolls() >= 500 - PHONE
    for fault in ("nothing is not defined", "outside.invalid"):
        assert any(fault in problem for problem in page.problems), page.problems
    assert any(problem.startswith("image-alt") for problem in serious(page))
    page.problems.clear()
