"""Slides: one file without a network, every core picture and question on it; keys and notes in a browser."""

import re
import shutil
import subprocess

import nbformat
import pytest

from tools import shape, slides, teaching
from tools.lessons import NOTEBOOKS, lesson_path, lesson_sources

SOURCES = [source for source in lesson_sources() if lesson_path(source).exists()]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module", params=SOURCES, ids=lambda source: source.stem)
def deck(request):
    return request.param, slides.deck(request.param)


def test_a_deck_needs_no_network(deck):
    outside = re.findall(r"""(?:src|href)=["'](?!data:|#)[^"']*|url\((?!["']?data:)[^)]*|@import|<link""", deck[1])
    assert not outside and "{{" not in re.sub(r"<script.*?</script>|<pre>.*?</pre>", "", deck[1], flags=re.DOTALL)
    assert len(deck[1]) < 4_500_000


def test_a_deck_holds_all_core_pictures_films_and_questions(deck):
    source, text = deck
    nb = nbformat.read(lesson_path(source), as_version=4)
    core = [cell for cell, further in zip(nb.cells, shape.further_cells(nb), strict=True) if not further]
    outputs = [output for cell in core if cell.cell_type == "code" for output in cell.outputs]
    pictures = sum("image/png" in output.get("data", {}) for output in outputs)
    assert len(re.findall(r'<img alt="[^"]{10,}" src="data:image/png', text)) >= pictures > 0
    assert text.count('<div class="film">') == sum("text/html" in output.get("data", {}) for output in outputs)
    asked = [pair for one in teaching.sections(source) if not one.further for pair in one.questions]
    assert text.count('<div class="answer">') == len(asked)
    exercises = [one for part in teaching.sections(source) if not part.further for one in part.exercises]
    assert text.count("What usually goes wrong:") == len(exercises)


def test_no_markdown_is_left_over(deck):
    prose = re.sub(r"<(script|style|pre|code|div class=.film).*?</\1[^>]*>", "", deck[1], flags=re.DOTALL)
    prose = re.sub(r"<[^>]*>", "", prose)
    assert not re.findall(r"\*\*|\$\$|\\[a-z]+|\]\(", prose)


@pytest.mark.parametrize(
    "latex, expected",
    [
        (r"G(z) = \tanh(3z) + z/2", "<i>G(z) = tanh(3z) + z/2</i>"),
        (r"1/(1 + e^{-\text{logit}})", "<i>1/(1 + e<sup>-logit</sup>)</i>"),
        (r"\frac{p}{p+q}", "<i>(p)/(p+q)</i>"),
        (r"x_1 \le \sigma^2", "<i>x<sub>1</sub> ≤ σ<sup>2</sup></i>"),
        ("a < b", "<i>a &lt; b</i>"),
    ],
)
def test_formulas(latex, expected):
    assert slides.formula(latex) == expected


def test_the_command(tmp_path, capsys):
    folder = tmp_path / "notebooks"
    (folder / "source").mkdir(parents=True)
    source = SOURCES[0]
    shutil.copy(source, folder / "source")
    with pytest.raises(SystemExit):
        slides.main([], folder)
    assert "is not built yet" in capsys.readouterr().err
    shutil.copy(NOTEBOOKS / f"{source.stem}.ipynb", folder)
    assert slides.main([source.stem[:2]], folder) == 0
    assert (tmp_path / "dist" / "slides" / f"{source.stem}.html").exists()


PRESSED = """
<script>
const press = (key) => dispatchEvent(Object.assign(new Event("keydown"), { key }));
Object.defineProperty(Event.prototype, "target", { get: () => document.body });
const where = () => slides.findIndex((slide) => slide.classList.contains("now"));
const seen = [where()];
for (const key of ["ArrowRight", "PageDown", " ", "ArrowLeft", "End", "Home"]) { press(key); seen.push(where()); }
press("n");
press("ArrowRight");
const note = slides[where()].querySelector(".notes");
seen.push(getComputedStyle(note).display, getComputedStyle(document.body).display);
document.title = seen.join(" ");
</script>
</body>
"""


@pytest.mark.skipif(not CHROMIUM, reason="needs chromium")
def test_keys_and_notes_in_a_browser(tmp_path):
    text = slides.deck(SOURCES[1])
    (tmp_path / "a.html").write_text(text.replace("</body>", PRESSED), encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"]
    command = [CHROMIUM, *options, (tmp_path / "a.html").as_uri()]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120)
    last = text.count('<section class="slide">') - 1
    title = re.search(r"<title>(.*?)</title>", done.stdout)[1]
    assert title == f"0 1 2 2 2 {last} 0 block block"  # the blank reveals an answer, the arrow hides it
