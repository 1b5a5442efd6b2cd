"""The site, built once as course.py site builds it: pages, links, figures, formulas, weights; tests/web opens it."""

import json
import re
import time
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

for package in ("sphinx", "myst_nb", "furo", "latex2mathml"):
    pytest.importorskip(package, reason=f"{package} is not installed (the extra site)")

from tools import site, site_pages  # noqa: E402
from tools.lessons import NOTEBOOK_METADATA, notebooks, tags_of  # noqa: E402

LESSONS = [path for path in notebooks() if path.parent.name != "solutions"]
NAMES = [path.stem for path in LESSONS]
WEB = [path.parent.name for path in (site.ROOT / "web").glob("*/index.html")]
LOADS = {"src", "srcset", "poster", "data", "action", "background", "manifest", "ping"}  # attributes that load or send


class Page(HTMLParser):
    """What the tests ask of a page: ids, links, what it loads, images, formulas, what is folded, its text."""

    VOID = {"img", "link", "meta", "br", "hr", "input", "source", "col", "wbr", "area", "base", "embed", "track"}

    def __init__(self, path: Path):
        super().__init__()
        self.path, self.stack, self.text = path, [], ""
        self.ids, self.links, self.loads, self.images, self.formulas, self.tags = set(), [], [], [], 0, []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.ids.add(attrs.get("id"))
        self.loads += [attrs[name] or "" for name in LOADS & set(attrs)]
        self.loads += re.findall(r"url\(['\"]?([^'\")]+)", attrs.get("style") or "")
        if tag == "link" and attrs.get("rel") not in ("next", "prev", "index", "search", "author"):
            self.loads.append(attrs.get("href", ""))
        if tag == "a":
            self.links.append(attrs.get("href", ""))
        if tag == "img":
            self.images.append(attrs)
        self.formulas += tag == "math"
        inside = [name for name, _ in self.stack]
        self.tags.append((tag, attrs, inside))
        if tag not in self.VOID:
            self.stack.append((tag, attrs))

    def handle_endtag(self, tag):
        while self.stack and self.stack.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if not {"script", "style", "pre", "code"} & {name for name, _ in self.stack}:
            self.text += data


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder of the site, Sphinx's warnings, and the seconds it took."""
    start = time.monotonic()
    folder = tmp_path_factory.mktemp("site") / "site"
    warnings = site.build(site.ROOT, folder)
    return folder, warnings, time.monotonic() - start


@pytest.fixture(scope="module")
def everything(made):
    """All pages by their path in the site, the folders of web included."""
    return {path.relative_to(made[0]).as_posix(): Page(path) for path in sorted(made[0].rglob("*.html"))}


@pytest.fixture(scope="module")
def pages(everything):
    """The pages that Sphinx has made; those of web have tests of their own."""
    return {name: page for name, page in everything.items() if re.match(r"lessons/|docs/|[^/]+$", name)}


def lesson(pages, name) -> Page:
    return pages[f"lessons/{name}.html"]


def read(name, solution=False):
    folder = LESSONS[0].parent
    return nbformat.read((folder / "solutions" if solution else folder) / f"{name}.ipynb", as_version=4)


def test_it_is_built_without_a_warning_in_a_minute(made):
    assert made[1] == []
    assert made[2] < 60


def test_every_lesson_and_page_of_docs_is_there_with_its_neighbours(pages):
    assert {f"lessons/{name}.html" for name in NAMES} <= set(pages)
    assert {f"docs/{path.stem}.html" for path in (site.ROOT / "docs").glob("*.md")} <= set(pages)
    for before, after in zip(NAMES, NAMES[1:], strict=False):
        assert f"{after}.html" in lesson(pages, before).links and f"{before}.html" in lesson(pages, after).links
    for name, page in pages.items():
        assert any(link.endswith("index.html") or link == "#" for link in page.links)
        assert [tag for tag, _, _ in page.tags].count("h1") == 1, name
        assert all("aria-level" in attrs for _, attrs, _ in page.tags if attrs.get("role") == "heading")


def test_links_and_anchors_lead_somewhere(everything):
    lost = []
    ids = {page.path: page.ids for page in everything.values()}
    for name, page in everything.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or link == "#":
                continue
            target = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path
            anchor = unquote(parts.fragment)
            state = "=" in anchor and target.parent.name in WEB  # what it shows; tests/web opens it
            if not target.is_file() or (anchor and not state and target in ids and anchor not in ids[target]):
                lost.append(f"{name}: {link}")
    assert not lost


def test_no_page_loads_anything_from_outside(everything, made):
    outside = [f"{name}: {what[:80]}" for name, page in everything.items() for what in page.loads if is_outside(what)]
    for file in [*made[0].rglob("*.css"), *made[0].rglob("*.js")]:
        outside += [f"{file.name}: {what}" for what in requests(file.read_text(encoding="utf-8"))]
    for name, page in everything.items():
        scripts = re.findall(r"<(?:script|style)\b[^>]*>(.*?)</", page.path.read_text(encoding="utf-8"), re.DOTALL)
        outside += [f"{name}: {what}" for script in scripts for what in requests(script)]
    assert not outside


def is_outside(address: str) -> bool:
    return bool(re.match(r"(?i)\s*(https?:|ftp:|wss?:)?//", address))


def requests(text: str) -> list[str]:
    """What a style or script would load from outside: url(…), @import, fetch, import, a worker, an element's src."""
    call = r"(?:fetch|import|importScripts|open|Worker|WebSocket|EventSource|sendBeacon|Image|Audio)"
    ways = rf"(?:url|@import\s+url|{call})\(\s*['\"`]?|@import\s+['\"]|(?:from|src\s*=|href\s*=)\s*['\"`]"
    return re.findall(rf"(?:{ways})((?:https?:|wss?:)?//[\w.-]+)", text)


def test_requests_are_seen():
    assert is_outside("https://a.b/c.js") and is_outside("//a.b/c.js") and not is_outside("../_static/a.js")
    css, js = '@import "https://a.b/c.css"; x {src: url(//a.b/f)}', 'fetch("https://a.b/c"); x.src = "https://a.b/d"'
    assert len(requests(css)) == 2 and len(requests(js)) == 2
    assert requests("// see https://a.b/c for more\nx = 'http://www.w3.org/2000/svg'") == []


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_light_enough(made, name):
    page = made[0] / "lessons" / f"{name}.html"
    assert all(file.exists() for file in site.loaded(page))
    assert 100_000 < site.weight(page) <= site.WEIGHT


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_has_its_own_alt_text(pages, name):
    shown = [output for cell in read(name).cells for output in cell.get("outputs", [])]
    shown = [output for output in shown if "image/png" in output.get("data", {})]
    alts = [" ".join(output.metadata["image/png"]["alt"].split()) for output in shown]
    page = lesson(pages, name)
    assert all((image.get("alt") or "").strip() for image in page.images)
    figures = [" ".join(image["alt"].split()) for image in page.images if "_images" in image.get("src", "")]
    assert [alt for alt in alts if alt not in figures] == []


@pytest.mark.parametrize("name", NAMES)
def test_formulas_are_mathml(pages, name):
    text = "\n".join(cell.source for cell in read(name).cells if cell.cell_type == "markdown")
    text = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
    wanted = len(re.findall(r"\$\$.+?\$\$|(?<![\\$\d])\$(?! )[^$]+?(?<! )\$(?!\d)", text, re.DOTALL))
    page = lesson(pages, name)
    assert page.formulas == wanted
    assert not re.search(r"\\(frac|mathbb|text|left|log|sum)\b|\$\$", page.text)


@pytest.mark.parametrize("name", NAMES)
def test_films_sounds_and_folded_answers_are_there(pages, name):
    nb, page = read(name), lesson(pages, name)
    html = "".join(str(o.get("data", {}).get("text/html", "")) for c in nb.cells for o in c.get("outputs", []))
    text = page.path.read_text(encoding="utf-8")
    for sign in ('class="ganlib-player"', "<audio"):
        assert text.count(sign) == html.count(sign)
    prose = "".join(cell.source for cell in nb.cells if cell.cell_type == "markdown")
    hidden = sum(bool({"hide-input", "setup", "exercise"} & set(tags_of(cell))) for cell in nb.cells)
    details = [attrs for tag, attrs, _ in page.tags if tag == "details"]
    assert len(details) == prose.count("<details") + html.count("<details") + hidden
    assert not any("open" in attrs for attrs in details)


@pytest.mark.parametrize("name", NAMES)
def test_every_solution_is_folded_under_its_exercise(made, name):
    exercises = [cell for cell in read(name).cells if "exercise" in tags_of(cell)]
    solutions = [cell for cell in read(name, solution=True).cells if "solution" in tags_of(cell)] if exercises else []
    text = (made[0] / "lessons" / f"{name}.html").read_text(encoding="utf-8")
    blocks = re.split(r'<div class="cell ', text)
    at = [k for k, block in enumerate(blocks) if block.startswith("tag_solution")]
    assert len(at) == len(exercises) == len(solutions)
    for k, cell in zip(at, solutions, strict=True):
        assert blocks[k - 1].startswith("tag_exercise")
        before, _, folded = blocks[k].partition("<details")
        assert "highlight" not in before and "✓ Right" in folded
        assert cell.source.split("(")[0].split()[-1] in re.sub(r"<[^>]+>", "", folded)


@pytest.mark.parametrize("name", NAMES)
def test_optional_parts_are_marked_and_cells_are_numbered(pages, name):
    nb, page = read(name), lesson(pages, name)
    classes = [(attrs.get("class") or "").split() for tag, attrs, _ in page.tags if tag == "section"]
    assert sum("further" in names for names in classes) == sum("further" in tags_of(cell) for cell in nb.cells)
    cells = sum(cell.cell_type == "code" for cell in nb.cells)
    assert {f"cell-{k}" for k in range(1, cells + 1)} <= page.ids


def sections(folder: Path) -> list[list[str]]:
    text = (folder / "sections.js").read_text(encoding="utf-8")
    return json.loads(text.removeprefix("const SECTIONS = ").rstrip(";\n"))


def test_the_search_knows_every_section_by_an_anchor_that_is_there(pages, made):
    listed = sections(made[0])
    for name, anchor, title, _, _ in listed:
        assert title and (not anchor or anchor in pages[name].ids), (name, anchor)
    for name in NAMES:
        known = [title for page, _, title, _, _ in listed if page == f"lessons/{name}.html"]
        tags = lesson(pages, name).tags
        heads = [tag for tag, _, inside in tags if re.fullmatch("h[1-6]", tag) and "section" in inside]
        assert len(known) == len(heads) > 5
    assert any("softplus" in text for *_, text in listed)


# --- parts of it, without Sphinx ----------------------------------------------------------------------------


GITHUB = "https://github.com/someone/course"


def tiny(tmp_path: Path) -> Path:
    """A course with one lesson, its solutions, a page of docs and a folder of web; nothing is executed."""
    stub, answer = new_code_cell("f = ..."), new_code_cell("f = 1")
    stub.metadata.tags, answer.metadata.tags = ["exercise"], ["solution"]
    answer.outputs = [new_output("stream", name="stdout", text="✓ Right\n")]
    links = "[play](../web/playground/index.html?a=1) [code](../ganlib/gan.py#L3)"
    links += " **[see](../web/playground/index.html#experiment=4)**, or type."
    badge = "[![Open in Colab](https://a.b/colab-badge.svg)](https://a.b/01_tiny.ipynb)"
    first = f"# 01 · Tiny\n\n{badge}\n\n**You will see.**\n{links}"
    for folder, cell in (("notebooks", stub), ("notebooks/solutions", answer)):
        (tmp_path / folder).mkdir()
        nb = new_notebook(cells=[new_markdown_cell(first), cell], metadata=NOTEBOOK_METADATA)
        nbformat.write(nb, tmp_path / folder / "01_tiny.ipynb")
    for name in ("docs", "ganlib", "web/playground", "web/theme"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "docs" / "more.md").write_text("# More\n\n[tiny](../notebooks/01_tiny.ipynb)\n", encoding="utf-8")
    (tmp_path / "ganlib" / "gan.py").touch()
    page = '<!doctype html><title>Playground</title><meta name="description" content="A GAN to touch.">'
    page += '<span data-page="lessons/01_tiny">one</span> <span data-page="lessons/02_none">two</span>'
    (tmp_path / "web" / "playground" / "index.html").write_text(page, encoding="utf-8")
    (tmp_path / "web" / "playground" / "gan.js").touch()
    (tmp_path / "pyproject.toml").write_text(f'[tool.ganlib]\nrepository = "{GITHUB}"\n', encoding="utf-8")
    return tmp_path


def test_web_folders_are_copied_and_linked_and_the_address_gives_buttons(tmp_path):
    root = tiny(tmp_path)
    assert site.build(root, tmp_path / "out") == []
    assert (tmp_path / "out" / "playground" / "gan.js").exists() and not (tmp_path / "out" / "theme").exists()
    page = Page(tmp_path / "out" / "lessons" / "01_tiny.html")
    colab = "https://colab.research.google.com/github/someone/course/blob/main/notebooks/01_tiny.ipynb"
    states = {"../playground/index.html?a=1", "../playground/index.html#experiment=4"}
    assert {"../playground/index.html", colab} | states <= set(page.links)
    assert f"{GITHUB}/blob/main/ganlib/gan.py#L3" in page.links
    assert not any(map(is_outside, page.loads)), "the badge is a picture from outside"
    assert "../lessons/01_tiny.html" in Page(tmp_path / "out" / "docs" / "more.html").links
    index = Page(tmp_path / "out" / "index.html")
    assert {"playground/index.html", GITHUB} <= set(index.links) and "A GAN to touch." in index.text


def test_web_pages_link_to_the_pages_that_the_site_has(tmp_path):
    root = tiny(tmp_path)
    site.build(root, tmp_path / "out")
    page = Page(tmp_path / "out" / "playground" / "index.html")
    assert page.links == ["../lessons/01_tiny.html"] and "one two" in page.text


def test_the_playground_links_to_its_lessons_and_the_explorer_to_its(everything):
    for name, numbers in {"playground": ("02", "03", "06"), "explorer": ("05", "07")}.items():
        links = {link.partition("lessons/")[2][:2] for link in everything[f"{name}/index.html"].links}
        assert {*numbers} <= links


def test_without_an_address_links_to_other_files_become_text(tmp_path):
    root = tiny(tmp_path)
    assert site_pages.here("see [code](../ganlib/gan.py#L3).", root, "notebooks", "") == "see code."
    assert "button" not in site_pages.with_button("# Title\n", "")


def test_a_lesson_in_parts_keeps_one_title():
    parts = ["# 09 · Title", "# Part one\ntext", "## 1 · A\n```\n# no heading\n```\n### B"]
    cells = [new_markdown_cell(part) for part in parts]
    site_pages.one_title(cells)
    assert [cell.source for cell in cells] == [
        "# 09 · Title", "## Part one\ntext", "### 1 · A\n```\n# no heading\n```\n#### B",
    ]  # fmt: skip
    cells = [new_markdown_cell("# 01 · Title"), new_markdown_cell("## 1 · A\n```\n# no heading\n```")]
    site_pages.one_title(cells)
    assert cells[1].source.startswith("## 1")


def test_exercises_without_their_solutions_are_refused(tmp_path):
    root = tiny(tmp_path)
    (root / "notebooks" / "solutions" / "01_tiny.ipynb").unlink()
    with pytest.raises(site_pages.SiteError, match="1 exercises and 0 solutions"):
        site_pages.write(root, tmp_path / "source", [], "")


def test_missing_packages_are_named_in_one_sentence(monkeypatch, capsys):
    monkeypatch.setattr(site, "find_spec", lambda name: None if name == "furo" else name)
    assert site.main([]) == 2
    assert capsys.readouterr().err.strip() == (
        'This Python lacks furo: type  pip install -c constraints.txt ".[site]"  in the course\'s folder.'
    )
