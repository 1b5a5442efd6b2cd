"""Slides: one file without a network, every core picture and question on it; keys and notes in a browser."""

import json
import re
import shutil
import time
from urllib.request import ProxyHandler, build_opener

import nbformat
import pytest
from web.browser import Page, browser

from tools import prose, shape, slides, teaching
from tools.exercises import of_lesson, source_of
from tools.lessons import NOTEBOOKS, lesson_path, lesson_sources

SOURCES = [source for source in lesson_sources() if lesson_path(source).exists()]


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
    assert text.count('<div class="film"') == sum("text/html" in output.get("data", {}) for output in outputs)
    asked = [pair for one in teaching.sections(source) if not one.further for pair in one.questions]
    assert text.count('<div class="answer">') == len(asked)
    exercises = [one for part in teaching.sections(source) if not part.further for one in part.exercises]
    assert len(exercises) == text.count("Hints in the notebook:") == text.count("<pre>")


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
        (r"\frac{\gamma}{2}\,\mathbb{E}_{x}\big\|\nabla\big\|^2", "<i>(γ)/(2) 𝔼<sub>x</sub>‖∇‖<sup>2</sup></i>"),
        (r"\frac{x_{t+k}}{\sqrt{x_t^2}}", "<i>(x<sub>t+k</sub>)/(√(x<sub>t</sub><sup>2</sup>))</i>"),
        (r"\tfrac12 \pm D^*(x)", "<i>(1)/(2) ± D<sup>*</sup>(x)</i>"),
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


def test_what_an_exercise_builds_on_stands_on_a_slide(deck):
    """Every formula and every paragraph right before an exercise of the core path, or their end where they are long."""
    text = re.sub(r"<[^>]*>|\s+", "", deck[1])
    for exercise in (one for one in of_lesson(deck[0]) if not one.optional):
        for block in list(prose.blocks(exercise.before))[-1:]:
            last = prose.sentences(block.text)[-1] if block.kind == "prose" else block.text
            assert re.sub(r"<[^>]*>|\s+", "", slides.rendered(last)) in text, exercise.title


def test_no_slide_is_a_bare_heading_and_no_note_repeats_its_slide(deck):
    for slide in re.findall(r'<section class="slide">(.*?)</section>', deck[1], re.DOTALL):
        body, _, notes = slide.partition('<aside class="notes">')
        left = re.sub(r'<p class="section.*?</p>|<h2>.*?</h2>', "", body, count=1)
        assert re.sub(r"<[^>]*>", "", left).strip() or "<img" in body, slide[:200]
        answer = re.search(r'<div class="answer"><p>(.{20,}?)</p>', body)
        alt = re.search(r'alt="([^"]{20,})"', body)
        assert not (answer and answer[1] in notes) and not (alt and alt[1] in notes)


def test_lesson_02_by_its_findings():
    text = slides.deck(source_of("02"))
    assert "softplus(logit) is −log(1 − D(x)), small where it is low" in text
    for part in ("D alone", "G alone", "Both, in turns: your step", "Break it"):
        assert re.search(rf"<h2><small>5 · Watch it play</small>{part}</h2><div class=.film", text)
    assert '<p class="section first">6 · What has your generator become?</p>' in text
    step = text[text.index("Exercise 3: the training step") :]
    assert step.index("labels are swapped") < step.index("sign of G") < step.index("</aside>")


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Lesson 02 in a browser, as large as a projector."""
    path = tmp_path_factory.mktemp("slides") / "a.html"
    path.write_text(slides.deck(source_of("02")), encoding="utf-8")
    with browser() as page:
        page.size(1280, 720)
        page.open(path, "1")
        yield page


def press(page, key):
    code = {"PageDown": 34, "PageUp": 33, "ArrowRight": 39, "ArrowLeft": 37, " ": 32, "End": 35, "Home": 36}
    number = code.get(key) or ord(key.upper())
    for kind in ("keyDown", "keyUp"):
        page.call("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=number)
    return page.js("now")


def click(page, selector, across=0.5):
    x, y = page.js(f"(() => {{ const box = slides[now].querySelector('{selector}').getBoundingClientRect();"
                   f"return [box.left + {across} * box.width, box.top + box.height / 2] }})()")  # fmt: skip
    for kind in ("mousePressed", "mouseReleased"):
        page.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
    page.until("document.activeElement === document.body")


def test_keys_and_notes_in_a_browser(page):
    page.js("show(0)")
    seen = [press(page, key) for key in ("ArrowRight", "PageDown", " ", "ArrowLeft", "End", "Home")]
    last = page.js("slides.length") - 1
    assert seen == [1, 2, 2, 2, last, 0]  # the blank reveals an answer, the arrow hides it
    press(page, "n")
    assert page.js("getComputedStyle(slides[0].querySelector('.notes')).display") == "block"
    press(page, "n")
    assert page.js("getComputedStyle(slides[0].querySelector('.notes')).display") == "none"


def test_a_film_gives_the_keys_back(page):
    """A clicker must turn slides after a click on the film, and even while its slider has the focus."""
    film = page.js("slides.findIndex((slide) => slide.querySelector('.gp-screen'))")
    frame = "slides[now].querySelector('.ganlib-player input').value"
    page.js(f"show({film})")
    click(page, ".ganlib-player button")
    page.until(f"{frame} > 1")
    click(page, ".ganlib-player input", 0.4)
    before = page.js(frame)
    assert press(page, "PageDown") == film + 1 and press(page, "ArrowLeft") == film
    assert page.js(frame) == before
    page.js("slides[now].querySelector('.ganlib-player input').focus()")
    assert press(page, "ArrowRight") == film and page.js(frame) != before  # whoever tabs to it has its own keys
    assert press(page, "PageUp") == film - 1 and press(page, "PageDown") == film
    page.js(f"show({film}); document.activeElement.blur()")
    press(page, "k")
    assert page.js("slides[now].querySelector('.ganlib-player button').textContent") == "Pause"
    press(page, "k")
    assert page.js("slides[now].querySelector('.gp-screen').getBoundingClientRect().width") > 560


@pytest.mark.parametrize("size", [(1280, 720), (390, 844)], ids=str)
def test_all_of_a_slide_is_seen(page, size):
    page.size(*size)
    over = """slides.map((slide, k) => { show(k, true); const stage = slide.querySelector(".stage");
        const over = Math.max(stage.scrollHeight - stage.clientHeight, stage.scrollWidth - stage.clientWidth);
        return over > 1 ? k + 1 : 0; })"""
    assert not [k for k in page.js(over) if k]
    cut = "[...document.querySelectorAll('pre')].filter((one) => one.scrollHeight > one.clientHeight + 20).length"
    assert page.js(cut) == 0
    page.size(1280, 720)


def test_the_window_for_the_speaker(page):
    """Both windows turn each other, from a file; the speaker's one shows the answer before the room sees it."""
    asked = page.js("slides.findIndex((slide) => slide.querySelector('.answer'))")
    page.js("document.querySelectorAll('.answer').forEach((one) => one.classList.remove('shown'))")
    page.js(f"show({asked}); desk()")
    desk = Page(window(page, "presenter"))
    desk.until("document.readyState === 'complete' && document.body.classList.contains('presenter')")
    answer = "getComputedStyle(slides[now].querySelector('.answer')).visibility"
    assert desk.js(answer) == "visible" and page.js(answer) == "hidden"
    press(page, " ")
    desk.until("slides[now].querySelector('.answer.shown')")
    assert press(desk, "PageDown") == asked + 1
    page.until(f"now === {asked + 1}")
    assert desk.js("at('said').textContent.length") > 20 and not desk.problems
    page.js("other.close()")


def window(page, part):
    """The address of another window of the browser, by a part of its own address."""
    port = page.socket.sock.getpeername()[1]
    for _ in range(100):
        with build_opener(ProxyHandler({})).open(f"http://127.0.0.1:{port}/json", timeout=30) as answer:
            found = [one["webSocketDebuggerUrl"] for one in json.load(answer) if part in one["url"]]
        if found:
            return found[0]
        time.sleep(0.1)
    raise AssertionError("no window was opened")


def test_the_print_has_whole_films_and_answers(page):
    page.call("Emulation.setEmulatedMedia", media="print")
    page.size(1122, 628)
    film = "document.querySelector('.film')"
    tops = page.js(f"[...{film}.querySelectorAll('.gp-still > div')].slice(0, -1).map((one) => one.offsetTop)")
    assert len(tops) >= 3 and len(set(tops)) == 1  # one row
    over = "[...document.querySelectorAll('.stage')].filter((one) => one.scrollHeight > one.clientHeight + 1).length"
    assert page.js(over) == 0
    assert page.js("getComputedStyle(document.querySelector('.answer')).visibility") == "visible"
