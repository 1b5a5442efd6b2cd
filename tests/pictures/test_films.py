"""The frame player: what it stores, what it refuses, and that its HTML is safe and complete."""

import base64
import io
import json
import os
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganlib import pictures

RNG = np.random.default_rng(0)
FRAMES = [np.full((40, 60), value, np.uint8) for value in (0, 51, 102, 153, 204, 255, 0, 255)]
CAPTIONS = [f"epoch {i} of 7" for i in range(8)]


class Page(HTMLParser):
    """Collects the tags, the attributes of pictures, the text on the page and the contents of scripts."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.pictures, self.scripts, self.words, self.inside = [], [], [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.inside = tag
        if tag == "img":
            self.pictures.append(dict(attributes))
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag):
        self.inside = None

    def handle_data(self, data):
        if self.inside == "script":
            self.scripts[-1] += data
        elif self.inside != "style":
            self.words.append(data)


def decoded(source):
    data = base64.b64decode(source.removeprefix("data:image/png;base64,"))
    return np.asarray(Image.open(io.BytesIO(data)).convert("L"))


def all_frames(text):
    page = Page(text)
    stills = [picture["src"] for picture in page.pictures]
    return [decoded(stills[f] if isinstance(f, int) else f) for f in json.loads(page.scripts[0])["frames"]]


def test_every_frame_is_stored_once_and_in_order():
    text = pictures.player(FRAMES, CAPTIONS, "Squares.").to_html()
    frames = all_frames(text)
    assert len(frames) == 8
    assert all((got == frame).all() for got, frame in zip(frames, FRAMES, strict=True))
    film = json.loads(Page(text).scripts[0])
    assert film["captions"] == CAPTIONS and film["alt"] == "Squares."
    assert (film["width"], film["height"], film["show"], film["pixels"]) == (60, 40, 540, True)


def test_without_scripts_a_contact_sheet_with_captions_shows():
    page = Page(pictures.player(FRAMES, CAPTIONS, "Squares.").to_html())
    assert [picture["alt"] for picture in page.pictures] == [
        "Squares. epoch 0 of 7", *(f"epoch {i} of 7" for i in (1, 3, 4, 6, 7))
    ]
    assert "epoch 3 of 7" in page.words and "6 of 8 frames." in " ".join(page.words)
    assert "button" not in page.tags and "input" not in page.tags  # controls that could not work


def test_captions_and_alt_cannot_inject_html():
    evil = '</script><script>alert(1)</script><img src=x onerror="alert(2)">\'&<!--'
    film = pictures.player(FRAMES[:2], [evil, "b"], evil)
    page = Page(film.to_html())
    assert page.tags.count("script") == 2 and page.tags.count("img") == 2
    assert json.loads(page.scripts[0])["captions"][0] == evil
    assert page.pictures[0]["alt"] == f"{evil} {evil}"
    assert "".join(page.words).count(evil) == 1


def test_a_saved_page_is_complete_and_its_title_is_escaped(tmp_path):
    path = tmp_path / "film.html"
    pictures.player(FRAMES, CAPTIONS, "Squares.").save(path, title="D & <G>")
    text = path.read_text(encoding="utf-8")
    assert text.startswith('<!DOCTYPE html>\n<html lang="en">')
    for part in ("<title>D &amp; &lt;G&gt;</title>", 'name="viewport"', 'content="light dark"', "</html>"):
        assert part in text
    assert "http" not in text.replace("http-equiv", "")  # nothing from the network
    assert [p.name for p in tmp_path.iterdir()] == ["film.html"]


def test_equal_players_give_equal_bytes(tmp_path):
    for name in ("a.html", "b.html"):
        pictures.player(FRAMES, CAPTIONS, "Squares.").save(tmp_path / name)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_two_players_share_a_page_without_ids():
    text = pictures.player(FRAMES, CAPTIONS, "Squares.").to_html()
    assert " id=" not in text and "getElementById" not in text


def test_a_failed_write_leaves_the_old_page(tmp_path, monkeypatch):
    path = tmp_path / "film.html"
    path.write_text("old", encoding="utf-8")

    def denied(source, target):
        raise PermissionError("the file is open elsewhere")

    monkeypatch.setattr(os, "replace", denied)
    with pytest.raises(PermissionError):
        pictures.player(FRAMES, CAPTIONS, "Squares.").save(path)
    assert path.read_text(encoding="utf-8") == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["film.html"]


def test_24_frames_of_100_digits_take_at_most_400_kb(tmp_path):
    with np.load(Path(__file__).parents[2] / "data" / "mnist.npz") as file:
        real = file["x_test"][:2400].reshape(24, 100, 28, 28).astype(float)
    # As a young generator's pictures: noise that fades, from an untrained start to digits with grain.
    grain = 60 * np.exp(-np.arange(24) / 3) + 6
    noisy = real + RNG.normal(size=real.shape) * grain[:, None, None, None]
    noisy[0] = RNG.normal(128, 40, real[0].shape)
    for name, images in (("real", real), ("noisy", noisy)):
        film = pictures.film(images.clip(0, 255).astype(np.uint8), range(24))
        film.save(tmp_path / f"{name}.html")
        assert os.path.getsize(tmp_path / f"{name}.html") <= 400_000
        assert film.size == (280, 280)


def test_few_greys_stay_close_to_the_frame():
    digit = RNG.integers(0, 256, (30, 30), dtype=np.uint8)
    for levels in pictures.GREYS:
        reduced = np.asarray(pictures.few_greys(Image.fromarray(digit), levels).convert("L")).astype(int)
        assert abs(reduced - digit).max() <= 255 / (levels - 1) / 2 + 1
        assert len(np.unique(reduced)) == levels


def test_film_captions_count_the_epochs():
    film = pictures.film(RNG.integers(0, 256, (3, 20, 28, 28), dtype=np.uint8), [0, 5, 10])
    assert film.captions == ("epoch 0 of 10", "epoch 5 of 10", "epoch 10 of 10")
    assert film.alt.startswith("20 generated digits, each from its own fixed noise, from epoch 0 to epoch 10")
    assert repr(film) == "Player(3 frames, from 'epoch 0 of 10' to 'epoch 10 of 10')"


@pytest.mark.parametrize("n, size", [(1, (28, 28)), (13, (112, 112)), (50, (280, 140)), (100, (280, 280))])
def test_film_chooses_a_grid_without_gaps_where_it_can(n, size):
    assert pictures.film(np.zeros((2, n, 28, 28), np.uint8), [0, 1]).size == size


def test_a_film_of_one_frame_and_one_digit():
    film = pictures.film(np.zeros((1, 1, 28, 28), np.uint8), [0])
    assert len(all_frames(film.to_html())) == 1


def test_figures_become_frames_of_one_palette():
    figures = []
    for i in range(3):
        figure, axes = pictures.subplots(width=340, height=200)
        axes.plot([0, 1], [0, i], color=pictures.REAL)
        axes.set_ylim(0, 2)
        figures.append(figure)
    film = pictures.player(figures, ["a", "b", "c"], "A line rises.")
    assert film.size == (680, 400) and film.show_width == 340 and not film.pixels
    palettes = {bytes(Image.open(io.BytesIO(frame)).getpalette()) for frame in film.frames}
    assert len(palettes) == 1
    assert Image.open(io.BytesIO(film.frames[0])).convert("RGB").getpixel((0, 0)) == (255, 255, 255)


def test_colour_frames_keep_their_colours():
    frames = [np.full((20, 20, 3), colour, np.uint8) for colour in ((0, 114, 178), (213, 94, 0))]
    film = pictures.player(frames, ["real", "generated"], "Two colours.")
    got = [Image.open(io.BytesIO(frame)).convert("RGB").getpixel((5, 5)) for frame in film.frames]
    assert got == [(0, 114, 178), (213, 94, 0)]


@pytest.mark.parametrize(
    "frames, captions, alt, sentence",
    [
        (FRAMES, CAPTIONS, " ", "one sentence that says what the film shows"),
        ([], [], "x", "got no frames"),
        (FRAMES, CAPTIONS[:3], "x", "one caption per frame: 3 for 8"),
        (FRAMES[:2], ["a", ""], "x", "texts and not empty"),
        (FRAMES[:2], ["a", 1], "x", "texts and not empty"),
        ([FRAMES[0], FRAMES[0][:20]], ["a", "b"], "x", r"frame 1 is \(20, 60\), not \(40, 60\)"),
        ([FRAMES[0] / 255, FRAMES[1] / 255], ["a", "b"], "x", "frame 0 is float64"),
        ([FRAMES[0], "b.png"], ["a", "b"], "x", "frame 1 is a str"),
    ],
)
def test_player_says_what_is_wrong(frames, captions, alt, sentence):
    with pytest.raises(ValueError, match=sentence):
        pictures.player(frames, captions, alt)


def test_film_says_what_is_wrong():
    with pytest.raises(ValueError, match=r"one epoch per frame, got \(3, 4, 28, 28\) and 2 epochs"):
        pictures.film(np.zeros((3, 4, 28, 28), np.uint8), [0, 1])
    with pytest.raises(ValueError, match="pixels run from -1 to 1"):
        pictures.film(RNG.uniform(-1, 1, (2, 4, 28, 28)), [0, 1])
