"""Write dist/site: the lessons as web pages that work from a folder, without a network.

    python -m tools.site

Sphinx and myst-nb show the saved notebooks; nothing is executed. tools/site_pages.py says what a page holds,
tools/site_sphinx.py what Sphinx does otherwise than usual, web/theme how it looks. Every folder of web that has an
index.html is copied and linked from each page; where it names a page of the site, that becomes a link.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import shutil
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NEEDED = ("sphinx", "myst_nb", "furo", "latex2mathml", "jupytext")
TITLE = "GANs, hands on"
WEIGHT = 1_500_000  # bytes of a lesson's page with all that it loads
# What a page carries but never uses: myst-nb and Sphinx put it there for other pages than ours.
UNUSED = ("_static/searchtools.js", "_static/language_data.js", "searchindex.js", "objects.inv", ".buildinfo")


def settings(touch: list[dict[str, str]], address: str) -> dict:
    """Return Sphinx's settings. `touch` are the folders of web, `address` is that of the project, or ""."""
    theme = ROOT / "web" / "theme"
    return {
        "project": TITLE,
        "html_title": TITLE,
        "author": "",
        "extensions": ["myst_nb", "tools.site_sphinx"],
        "html_theme": "furo",
        "html_theme_options": {"sidebar_hide_name": False},
        "html_context": {"touch": touch, "repository": address},
        "html_sidebars": {"**": [f"sidebar/{name}.html" for name in SIDEBAR]},
        "html_static_path": [str(theme / "static")],
        "html_css_files": ["course.css"],
        "html_js_files": [("scroll.js", {"defer": "defer"})],
        "html_additional_pages": {"search": "find.html"},
        "templates_path": [str(theme / "templates")],
        "html_show_sourcelink": False,
        "html_copy_source": False,
        "html_show_copyright": False,
        "html_use_index": False,
        "html_math_renderer": "mathml",
        "myst_enable_extensions": ["dollarmath", "amsmath"],
        "myst_heading_anchors": 3,
        "nb_execution_mode": "off",
        "nb_merge_streams": True,
        "nb_code_prompt_show": "Show the code that draws this",
        "nb_code_prompt_hide": "Hide the code",
    }


SIDEBAR = ("brand", "search", "scroll-start", "touch", "navigation", "scroll-end")


def build(root: Path, target: Path) -> list[str]:
    """Write the site of the course in `root` to `target`; return Sphinx's warnings, one a line."""
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace, patch_docutils

    from tools import site_pages
    from tools.lessons import repository

    touch = web_folders(root / "web")
    address = repository(root / "notebooks" / "source" / "any.py")
    warnings = io.StringIO()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        source, made = Path(scratch, "source"), Path(scratch, "made")
        site_pages.write(root, source, touch, address)
        folders = (source, None, made, Path(scratch, "doctrees"))
        with patch_docutils(), docutils_namespace():  # what Sphinx registers ends with it
            app = Sphinx(*folders, "html", settings(touch, address), status=None, warning=warnings, freshenv=True)
            app.build(force_all=True)
        for name in UNUSED:
            (made / name).unlink(missing_ok=True)
        shutil.rmtree(made / "_sources", ignore_errors=True)
        for folder in touch:
            page = shutil.copytree(root / "web" / folder["name"], made / folder["name"]) / "index.html"
            text = site_pages.at_home(page.read_text(encoding="utf-8"), made)
            page.write_text(text, encoding="utf-8", newline="\n")
        (made / ".nojekyll").touch()  # GitHub Pages leaves out folders like _static otherwise
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(made, target)
    plain = re.sub(r"\x1b\[[\d;]*m", "", warnings.getvalue()).replace(f"{source}{os.sep}", "")
    return [line for line in plain.splitlines() if line.strip()]


def web_folders(web: Path) -> list[dict[str, str]]:
    """Return the folders of web that hold an index.html: name, title and description, as the page gives them."""
    found = []
    for page in sorted(web.glob("*/index.html")):
        text = page.read_text(encoding="utf-8")
        title = re.search(r"<title>\s*(.*?)\s*</title>", text, re.DOTALL)
        about = re.search(r"""<meta\s+name=["']description["']\s+content=(["'])(.*?)\1""", text, re.DOTALL)
        name = page.parent.name
        found.append({"name": name, "title": title[1] if title else name, "about": about[2] if about else ""})
    return found


def loaded(page: Path) -> set[Path]:
    """Return the files that a page of the site loads, itself included."""
    text = page.read_text(encoding="utf-8")
    tags = re.findall(r"<(?:img|script|audio|video|source)\b[^>]*?\bsrc=\"([^\"]+)\"", text)
    tags += re.findall(r"<link\b[^>]*?rel=\"(?:stylesheet|icon)\"[^>]*?href=\"([^\"]+)\"", text)
    names = [name.split("?")[0].split("#")[0] for name in tags if not name.startswith("data:")]
    return {page, *((page.parent / name).resolve() for name in names)}


def weight(page: Path) -> int:
    """Return the bytes of a page with all that it loads."""
    return sum(file.stat().st_size for file in loaded(page) if file.exists())


def missing() -> list[str]:
    """Return which packages the site needs and this Python lacks."""
    return [name for name in NEEDED if find_spec(name) is None]


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Write the site and say what each page weighs; return the exit status."""
    parser = argparse.ArgumentParser(description="Write the lessons as web pages, into dist/site.")
    parser.parse_args(arguments)
    if missing():
        cure = 'pip install -c constraints.txt ".[site]"'
        print(f"This Python lacks {', '.join(missing())}: type  {cure}  in the course's folder.", file=sys.stderr)
        return 2
    start, target = time.monotonic(), root / "dist" / "site"
    warnings = build(root, target)
    print("\n".join(warnings), file=sys.stderr, end="\n" if warnings else "")
    heavy = False
    for page in sorted(target.glob("lessons/*.html")):
        size = weight(page)
        heavy |= size > WEIGHT
        note = f"  more than {WEIGHT / 1e6:.1f} MB: show fewer or smaller figures" if size > WEIGHT else ""
        print(f"dist/site/lessons/{page.name:<40} {size / 1000:5.0f} kB{note}")
    print(f"{time.monotonic() - start:.0f} s. Open dist/site/index.html in a browser.")
    return int(heavy or bool(warnings))


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(main())
