"""A Sphinx extension: formulas as MathML, marked optional parts, numbered cells, and a search that opens the section.

Sphinx's own search finds whole pages, and shows excerpts only over HTTP. Ours is one file, sections.js, which a page
can load from a folder too, and web/theme/static/find.js.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

from tools.site_pages import FURTHER


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    app.connect("builder-inited", _start)
    app.connect("doctree-read", _mark)
    app.connect("html-page-context", _collect)
    app.connect("build-finished", _save)
    return {"parallel_read_safe": True}


def _start(app: Sphinx) -> None:
    app.builder.search = False  # no index of Sphinx's own
    app.course_sections = []


def _inline(self: HTML5Translator, node: nodes.Node) -> None:
    self.body.append(convert(node.astext()))
    raise nodes.SkipNode


def _block(self: HTML5Translator, node: nodes.Node) -> None:
    self.body.append(f'<div class="formula">{convert(node.astext(), display="block")}</div>\n')
    raise nodes.SkipNode


def _mark(app: Sphinx, doctree: nodes.document) -> None:
    """Give optional parts the class "further", code cells an anchor (#cell-12), figures their alt texts."""
    for section in doctree.findall(nodes.section):
        if any(name.startswith(FURTHER) for name in section["ids"]):
            section["classes"].append("further")
    for cell in doctree.findall(nodes.container):
        count = cell.get("exec_count")
        if cell.get("nb_element") == "cell_code" and count and "tag_solution" not in cell["classes"]:
            cell["ids"].append(f"cell-{count}")
        alts = cell.get("cell_metadata", {}).get("alts", [])
        for image, alt in zip(cell.findall(nodes.image), alts, strict=False):
            image["alt"] = alt


def _collect(app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    # myst-nb's label hides what is written on the fold from screen readers and from people who speak to their machine.
    context["body"] = context.get("body", "").replace(' aria-label="Toggle hidden content"', "")
    if doctree is None or name == "index":
        return
    page = doctree.next_node(nodes.title)
    for section in doctree.findall(nodes.section):
        title = section.next_node(nodes.title)
        own = [part for part in section.children if not isinstance(part, (nodes.section, nodes.title))]
        text = " ".join(" ".join(_words(part) for part in own).split())
        anchor = "" if isinstance(section.parent, nodes.document) else section["ids"][0]
        app.course_sections.append([f"{name}.html", anchor, title.astext(), page.astext(), text])


def _words(node: nodes.Node) -> str:
    leaves = node.findall(nodes.Text) if not isinstance(node, nodes.Text) else [node]
    return " ".join(leaf.astext() for leaf in leaves if not isinstance(leaf.parent, nodes.raw))


def _save(app: Sphinx, error: Exception | None) -> None:
    if error is None:
        text = json.dumps(app.course_sections, ensure_ascii=False, separators=(",", ":"))
        Path(app.outdir, "sections.js").write_text(f"const SECTIONS = {text};\n", encoding="utf-8")
